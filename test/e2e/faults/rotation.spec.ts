import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type BlocklistStore, MemoryBlocklistStore, type TokenPair } from '../../../src/index.js';
import { UNAVAILABLE } from '../../support/faults.js';
import { Clock } from '../../support/forge.js';
import { REVOKED, StoreApp } from './store-app.js';
import { type OpenStore, type Server, SUBJECTS } from './subjects.js';
import { type Around, wrapped } from './wrapped-store.js';

/** The calls of a rotation to its store, in order; the last three at once. */
const CALLS = ['get', 'add', 'get', 'list', 'raise', 'put'];
/** Which call fails, and whether the store carries it out nevertheless. */
const FAILURES = CALLS.flatMap((method, index) => [
  { method, index, isDone: false },
  { method, index, isDone: true },
]);
type Failure = (typeof FAILURES)[number];

describe('A rotation', () => {
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

  it('calls its store in this order', async () => {
    const { refreshToken } = await app.logIn();
    failing();

    await app.tokens.rotateRefreshToken(refreshToken);

    expect(seen).toEqual(CALLS);
  });

  /** Rotates without a guard, and fails in the given call. */
  async function fail(refreshToken: string, failure: Failure): Promise<void> {
    failing(failure);
    const failed = app.tokens.rotateRefreshToken(refreshToken);
    await expect(failed).rejects.toMatchObject({ code: 'CHECK_UNAVAILABLE' });
    expect(seen[failure.index]).toBe(failure.method);
    failing();
  }

  it.each(FAILURES)(
    'that fails in call $index ($method), carried out: $isDone, has one successor (R63)',
    async (failure) => {
      const { refreshToken } = await app.logIn();
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

  it.each(FAILURES.filter(({ index, isDone }) => index > 1 || (index === 1 && isDone)))(
    'that fails after its claim, in call $index ($method), carried out: $isDone, is reuse after the grace (R60)',
    async (failure) => {
      const { accessToken, refreshToken } = await app.logIn();
      await fail(refreshToken, failure);
      clock.forward(10);

      expect(await app.refresh(refreshToken)).toEqual(REVOKED);
      expect(await app.show(accessToken)).toEqual(REVOKED);
    },
  );

  it('that fails twice, in any two calls, has one successor (R63)', async () => {
    for (const first of FAILURES) {
      // The second rotation finds the claim and makes other calls, so it may succeed before it fails.
      for (const second of FAILURES) {
        const { refreshToken } = await app.logIn();
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

describe.each(SUBJECTS)('A rotation over a %s', (_, subject) => {
  let server: Server;
  let open: OpenStore;
  let app: StoreApp;
  let skippedMs = 0;
  /** Runs after the next claim is written, and before it is acknowledged. */
  let afterClaim: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    server = await subject.startServer();
    open = subject.open(server.port);
    app = await StoreApp.start(interrupted(open.store), {
      clock: () => new Date(Date.now() + skippedMs),
      rotation: { grace: '60s' },
    });
  });
  afterEach(() => {
    afterClaim = undefined;
  });
  afterAll(() => app.close(open, server));

  function interrupted(store: BlocklistStore): BlocklistStore {
    return wrapped(store, async (method, call) => {
      const answer = await call();
      if (method !== 'add') return answer;
      const happens = afterClaim;
      afterClaim = undefined;
      await happens?.();
      return answer;
    });
  }

  it('whose server is killed between claim and mint has one successor, until it is used (R63)', async () => {
    const first = await app.logIn();
    const killed = new Promise<void>((resolve) => {
      afterClaim = () => server.kill().then(resolve);
    });
    const refreshing = app.refresh(first.refreshToken);
    await killed;
    const failed = await app.overdue(refreshing);
    await server.restart();
    await app.back(first.accessToken);
    const successors = [
      await app.refresh(first.refreshToken),
      await app.refresh(first.refreshToken),
    ];
    const { refreshToken, accessToken } = successors[0]?.body as TokenPair;

    expect(failed).toEqual(UNAVAILABLE);
    expect(successors.map(({ status }) => status)).toEqual([201, 201]);
    expect(successors[1]?.body).toEqual(successors[0]?.body);
    skippedMs += 60_000;
    expect(await app.refresh(first.refreshToken)).toEqual(REVOKED);
    expect(await app.refresh(refreshToken)).toEqual(REVOKED);
    expect(await app.show(accessToken)).toEqual(REVOKED);
  });

  it('whose claim was never acknowledged is reuse after the grace (R60)', async () => {
    const { refreshToken, accessToken } = await app.logIn();
    const claimed = new Promise<void>((resolve) => {
      afterClaim = () => {
        resolve();
        return new Promise(() => undefined);
      };
    });
    const refreshing = app.refresh(refreshToken);
    await claimed;
    const failed = await app.overdue(refreshing);
    skippedMs += 60_000;

    expect(failed).toEqual(UNAVAILABLE);
    expect(await app.refresh(refreshToken)).toEqual(REVOKED);
    expect(await app.show(accessToken)).toEqual(REVOKED);
  });
});
