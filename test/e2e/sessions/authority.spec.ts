import { describe, expect, it } from '@jest/globals';
import { BlocklistService, type JwtExtendedOptions, type TokenPair } from '../../../src/index.js';
import { CountingStore } from '../../support/counting-store.js';
import { ALICE, pairIn, startEndpoints } from '../../support/endpoints.js';
import { postponed } from '../../support/faults.js';
import { Clock, NOW } from '../../support/forge.js';
import { closedAfterEach, startAt } from '../../support/running.js';
import { claimsOf, rejectionOf, startTokens } from '../../support/tokens.js';

const running = closedAfterEach();

const start = (options?: JwtExtendedOptions) => startAt(running, options);

describe('R86: A login at the endpoint', () => {
  it.each([0, 0.9, 3])(
    'does not survive a revokeAllFor that came while the password was checked, %d s earlier',
    async (seconds) => {
      const clock = new Clock(NOW + 0.3);
      const [asked, checked] = [postponed<void>(), postponed<void>()];
      const authenticate = async (username: string) => {
        asked.resolve();
        await checked.promise;
        return username;
      };
      const app = await startEndpoints('express', {
        options: { clock: clock.now, login: { authenticate } },
      });
      running.push(app);
      const login = app.send('POST', '/auth', { json: ALICE });
      await asked.promise;
      clock.forward(seconds);
      await app.get(BlocklistService).revokeAllFor('alice');
      checked.resolve();

      const { access, refresh } = pairIn((await login).body);

      expect((await app.send('GET', '/room', { token: access })).status).toBe(401);
      expect((await app.send('POST', '/auth/refresh', { token: refresh })).status).toBe(401);
      const later = pairIn((await app.send('POST', '/auth', { json: ALICE })).body);
      expect((await app.send('GET', '/room', { token: later.access })).status).toBe(200);
    },
  );
});

describe('authenticatedAt', () => {
  it('is the moment from which the tokens count, in every respect', async () => {
    const { tokens, clock } = await start();
    const authenticatedAt = clock.now();
    clock.forward(5);

    const pair = await tokens.createTokenPair('alice', { authenticatedAt, fresh: '5m' });

    const moments = { iat: NOW, nbf: NOW, auth_time: NOW };
    expect(claimsOf(pair.accessToken)).toMatchObject({
      ...moments,
      exp: NOW + 900,
      fresh: NOW + 300,
    });
    expect(claimsOf(pair.refreshToken)).toMatchObject(moments);
  });

  it.each([
    ['is no Date', 5, 'authenticatedAt must be a valid Date'],
    ['is invalid', new Date(Number.NaN), 'authenticatedAt must be a valid Date'],
    ['is before 1970', new Date(-1), 'authenticatedAt must be a valid Date'],
    ['is in the future', new Date((NOW + 1) * 1000), 'authenticatedAt must not lie in the future'],
  ])('is refused if it %s', async (_what, moment, message) => {
    const { tokens } = await start();
    const failure = tokens.createTokenPair('alice', { authenticatedAt: moment as Date });
    expect(await rejectionOf(failure)).toMatchObject({ name: 'TokenCreationError', message });
  });
});

/** A generator of numbers from 0 to below 1 (mulberry32), so that a failing order can be run again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lets one of the calls that wait go on at a time, in an order that the seed decides. */
class Scheduler {
  readonly #waiting: (() => void)[] = [];
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  readonly turn = (): Promise<void> => new Promise((resolve) => this.#waiting.push(resolve));

  /** @param between - called before each step */
  async run(work: Promise<unknown>, between: (random: () => number) => void): Promise<void> {
    let isDone = false;
    const done = work.finally(() => (isDone = true));
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      between(this.#random);
      const [next] = this.#waiting.splice(Math.floor(this.#random() * this.#waiting.length), 1);
      next?.();
    }
    await done;
  }
}

describe('R86: What is in flight during revokeAllFor', () => {
  const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

  it('is dead when the call has resolved, in each of 300 orders of its steps', async () => {
    const outcomes = new Set<string>();
    for (const seed of SEEDS) {
      const scheduler = new Scheduler(seed);
      const store = new CountingStore(scheduler.turn);
      const clock = new Clock(NOW + 0.5);
      const { module, tokens, blocklist } = await startTokens({
        clock: clock.now,
        blocklist: { store, timeout: '1h' },
        sessions: { list: seed % 2 === 1 },
      });
      let pair!: TokenPair;
      const authenticatedAt = clock.now();
      const nothing = () => undefined;
      await scheduler.run(
        tokens.createTokenPair('alice').then((made) => (pair = made)),
        nothing,
      );
      const made: string[] = [];
      const keep = async (work: Promise<string | TokenPair>) => {
        const token = await work.catch(() => undefined);
        if (typeof token === 'string') made.push(token);
        else if (token) made.push(token.accessToken, token.refreshToken);
      };
      const revoked = blocklist.revokeAllFor('alice');
      const inFlight = [
        keep(tokens.rotateRefreshToken(pair.refreshToken)),
        keep(tokens.createAccessToken('alice', { from: pair.refreshToken })),
        keep(tokens.createAccessToken('alice', { from: pair.accessToken })),
        keep(tokens.createTokenPair('alice', { authenticatedAt })),
      ];
      await scheduler.run(Promise.all([revoked, ...inFlight]), (random) => {
        if (random() < 0.2) clock.forward(0.1);
      });
      // The clock of the test stands still, and has moved itself to the end of the second.
      outcomes.add(`${made.length}`);
      const alive: string[] = [];
      const check = async () => {
        for (const token of [pair.accessToken, pair.refreshToken, ...made]) {
          const { type } = claimsOf(token) as { type: 'access' | 'refresh' };
          if (await tokens.verifyToken(token, { type })) alive.push(token);
        }
      };
      await scheduler.run(check(), nothing);
      expect({ seed, alive: alive.map(claimsOf) }).toEqual({ seed, alive: [] });
      await module.close();
    }
    // The orders differ: some calls came before the revocation, and some were refused.
    expect(outcomes.size).toBeGreaterThan(1);
  });
});

describe('R86: What is in flight during revokeSession', () => {
  it('is dead when the call has resolved, in each of 200 orders of its steps', async () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const scheduler = new Scheduler(seed + 10_000);
      const store = new CountingStore(scheduler.turn);
      const { module, tokens, blocklist } = await startTokens({
        blocklist: { store, timeout: '1h' },
      });
      const pair = await tokens.createTokenPair('alice');
      const made: string[] = [];
      const keep = async (work: Promise<string | TokenPair>) => {
        const token = await work.catch(() => undefined);
        if (typeof token === 'string') made.push(token);
        else if (token) made.push(token.accessToken);
      };
      const { sessionId } = pair;
      await scheduler.run(
        Promise.all([
          blocklist.revokeSession(sessionId),
          keep(tokens.rotateRefreshToken(pair.refreshToken)),
          keep(tokens.createAccessToken('alice', { from: pair.refreshToken, expiresIn: '90d' })),
          keep(tokens.createAccessToken('alice', { sessionId })),
          keep(tokens.createAccessToken('alice', { sessionId, expiresIn: '1y' })),
        ]),
        () => undefined,
      );
      const [entry = ''] = await store.inner.get([`sid:${sessionId}`]);
      expect(entry).toMatch(/^ended:/);
      for (const token of made) {
        const verified = tokens.verifyToken(token);
        await scheduler.run(verified, () => undefined);
        expect({ seed, isAlive: await verified }).toEqual({ seed, isAlive: false });
        expect(Number(entry?.slice(6))).toBeGreaterThanOrEqual(Number(claimsOf(token).exp));
      }
      await module.close();
    }
  });
});
