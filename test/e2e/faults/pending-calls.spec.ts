import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { TokenCheckUnavailableError } from '../../../src/index.js';
import { BACK_WITHIN_MS, SLACK_MS, StoreApp, timed, TIMEOUT_MS } from './store-app.js';
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
    ['is silent', () => server.pause(), () => server.resume()],
    ['was killed', () => server.kill(), () => server.restart()],
  ])(
    'that %s leave no more calls pending than the first of them, and none afterwards',
    async (_, begin, end) => {
      await begin();
      const waves: Wave[] = [];
      for (let wave = 0; wave < WAVES; wave += 1) waves.push(await aWave());
      const { handed, pending, peak } = calls;
      await end();
      const back = await app.back(token);
      const events = [...app.events];

      expect(waves.flatMap(({ outcome }) => outcome)).toHaveLength(WAVES * WAVE);
      for (const { outcome, took } of waves) {
        expect(outcome.every((each) => each instanceof TokenCheckUnavailableError)).toBe(true);
        expect(took).toBeLessThan(TIMEOUT_MS + SLACK_MS);
      }
      expect(peak).toBeLessThanOrEqual(WAVE + MOST_OVERDUE);
      expect(pending).toBeLessThanOrEqual(peak);
      // A call that is refused at once costs nothing; of those that are not, few are made.
      if (pending > 0) expect(handed).toBeLessThanOrEqual(WAVE + MOST_OVERDUE);
      expect(back).toBeLessThan(BACK_WITHIN_MS);
      expect(await noneIsPending()).toBe(true);
      expect(events).toEqual(['store-down', 'store-up']);
    },
  );

  type Wave = Awaited<ReturnType<typeof aWave>>;

  /** So many look-ups at once, and why each of them was refused. */
  function aWave() {
    const lookUps = Array.from({ length: WAVE }, () =>
      app.tokens.verifyToken(token).catch((error: unknown) => error),
    );
    return timed(Promise.all(lookUps));
  }

  async function noneIsPending(): Promise<boolean> {
    const deadline = performance.now() + BACK_WITHIN_MS;
    while (calls.pending > 0 && performance.now() < deadline) await pause(20);
    return calls.pending === 0;
  }
});
