import { afterEach, describe, expect, it } from '@jest/globals';
import { type Pair, PLACES, startApp } from './shared.js';
import { RedisServer } from '../../support/redis.js';

/** How long a process may take to end on a slow machine. A timer that it left behind would take half a minute. */
const ENDS_WITHIN_MS = 20_000;

const NOWHERE = async () => ({ address: '', close: async () => undefined });

describe('R75: A process', () => {
  const running: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const close of running.splice(0).reverse()) await close();
  });

  async function started(kind: string, address: string, timeout?: string) {
    const app = await startApp(kind, address, timeout);
    running.push(() => app.kill());
    return app;
  }

  it.each([['memory', NOWHERE], ...PLACES] as const)(
    'over %s ends by itself once application and client are closed, with every answer given',
    async (kind, start) => {
      const place = await start();
      running.push(() => place.close());
      const app = await started(kind, place.address);
      const { accessToken, refreshToken } = (await app.send('POST', '/login')).body as Pair;
      await app.send('POST', '/refresh', refreshToken);
      await app.send('POST', '/logout', accessToken);
      const other = (await app.send('POST', '/login')).body as Pair;
      // It waits for the second to be over, where others share the store; and would keep its connection for longer.
      const asked = app.send('POST', '/end-all', other.accessToken, { connection: 'close' });
      await app.send('GET', '/access', accessToken);
      const from = performance.now();

      expect(await app.close()).toBe(0);

      expect(performance.now() - from).toBeLessThan(ENDS_WITHIN_MS);
      expect(await asked).toEqual({ status: 201, body: { msg: 'ended' } });
    },
  );

  it.each(['redis', 'ioredis'])(
    'over %s ends by itself in an outage, whatever its store has not answered',
    async (kind) => {
      const server = await RedisServer.start();
      running.push(() => server.close());
      const app = await started(kind, server.url, '200ms');
      const { refreshToken } = (await app.send('POST', '/login')).body as Pair;
      server.pause();
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => app.send('POST', '/refresh', refreshToken)),
      );
      const from = performance.now();

      expect(await app.close()).toBe(0);

      expect(performance.now() - from).toBeLessThan(ENDS_WITHIN_MS);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    },
  );
});
