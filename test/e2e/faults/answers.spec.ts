import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  MemoryBlocklistStore,
  TokenCheckUnavailableError,
  type TokenPair,
} from '../../../src/index.js';
import { failureOf, FaultyStore, UNAVAILABLE } from '../../support/faults.js';
import { ADMITTED, REVOKED, StoreApp } from './store-app.js';

/** What a careless store may answer instead of a boolean: counts of rows, replies of Redis, or nothing. */
const NO_BOOLEANS = [1, 0, 'OK', 'true', '', undefined, null, {}, [true], Object(true)];

const WRITES = ['add', 'replace'] as const;
const WRONG = WRITES.flatMap((method) =>
  NO_BOOLEANS.flatMap((answer) => [
    { method, answer, isDone: false },
    { method, answer, isDone: true },
  ]),
);
type Wrong = (typeof WRONG)[number];

describe('A store', () => {
  const store = new FaultyStore();
  let app: StoreApp;
  let identity: string;
  let count = 0;

  beforeAll(async () => {
    app = await StoreApp.start(store, { sessions: { list: false }, rotation: { grace: '60s' } });
  });
  beforeEach(() => {
    store.recover();
    count += 1;
    identity = `user-${count}`;
  });
  afterAll(() => app.close());

  /** From here on, a method gives a wrong answer, whether or not it writes. */
  function answer({ method, answer: wrong, isDone }: Wrong): void {
    const right = store[method].getMockImplementation() as (...given: unknown[]) => unknown;
    store[method].mockImplementation(((...given: unknown[]) => {
      if (isDone) void right(...given);
      return wrong;
    }) as never);
  }

  async function expectUnavailable(call: Promise<unknown>, { method }: Wrong): Promise<void> {
    const failure = await failureOf(call);
    expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
    const message = `The blocklist store's ${method} must give true or false`;
    expect((failure as Error).cause).toEqual(new TypeError(message));
  }

  /** A refresh token whose rotation calls that method. */
  async function tokenBefore({ method }: Wrong): Promise<string> {
    const { refreshToken } = await app.logIn(identity);
    if (method === 'add') return refreshToken;
    return ((await app.refresh(refreshToken)).body as TokenPair).refreshToken;
  }

  it.each(WRONG)(
    'whose $method gives $answer, written: $isDone, gives no successor at once, and one afterwards (R57, R63)',
    async (wrong) => {
      const tokens = [await tokenBefore(wrong), await tokenBefore(wrong)] as const;
      answer(wrong);

      expect(await app.refresh(tokens[0])).toEqual(UNAVAILABLE);
      await expectUnavailable(app.tokens.rotateRefreshToken(tokens[1]), wrong);
      store.recover();

      for (const token of tokens) {
        const successor = await app.refresh(token);
        expect(successor.status).toBe(201);
        expect(await app.refresh(token)).toEqual(successor);
      }
    },
  );

  it.each(WRONG)(
    'whose $method gives $answer, written: $isDone, acknowledges no end of a session (R57)',
    async (wrong) => {
      const { accessToken, sessionId } = await app.logIn();
      // So that the session has an entry, which its end replaces.
      if (wrong.method === 'replace') store.entries.set(`sid:${sessionId}`, 'live:1');
      answer(wrong);

      await expectUnavailable(app.blocklist.revokeSession(sessionId), wrong);

      expect(await app.show(accessToken)).toEqual(wrong.isDone ? REVOKED : ADMITTED);
      store.recover();
      await app.blocklist.revokeSession(sessionId);
      expect(await app.show(accessToken)).toEqual(REVOKED);
    },
  );

  it.each(WRONG)(
    'whose $method gives $answer, written: $isDone, acknowledges no cut-off (R57)',
    async (wrong) => {
      const moment = new Date(Date.now() - 60_000);
      if (wrong.method === 'replace') store.entries.set(`sub:${identity}`, '1');
      answer(wrong);

      const revoked = app.blocklist.revokeAllFor(identity, { issuedBefore: moment });

      await expectUnavailable(revoked, wrong);
    },
  );

  it('that neither adds nor replaces, and says so, is given up', async () => {
    store.add.mockReturnValue(Promise.resolve(false));
    store.replace.mockReturnValue(Promise.resolve(false));
    const { refreshToken, sessionId } = await app.logIn(identity);

    expect(await app.refresh(refreshToken)).toEqual(UNAVAILABLE);
    const failure = await failureOf(app.blocklist.revokeSession(sessionId));

    expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
    expect(String((failure as Error).cause)).toMatch('neither adds nor replaces an entry');
  });
});

describe('The sessions of a store', () => {
  const store = new MemoryBlocklistStore();
  const { get } = store.sessions;
  let app: StoreApp;

  beforeAll(async () => {
    app = await StoreApp.start(store, { rotation: { grace: '60s' } });
  });
  afterAll(() => app.close());

  it.each([undefined, 1, true, {}, ['{}'], Buffer.from('{}')])(
    'that get %p as a record refuse to refresh the session, and the next time give the same pair',
    async (record) => {
      const { refreshToken, accessToken } = await app.logIn();
      store.sessions.get = () => record as never;

      const refused = await app.refresh(refreshToken);
      const failure = await failureOf(app.tokens.rotateRefreshToken(refreshToken));
      store.sessions.get = get;

      expect(refused).toEqual(UNAVAILABLE);
      expect(failure).toBeInstanceOf(TokenCheckUnavailableError);
      expect(String((failure as Error).cause)).toMatch('sessions.get must give a string or null');
      expect(await app.show(accessToken)).toEqual(ADMITTED);
      const successor = await app.refresh(refreshToken);
      expect(successor.status).toBe(201);
      expect(await app.refresh(refreshToken)).toEqual(successor);
    },
  );
});
