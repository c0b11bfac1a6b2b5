import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'redis';
import { RedisBlocklistStore, type TokenPair as Pair } from '../../../src/index.js';
import { type ChildAnswer, ChildApp } from '../../support/child-app.js';
import { SECRET } from '../../support/forge.js';
import { PostgresServer } from '../../support/postgres.js';
import { RedisServer } from '../../support/redis.js';
import { claimsOf, startTokens, type TokenTools } from '../../support/tokens.js';

const SCRIPT = join(import.meta.dirname, 'app.mjs');

/** Where the applications of several processes keep their store. */
interface Place {
  readonly address: string;
  /** Kills the server of the store and starts it again; a file has no server. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

/** The kinds of store by their name in `stores.mjs`, and how to start one. */
const PLACES: readonly (readonly [kind: string, start: () => Promise<Place>])[] = [
  ['redis', redis],
  ['redis with a cache', redis],
  ['ioredis', redis],
  ['postgres', postgres],
  ['sqlite', file],
];

/** Starts an application in a process of its own. */
function startApp(kind: string, address: string, timeout?: string): Promise<ChildApp> {
  return ChildApp.start(SCRIPT, kind, address, SECRET, ...(timeout ? [timeout] : []));
}

async function redis(): Promise<Place> {
  const server = await RedisServer.start({ appendonly: true });
  return { address: server.url, crash: () => server.restart(), close: () => server.close() };
}

async function postgres(): Promise<Place> {
  const server = await PostgresServer.start();
  return {
    address: server.url,
    crash: () => server.kill().then(() => server.restart()),
    close: () => server.close(),
  };
}

async function file(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'processes-'));
  return {
    address: join(folder, 'blocklist.db'),
    crash: async () => undefined,
    close: async () => rmSync(folder, { recursive: true }),
  };
}

const ADMITTED = { status: 200, body: { identity: 'alice' } };
const REVOKED = { status: 401, body: { msg: 'Token has been revoked' } };

/** The store sends the same commands over ioredis as over redis. */
const SHARED = PLACES.map(([kind]) => kind).filter((kind) => kind !== 'ioredis');
const DURABLE = ['redis', 'postgres', 'sqlite'];

/** How many requests are sent at once, and how many are answered when the application is killed. */
const ASKING = 30;
const ANSWERED = 5;

/** How long a process may take to end on a slow machine. A timer that it left behind would take half a minute. */
const ENDS_WITHIN_MS = 20_000;

const running: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of running.splice(0).reverse()) await close();
});

/** Starts an application that ends with the test. */
async function started(kind: string, address: string, timeout?: string): Promise<ChildApp> {
  const app = await startApp(kind, address, timeout);
  running.push(() => app.kill());
  return app;
}

/** A process ends by itself if nothing is left that keeps it alive. */
async function expectEnd(app: ChildApp): Promise<void> {
  const from = performance.now();
  expect(await app.close()).toBe(0);
  expect(performance.now() - from).toBeLessThan(ENDS_WITHIN_MS);
}

async function expectEndWithEveryAnswer(kind: string, address: string): Promise<void> {
  const app = await started(kind, address);
  const { accessToken, refreshToken } = (await app.send('POST', '/login')).body as Pair;
  await app.send('POST', '/refresh', refreshToken);
  await app.send('POST', '/logout', accessToken);
  const other = (await app.send('POST', '/login')).body as Pair;
  // The application waits for the second to be over, and would keep the connection for longer.
  const asked = app.send('POST', '/end-all', other.accessToken, { connection: 'close' });
  await app.send('GET', '/access', accessToken);

  await expectEnd(app);

  expect(await asked).toEqual({ status: 201, body: { msg: 'ended' } });
}

describe.each(PLACES)('Over %s', (kind, start) => {
  let place: Place;

  beforeAll(async () => {
    place = await start();
  });
  afterAll(() => place.close());

  it('a process ends by itself once application and client are closed, with every answer given (R75)', async () => {
    await expectEndWithEveryAnswer(kind, place.address);
  });

  if (SHARED.includes(kind))
    describe('two processes', () => {
      let one: ChildApp;
      let other: ChildApp;

      beforeAll(async () => {
        const starting = [1, 2].map(() => startApp(kind, place.address));
        [one, other] = (await Promise.all(starting)) as [ChildApp, ChildApp];
      });
      afterAll(async () => {
        await Promise.all([one?.kill(), other?.kill()]);
      });

      async function logIn(app = one): Promise<Pair> {
        const { status, body } = await app.send('POST', '/login');
        expect(status).toBe(201);
        return body as Pair;
      }

      it('refuse each other’s revoked tokens on the very next request', async () => {
        for (let time = 0; time < 50; time += 1) {
          const { accessToken } = await logIn();
          // The second look-up may be answered from a cache.
          expect(await other.send('GET', '/access', accessToken)).toEqual(ADMITTED);
          expect(await other.send('GET', '/access', accessToken)).toEqual(ADMITTED);

          const { status } = await one.send('POST', '/logout', accessToken);

          expect(status).toBe(201);
          expect(await other.send('GET', '/access', accessToken)).toEqual(REVOKED);
          expect(await one.send('GET', '/access', accessToken)).toEqual(REVOKED);
        }
      });

      it('rotate a refresh token once, however many requests reach both of them at once (R59)', async () => {
        const { refreshToken } = await logIn();

        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            (index % 2 ? other : one).send('POST', '/refresh', refreshToken),
          ),
        );

        const pairs = answers.map(({ body }) => body as Pair);
        expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
        expect(new Set(pairs.map((pair) => claimsOf(pair.refreshToken).jti)).size).toBe(1);
        expect(new Set(pairs.map((pair) => claimsOf(pair.accessToken).jti)).size).toBe(1);
        const [first, second] = pairs as [Pair, Pair];
        expect((await one.send('POST', '/refresh', second.refreshToken)).status).toBe(201);
        expect(await other.send('POST', '/refresh', refreshToken)).toEqual(REVOKED);
        expect(await one.send('GET', '/access', first.accessToken)).toEqual(REVOKED);
      });

      it('refuse after revokeAllFor what either issued before, and accept what follows (R62)', async () => {
        for (let time = 0; time < 2; time += 1) {
          const before = [await logIn(one), await logIn(other)];
          const [{ accessToken }] = before as [Pair, Pair];
          expect(await other.send('GET', '/access', accessToken)).toEqual(ADMITTED);

          expect((await one.send('POST', '/end-all', accessToken)).status).toBe(201);

          const after = [await logIn(other), await logIn(one)];
          for (const pair of before) {
            expect(await other.send('GET', '/access', pair.accessToken)).toEqual(REVOKED);
            expect(await one.send('POST', '/refresh', pair.refreshToken)).toEqual(REVOKED);
          }
          for (const pair of after) {
            expect(await other.send('GET', '/access', pair.accessToken)).toEqual(ADMITTED);
            expect(await one.send('GET', '/access', pair.accessToken)).toEqual(ADMITTED);
          }
        }
      });
    });

  if (DURABLE.includes(kind))
    describe('an application that is killed amid many requests', () => {
      let victims: ChildApp[] = [];
      let witness: ChildApp;

      beforeAll(async () => {
        const starting = [1, 2, 3, 4].map(() => startApp(kind, place.address));
        [witness, ...victims] = (await Promise.all(starting)) as [ChildApp, ...ChildApp[]];
      });
      afterAll(async () => {
        await Promise.all([...victims, witness].map((app) => app?.kill()));
      });

      async function logIns(): Promise<readonly Pair[]> {
        const asking = Array.from({ length: ASKING }, () => witness.send('POST', '/login'));
        return (await Promise.all(asking)).map(({ body }) => body as Pair);
      }

      /** Sends all requests at once, and kills the application after a few answers. Returns the answers until then. */
      async function askAndKill(path: string, tokens: readonly string[]) {
        const victim = victims.pop();
        const answered = new Map<string, ChildAnswer>();
        const asking = tokens.map(async (token) => {
          const answer = await victim?.send('POST', path, token);
          if (answer) answered.set(token, answer);
          if (answered.size === ANSWERED) await victim?.kill();
        });
        await Promise.allSettled(asking);
        await victim?.kill();
        return answered;
      }

      /** Refresh tokens whose families were rotated so often. */
      async function refreshTokens(rotations: number): Promise<readonly string[]> {
        let pairs = await logIns();
        for (let time = 0; time < rotations; time += 1) {
          const asking = pairs.map(({ refreshToken }) =>
            witness.send('POST', '/refresh', refreshToken),
          );
          pairs = (await Promise.all(asking)).map(({ body }) => body as Pair);
        }
        return pairs.map(({ refreshToken }) => refreshToken);
      }

      it.each([
        ['the first', 'adds', 0],
        ['a later', 'replaces', 1],
      ])(
        'has given each refresh token one successor in %s rotation, which %s an entry, and the others give it again (R63)',
        async (...[, , rotations]) => {
          const tokens = await refreshTokens(rotations);
          const answered = await askAndKill('/refresh', tokens);
          const refresh = () =>
            Promise.all(tokens.map((token) => witness.send('POST', '/refresh', token)));
          const [retried, again] = [await refresh(), await refresh()];

          expect(answered.size).toBeGreaterThanOrEqual(ANSWERED);
          expect(retried.map(({ status }) => status)).toEqual(tokens.map(() => 201));
          expect(again).toEqual(retried);
          for (const [token, answer] of answered)
            expect(retried[tokens.indexOf(token)]).toEqual(answer);
        },
      );

      it('has acknowledged no logout that is lost, even if the server is killed as well (R57)', async () => {
        const tokens = (await logIns()).map(({ accessToken }) => accessToken);
        const answered = await askAndKill('/logout', tokens);
        await place.crash();
        while ((await witness.send('POST', '/login')).status === 503) await pause(20);
        const acknowledged = [...answered].filter(([, { status }]) => status === 201);
        const shown = acknowledged.map(([token]) => witness.send('GET', '/access', token));

        expect(acknowledged.length).toBeGreaterThanOrEqual(ANSWERED);
        expect(await Promise.all(shown)).toEqual(acknowledged.map(() => REVOKED));
      });
    });
});

describe('R75: A process', () => {
  it('without a store ends by itself once the application is closed, with every answer given', async () => {
    await expectEndWithEveryAnswer('memory', '');
  });

  it.each(['redis', 'ioredis'])(
    'over %s ends by itself during an outage, with calls of the store unanswered',
    async (kind) => {
      const server = await RedisServer.start();
      running.push(() => server.close());
      const app = await started(kind, server.url, '200ms');
      const { refreshToken } = (await app.send('POST', '/login')).body as Pair;
      server.pause();
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => app.send('POST', '/refresh', refreshToken)),
      );

      await expectEnd(app);

      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    },
  );
});

describe('R65: An application with a cache', () => {
  let server: RedisServer;
  let writer: ReturnType<typeof createClient>;
  let tools: TokenTools;
  let app: ChildApp;
  const agent = new Agent({ keepAlive: true });

  beforeAll(async () => {
    server = await RedisServer.start({ appendonly: true });
    writer = createClient({ url: server.url });
    writer.on('error', () => undefined);
    await writer.connect();
    tools = await startTokens({ blocklist: { store: new RedisBlocklistStore(writer) } });
    app = await startApp('redis with a cache', server.url);
  });
  afterAll(async () => {
    agent.destroy();
    await app?.kill();
    await tools?.module.close();
    writer?.destroy();
    await server.close();
  });

  /** The status, over a connection that is kept open: `fetch` itself takes longer than the invalidation message. */
  function ask(token: string): Promise<number | undefined> {
    const headers = { authorization: `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      get(`${app.url}/access`, { agent, headers }, (response) => {
        response.resume().on('end', () => {
          resolve(response.statusCode);
        });
      }).on('error', reject);
    });
  }

  it.each([
    ['is idle', 0, 200],
    ['is nearly always busy', 3, 200],
    ['reads a request and the invalidation message in one go', 15, 50],
  ])(
    'that %s refuses a token revoked elsewhere in the very next request',
    async (_, milliseconds, times) => {
      await app.send('POST', `/work/${milliseconds}`);
      let stale = 0;
      for (let time = 0; time < times; time += 1) {
        const { accessToken, sessionId } = await tools.tokens.createTokenPair(`user-${time}`);
        // The second look-up is answered from the cache.
        expect([await ask(accessToken), await ask(accessToken)]).toEqual([200, 200]);
        await tools.blocklist.revokeSession(sessionId);
        if ((await ask(accessToken)) === 200) stale += 1;
      }
      expect(stale).toBe(0);
    },
  );
});
