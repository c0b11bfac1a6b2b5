import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { TokenCheckUnavailableError } from '../../../src/index.js';
import { BACK_WITHIN_MS, StoreApp } from './store-app.js';
import { type OpenStore, type Server, SUBJECTS } from './subjects.js';
import { CallCount, wrapped } from './wrapped-store.js';

const WAVES = 20;
const WAVE = 100;
/** How many calls may be overdue before the store is not asked any more. */
const MOST_OVERDUE = 64;

describe.each(SUBJECTS)('2,000 look-ups amid an outage of %s', (_, subject) => {
  let server: Server;
  let open: OpenStore;
  let calls: CallCount;
  let app: StoreApp;
  let token: string;

  beforeAll(async () => {
    server = await subject.startServer();
  });
  beforeEach(async () => {
    open = subject.open(server.port);
    calls = new CallCount();
    app = await StoreApp.start(wrapped(open.store, calls.around));
    token = (await app.logIn()).accessToken;
    calls.handed = 0;
  });
  afterEach(async () => {
    const calamities = await app.close();
    await open.close();
    expect(calamities).toEqual([]);
  });
  afterAll(() => server.close());

  it.each([
    ['is silent', () => server.pause(), () => server.resume(), WAVE + MOST_OVERDUE],
    // A client may refuse by itself what it cannot send, and that costs nothing.
    ['was killed', () => server.kill(), () => server.restart(), WAVES * WAVE],
  ])(
    'that %s leave no more calls pending than the first of them, and none afterwards',
    async (_, begin, end, mostHanded) => {
      await begin();
      const waves: unknown[] = [];
      for (let wave = 0; wave < WAVES; wave += 1) waves.push(...(await aWave()));
      const { handed, pending, peak } = calls;
      await end();
      const back = await app.back(token);
      const events = [...app.events];

      expect(waves).toHaveLength(WAVES * WAVE);
      expect(waves.every((each) => each instanceof TokenCheckUnavailableError)).toBe(true);
      expect(peak).toBeLessThanOrEqual(WAVE + MOST_OVERDUE);
      expect(pending).toBeLessThanOrEqual(peak);
      expect(handed).toBeLessThanOrEqual(mostHanded);
      expect(back).toBeLessThan(BACK_WITHIN_MS);
      await noneIsPending();
      expect(events).toEqual(['store-down', 'store-up']);
    },
  );

  /** So many look-ups at once, and why each of them was refused. */
  function aWave(): Promise<unknown[]> {
    const lookUps = Array.from({ length: WAVE }, () =>
      app.tokens.verifyToken(token).catch((error: unknown) => error),
    );
    return app.overdue(Promise.all(lookUps));
  }

  async function noneIsPending(): Promise<void> {
    while (calls.pending > 0) await pause(20);
  }
});
