import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryBlocklistStore, type TokenPair } from '../../../src/index.js';
import { Clock } from '../../support/forge.js';
import { REVOKED, StoreApp } from './store-app.js';
import { type Around, wrapped } from './wrapped-store.js';

/** Which call fails, and whether the store carries it out nevertheless. */
interface Failure {
  readonly method: string;
  readonly index: number;
  readonly isDone: boolean;
}

/** The calls of a rotation to its store, in order: the first one of a family adds an entry, others replace it. */
const ROTATIONS = [
  { which: 'The first rotation', before: 0, calls: ['get', 'add', 'get', 'session', 'put'] },
  { which: 'A later rotation', before: 1, calls: ['get', 'replace', 'get', 'session', 'put'] },
].map((rotation) => ({
  ...rotation,
  failures: rotation.calls.flatMap((method, index): readonly Failure[] => [
    { method, index, isDone: false },
    { method, index, isDone: true },
  ]),
}));

describe.each(ROTATIONS)('$which of a refresh token', ({ before, calls, failures }) => {
  const clock = new Clock();
  let next: Failure | undefined;
  let seen: string[] = [];
  let app: StoreApp;

  const around: Around = async (method, call) => {
    const isThis = seen.push(method) - 1 === next?.index;
    if (!isThis) return call();
    if (next?.isDone) await call();
    throw new Error('the connection is lost');
  };

  beforeAll(async () => {
    const store = wrapped(new MemoryBlocklistStore({ clock: clock.now }), around);
    app = await StoreApp.start(store, { clock: clock.now, rotation: { grace: '10s' } });
  });
  beforeEach(() => failing());
  afterAll(() => app.close());

  function failing(failure?: Failure): void {
    next = failure;
    seen = [];
  }

  async function refreshed(token: string): Promise<TokenPair> {
    const { status, body } = await app.refresh(token);
    expect(status).toBe(201);
    return body as TokenPair;
  }

  /** A pair whose family was rotated so often. */
  async function pairBefore(): Promise<TokenPair> {
    let pair = await app.logIn();
    for (let time = 0; time < before; time += 1) pair = await refreshed(pair.refreshToken);
    return pair;
  }

  it('calls its store in this order', async () => {
    const { refreshToken } = await pairBefore();
    failing();

    await app.tokens.rotateRefreshToken(refreshToken);

    expect(seen).toEqual(calls);
  });

  /** Rotates without a guard, and fails in the given call. */
  async function fail(refreshToken: string, failure: Failure): Promise<void> {
    failing(failure);
    const failed = app.tokens.rotateRefreshToken(refreshToken);
    await expect(failed).rejects.toMatchObject({ code: 'CHECK_UNAVAILABLE' });
    expect(seen[failure.index]).toBe(failure.method);
    failing();
  }

  it.each(failures)(
    'that fails in call $index ($method), carried out: $isDone, has one successor (R63)',
    async (failure) => {
      const { refreshToken } = await pairBefore();
      await fail(refreshToken, failure);
      clock.forward(9);

      const successor = await refreshed(refreshToken);

      expect(await refreshed(refreshToken)).toEqual(successor);
      const third = await refreshed(successor.refreshToken);
      expect(await app.refresh(refreshToken)).toEqual(REVOKED);
      expect(await app.refresh(third.refreshToken)).toEqual(REVOKED);
      expect(await app.show(successor.accessToken)).toEqual(REVOKED);
    },
  );

  it.each(failures.filter(({ index, isDone }) => index > 1 || (index === 1 && isDone)))(
    'that fails after its claim, in call $index ($method), carried out: $isDone, is reuse after the grace (R60)',
    async (failure) => {
      const { accessToken, refreshToken } = await pairBefore();
      await fail(refreshToken, failure);
      clock.forward(10);

      expect(await app.refresh(refreshToken)).toEqual(REVOKED);
      expect(await app.show(accessToken)).toEqual(REVOKED);
    },
  );

  it('that fails twice, in any two calls, has one successor (R63)', async () => {
    for (const first of failures) {
      // The second rotation finds the claim and makes other calls, so it may succeed before it fails.
      for (const second of failures) {
        const { refreshToken } = await pairBefore();
        await fail(refreshToken, first);
        failing(second);
        const early = await app.tokens.rotateRefreshToken(refreshToken).catch(() => undefined);
        failing();

        const successors = [await refreshed(refreshToken), await refreshed(refreshToken)];

        const all = early ? [early, ...successors] : successors;
        expect(new Set(all.map((each) => each.refreshToken)).size).toBe(1);
      }
    }
  });
});
