import { afterEach, describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import {
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  SessionService,
  SqlBlocklistStore,
  TokenCreationError,
  type TokenPair,
} from '../../../src/index.js';
import { FaultyStore } from '../../support/faults.js';
import { Clock, NOW } from '../../support/forge.js';
import { rejectionOf, startTokens } from '../../support/tokens.js';

async function start(options: JwtExtendedOptions = {}) {
  const clock = new Clock();
  const tools = await startTokens({ clock: clock.now, sessions: { list: true }, ...options });
  close.push(() => tools.module.close());
  const logIns = async (count: number) => {
    const pairs: TokenPair[] = [];
    while (pairs.length < count) pairs.push(await tools.tokens.createTokenPair('alice'));
    return pairs;
  };
  return { ...tools, clock, sessions: tools.module.get(SessionService), logIns };
}

const close: (() => Promise<void>)[] = [];
const ids = (sessions: readonly { id: string }[]) => sessions.map(({ id }) => id);

afterEach(async () => {
  await Promise.all(close.splice(0).map((each) => each()));
});

describe('The sessions of an identity', () => {
  it('are listed with their beginning, last refresh, end and note', async () => {
    const { tokens, sessions, clock } = await start();
    const note = { userAgent: 'Firefox', ip: '192.0.2.1' };
    const { refreshToken, sessionId } = await tokens.createTokenPair('alice', { note });
    await tokens.createTokenPair('bob');
    clock.forward(60);
    await tokens.rotateRefreshToken(refreshToken);

    expect(await sessions.list('alice')).toEqual([
      {
        id: sessionId,
        createdAt: new Date(NOW * 1000),
        refreshedAt: new Date((NOW + 60) * 1000),
        expiresAt: new Date((NOW + 60 + 30 * 86_400) * 1000),
        note,
      },
    ]);
  });

  it('are listed with the session first that was refreshed last', async () => {
    const { tokens, sessions, clock } = await start();
    const first = await tokens.createTokenPair('alice');
    const second = await tokens.createTokenPair('alice');
    clock.forward(1);
    expect(ids(await sessions.list('alice'))).toEqual([second.sessionId, first.sessionId]);

    await tokens.rotateRefreshToken(first.refreshToken);

    expect(ids(await sessions.list('alice'))).toEqual([first.sessionId, second.sessionId]);
  });

  it('are no longer listed once they have ended, been cut off, or expired', async () => {
    const { tokens, sessions, blocklist, clock } = await start();
    const ended = await tokens.createTokenPair('alice');
    const brief = await tokens.createTokenPair('alice', { refreshExpiresIn: 3600 });
    await sessions.end(ended.sessionId);
    expect(ids(await sessions.list('alice'))).toEqual([brief.sessionId]);
    clock.forward(3600);
    expect(await sessions.list('alice')).toEqual([]);

    await tokens.createTokenPair('alice');
    await blocklist.revokeAllFor('alice');
    const { sessionId } = await tokens.createTokenPair('alice');
    expect(ids(await sessions.list('alice'))).toEqual([sessionId]);
  });

  it('end except for one by endOthers', async () => {
    const { tokens, sessions, logIns } = await start();
    const [own, ...others] = (await logIns(4)) as [TokenPair, ...TokenPair[]];
    const stranger = await tokens.createTokenPair('bob');

    await sessions.endOthers('alice', own.sessionId);

    expect(ids(await sessions.list('alice'))).toEqual([own.sessionId]);
    for (const { accessToken } of others) expect(await tokens.verifyToken(accessToken)).toBe(false);
    expect(await tokens.verifyToken(stranger.accessToken)).toBe(true);
    for (const nothing of ['', undefined as never])
      expect(await rejectionOf(sessions.endOthers('alice', nothing))).toBeInstanceOf(TypeError);
  });

  it('are at most sessions.max: one more ends the oldest, and parallel logins leave no more', async () => {
    const { tokens, sessions, logIns } = await start({ sessions: { list: true, max: 2 } });
    const alive = (await logIns(4)).map(({ accessToken }) => tokens.verifyToken(accessToken));

    expect(await Promise.all(alive)).toEqual([false, false, true, true]);
    expect(ids(await sessions.list('alice'))).toHaveLength(2);
    await Promise.all(Array.from({ length: 12 }, () => tokens.createTokenPair('alice')));
    expect((await sessions.list('alice')).length).toBeLessThanOrEqual(2);
  });

  it('that begin in two processes at once have one order for both', async () => {
    const store = new MemoryBlocklistStore();
    const options = { blocklist: { store }, sessions: { list: true, max: 1 } };
    const one = await start(options);
    const other = await start(options);
    const [first, second] = await Promise.all([
      one.tokens.createTokenPair('alice'),
      other.tokens.createTokenPair('alice'),
    ]);

    const left = [first.sessionId, second.sessionId].sort().slice(1);
    expect(ids(await one.sessions.list('alice'))).toEqual(left);
    expect(ids(await other.sessions.list('alice'))).toEqual(left);
  });

  it.each([
    ['no list', { list: () => undefined }],
    ['a list of no texts', { list: () => [{ id: 'phone' }] }],
  ])('cannot be listed if the store gives %s', async (_, nonsense) => {
    const store = new MemoryBlocklistStore();
    const { sessions } = await start({ blocklist: { store } });
    Object.assign(store.sessions, nonsense);

    expect(await rejectionOf(sessions.list('alice'))).toMatchObject({
      code: 'CHECK_UNAVAILABLE',
      cause: { message: "The blocklist store's sessions.list must give strings" },
    });
  });

  it('are removed once they have ended, when another one begins and sessions.max is reached', async () => {
    const store = new MemoryBlocklistStore();
    const options = { blocklist: { store }, sessions: { list: true, max: 3 } };
    const { tokens, blocklist, clock, logIns } = await start(options);
    const kept = async () => (await store.sessions.list('alice')).length;
    await logIns(20);
    expect(await kept()).toBe(3);
    const { sessionId } = await tokens.createTokenPair('alice');
    await blocklist.revokeSession(sessionId);
    await tokens.createTokenPair('alice');
    expect(await kept()).toBe(3);
    clock.forward(2);
    await blocklist.revokeAllFor('alice');
    await tokens.createTokenPair('alice');

    expect(await kept()).toBe(1);
  });

  it.each([
    ['too long', 'x'.repeat(3000)],
    ['not for JSON', { when: 1n }],
  ])('refuse a note that is %s', async (_, note) => {
    const { tokens } = await start();

    const failure = await rejectionOf(tokens.createTokenPair('alice', { note }));

    expect(failure).toBeInstanceOf(TokenCreationError);
  });

  it('cannot be listed without sessions.list, and can be ended all the same', async () => {
    const { tokens, sessions } = await start({ sessions: {} });
    const { accessToken, sessionId } = await tokens.createTokenPair('alice');

    expect(await rejectionOf(sessions.list('alice'))).toMatchObject({
      name: 'JwtExtendedConfigError',
      message: expect.stringContaining('sessions: { list: true }') as unknown,
    });
    await sessions.end(sessionId);
    expect(await tokens.verifyToken(accessToken)).toBe(false);
  });

  it('get no token that outlives the options unless the store has recorded its end', async () => {
    const store = new FaultyStore();
    const { tokens } = await start({ blocklist: { store }, sessions: {} });
    store.add.mockRejectedValue(new Error('the store is away'));

    const kiosk = { sessionId: 'kiosk' };
    const long = tokens.createAccessToken('alice', { ...kiosk, expiresIn: '1y' });
    expect(await rejectionOf(long)).toMatchObject({ code: 'CHECK_UNAVAILABLE' });
    expect(await tokens.createAccessToken('alice', kiosk)).toEqual(expect.any(String));
  });

  it.each([[undefined], [null], ['']])('cannot be listed for the identity %p', async (missing) => {
    const { sessions } = await start();
    const identity = missing as string;

    const failures = [sessions.list(identity), sessions.endOthers(identity, 'phone')];
    expect(await Promise.all(failures.map(rejectionOf))).toEqual([
      new TypeError('list takes an identity'),
      new TypeError('endOthers takes an identity'),
    ]);
  });

  it.each(['a\0b', '\ud800', 'ü'.repeat(256), '__proto__'])(
    'can have any id: %j',
    async (sessionId) => {
      const database = new Database(':memory:');
      const store = new SqlBlocklistStore(database);
      await store.migrate();
      const { tokens, sessions } = await start({ blocklist: { store } });
      const { refreshToken } = await tokens.createTokenPair('alice', { sessionId });
      const other = await tokens.createTokenPair('alice');
      await tokens.rotateRefreshToken(refreshToken);

      expect(ids(await sessions.list('alice')).sort()).toEqual([sessionId, other.sessionId].sort());
      await sessions.endOthers('alice', other.sessionId);
      expect(ids(await sessions.list('alice'))).toEqual([other.sessionId]);
      expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toMatchObject({
        code: 'TOKEN_REVOKED',
      });
      database.close();
    },
  );

  it('stay ended for as long as the longest-lived of their tokens', async () => {
    const clock = new Clock();
    const store = new MemoryBlocklistStore({ clock: clock.now });
    const { tokens, blocklist } = await start({ blocklist: { store }, clock: clock.now });
    const long = await tokens.createTokenPair('alice', { refreshExpiresIn: '1y' });
    const lone = await tokens.createAccessToken('alice', { sessionId: 'kiosk', expiresIn: false });
    const brief = await tokens.createTokenPair('alice');
    const ends: Record<string, Date | null> = {};
    const { add, replace } = store;
    store.add = (key, value, expiresAt) => {
      ends[key] = expiresAt;
      return add.call(store, key, value, expiresAt);
    };
    store.replace = (key, expected, value, expiresAt) => {
      ends[key] = expiresAt;
      return replace.call(store, key, expected, value, expiresAt);
    };

    for (const id of [long.sessionId, 'kiosk', brief.sessionId]) await blocklist.revokeSession(id);

    expect(ends).toEqual({
      [`sid:${long.sessionId}`]: new Date((NOW + 365.25 * 86_400) * 1000),
      'sid:kiosk': null,
      [`sid:${brief.sessionId}`]: new Date((NOW + 30 * 86_400) * 1000),
    });
    expect(await tokens.verifyToken(lone)).toBe(false);
  });
});
