import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  BlocklistService,
  type BlocklistStore,
  ExpiredTokenError,
  InvalidTokenError,
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  SessionService,
  TokenCreationError,
  TokenService,
} from '../../../src/index.js';
import { createApp } from '../../support/app.js';
import {
  failureOf,
  FaultyStore,
  Output,
  postponed,
  ProbeController,
  UNAVAILABLE,
} from '../../support/faults.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import { closedAfterEach } from '../../support/running.js';
import { claimsOf, startTokens, type TokenTools } from '../../support/tokens.js';

const REVOKED = { status: 401, body: { msg: 'Token has been revoked' } };
const EXPIRED = { status: 401, body: { msg: 'Token has expired' } };
const STALE = { status: 401, body: { msg: 'Fresh token required' } };
const LOGGED_OUT = { status: 201, body: { msg: 'logged out' } };
const ADMITTED = { status: 200, body: { identity: 'alice' } };

const running = closedAfterEach();

/** An application with the services of the library. */
async function startApp(options: JwtExtendedOptions = {}) {
  const app = await createApp('express', { controllers: [ProbeController], options });
  const send = async (method: string, path: string, token: string) => {
    const { status, body } = await app.send(method, path, { token });
    return { status, body };
  };
  return {
    tokens: app.get(TokenService),
    blocklist: app.get(BlocklistService),
    show: (token: string, path = '/access') => send('GET', path, token),
    logOut: (token: string) => send('POST', '/logout', token),
    close: () => app.close(),
  };
}

/** An application that ends with the test. */
async function started(options: JwtExtendedOptions = {}) {
  const app = await startApp(options);
  running.push(app);
  return app;
}

/** The services without routes, until the test ends. */
async function start(options: JwtExtendedOptions = {}): Promise<TokenTools> {
  const tools = await startTokens(options);
  running.push(tools.module);
  return tools;
}

describe('With the default options', () => {
  const clock = new Clock();
  let app: Awaited<ReturnType<typeof startApp>>;
  let { tokens, blocklist, show }: typeof app = {} as never;

  beforeAll(async () => {
    app = await startApp({ clock: clock.now });
    ({ tokens, blocklist, show } = app);
  });
  afterAll(() => app.close());

  const shown = (...all: string[]) => Promise.all(all.map((token) => show(token)));

  async function revoked(options?: Parameters<TokenService['createAccessToken']>[1]) {
    const token = await tokens.createAccessToken('alice', options);
    await blocklist.revoke(token);
    return token;
  }

  describe('a revoked token', () => {
    it('is refused from the next request on, and no other token is', async () => {
      const token = await tokens.createAccessToken('alice');
      const other = await tokens.createAccessToken('alice');
      expect(await show(token)).toEqual(ADMITTED);

      await blocklist.revoke(token);

      expect(await shown(token, token, other)).toEqual([REVOKED, REVOKED, ADMITTED]);
    });

    it('can be given as text, as a Token, or as the JwtContext of a request', async () => {
      const asText = await revoked();
      const asToken = await tokens.createAccessToken('alice');
      await blocklist.revoke(await tokens.decodeToken(asToken));
      const asContext = await tokens.createAccessToken('alice');
      expect(await app.logOut(asContext)).toEqual(LOGGED_OUT);

      for (const token of [asText, asToken, asContext]) {
        expect(await show(token)).toEqual(REVOKED);
        expect(await blocklist.isRevoked(token)).toBe(true);
        expect(await blocklist.isRevoked(await tokens.decodeToken(token))).toBe(true);
        expect(await tokens.verifyToken(token)).toBe(false);
      }
    });

    it('can be a refresh token', async () => {
      const token = await tokens.createRefreshToken('alice');
      expect(await show(token, '/refresh')).toEqual({ status: 200, body: { refreshed: true } });

      await blocklist.revoke(token);

      expect(await show(token, '/refresh')).toEqual(REVOKED);
    });

    it('can be a token that never expires, and then stays revoked for ever', async () => {
      const token = await revoked({ expiresIn: false });
      clock.forward(10 * 365 * 24 * 3600);

      expect(await show(token)).toEqual(REVOKED);
      clock.seconds = NOW;
    });

    it('can be a token that has expired', async () => {
      const token = await revoked({ expiresIn: -10 });

      expect(await failureOf(tokens.decodeToken(token))).toBeInstanceOf(ExpiredTokenError);
      expect(await blocklist.isRevoked(token)).toBe(true);
      expect(await show(token)).toEqual(EXPIRED);
    });

    it('is accepted again after one unrevoke, even if it was revoked twice', async () => {
      const token = await revoked();
      await blocklist.revoke(token);

      await blocklist.unrevoke(await tokens.getJti(token));

      expect(await blocklist.isRevoked(token)).toBe(false);
      expect(await show(token)).toEqual(ADMITTED);
    });

    it('is refused as stale first if the route demands a fresh token', async () => {
      expect(await show(await revoked(), '/fresh')).toEqual(STALE);
    });

    it('stays revoked if the clock is set forward and back again (R74)', async () => {
      const token = await revoked();
      // Past the token's 15 minutes, and within the five for which the store keeps the entry after that.
      clock.forward(18 * 60);
      expect(await show(token)).toEqual(EXPIRED);
      clock.seconds = NOW;

      expect(await show(token)).toEqual(REVOKED);
    });
  });

  describe('revoke and isRevoked', () => {
    it.each([
      ['undefined', undefined],
      ['null', null],
      ['a number', 42],
      ['an object with a jti', { jti: 'one' }],
      [
        'an object with everything',
        { encoded: 'x', jti: 'a', claims: { jti: 'a' }, type: 'access' },
      ],
      ['an array', ['one']],
      ['a function', () => 'one'],
      ['bytes', Buffer.from('one')],
    ])('reject %s with a TypeError', async (_, given) => {
      const token = given as unknown as string;
      const attempts = [blocklist.revoke(token), blocklist.isRevoked(token)];
      for (const error of await Promise.all(attempts.map(failureOf))) {
        expect(error).toBeInstanceOf(TypeError);
        expect(String(error)).toMatch(/Give an encoded token, or a token from a guard or decodeT/);
      }
    });

    it('reject the copy of a token, which may say anything', async () => {
      const token = await tokens.decodeToken(await tokens.createAccessToken('alice'));
      const spread = { ...token };
      for (const copy of [spread, JSON.parse(JSON.stringify(token)), structuredClone(spread)])
        expect(await failureOf(blocklist.revoke(copy))).toBeInstanceOf(TypeError);
    });

    it.each([
      ['an empty text', ''],
      ['garbage', 'garbage'],
      ['a jti', '6f9c1a5e-0b1f-4b35-8f6e-1d6f3f2b7c11'],
      ['a token of another key', forgeToken(accessClaims(), undefined, SECRET.repeat(2))],
      ['a token without a jti', forgeToken(accessClaims({ jti: undefined }))],
    ])('reject %s with an InvalidTokenError', async (_, text) => {
      expect(await failureOf(blocklist.revoke(text))).toBeInstanceOf(InvalidTokenError);
      expect(await failureOf(blocklist.isRevoked(text))).toBeInstanceOf(InvalidTokenError);
    });
  });

  describe('with an encoded token in place of an id or an identity', () => {
    const session = '(await tokens.decodeToken(encoded)).sessionId';
    const identity = '(await tokens.decodeToken(encoded)).identity';
    type Call = (tools: TokenTools, encoded: string) => Promise<unknown>;
    const sessionsOf = ({ module }: TokenTools) => module.get(SessionService);

    it.each<[method: string, call: Call, instead: string]>([
      ['unrevoke', (at, text) => at.blocklist.unrevoke(text), 'await tokens.getJti(encoded)'],
      [
        'revokeSession',
        (at, text) => at.blocklist.revokeSession(text),
        'await tokens.decodeToken(encoded)',
      ],
      ['revokeAllFor', (at, text) => at.blocklist.revokeAllFor(text), identity],
      ['list', (at, text) => sessionsOf(at).list(text), identity],
      ['end', (at, text) => sessionsOf(at).end(text), session],
      ['endOthers of', (at, text) => sessionsOf(at).endOthers(text, 'phone'), identity],
      ['endOthers but', (at, text) => sessionsOf(at).endOthers('alice', text), session],
      ...(['createAccessToken', 'createRefreshToken', 'createTokenPair'] as const).map(
        (method): [string, Call, string] => [
          method,
          (at, sessionId) => at.tokens[method]('alice', { sessionId }),
          session,
        ],
      ),
    ])('%s says what to give', async (method, call, instead) => {
      const tools = await start({ sessions: { list: true } });
      const short = forgeToken({ sub: 'alice' });
      const long = await tools.tokens.createAccessToken('alice');
      expect([short.length < 256, long.length > 256]).toEqual([true, true]);
      for (const encoded of [short, long]) {
        const error = await failureOf(call(tools, encoded));
        const kind = method.startsWith('create') ? TokenCreationError : TypeError;
        expect(error).toBeInstanceOf(kind);
        const { message } = error as Error;
        expect(message).toMatch(/, not an encoded token: give /);
        expect(message.endsWith(`: give ${instead}`)).toBe(true);
        expect(message).not.toContain('eyJ');
      }
    });
  });

  it.each([undefined, '', 5, {}])('unrevoke rejects %j with a TypeError', async (jti) => {
    expect(await failureOf(blocklist.unrevoke(jti as string))).toBeInstanceOf(TypeError);
  });

  it('unrevoke accepts the id of a token that is not revoked', async () => {
    await expect(blocklist.unrevoke('unknown')).resolves.toBeUndefined();
  });

  describe('revokeSession', () => {
    it('ends all tokens of the session, of which no token can be made any more (R89)', async () => {
      const { accessToken, sessionId } = await tokens.createTokenPair('alice');
      const other = await tokens.createTokenPair('alice');

      await blocklist.revokeSession(sessionId);

      for (const late of [
        tokens.createAccessToken('alice', { sessionId }),
        tokens.createAccessToken('alice', { sessionId, expiresIn: '365d' }),
        tokens.createRefreshToken('alice', { sessionId }),
        tokens.createTokenPair('alice', { sessionId }),
        tokens.createAccessToken('alice', { from: accessToken }),
      ])
        expect(await failureOf(late)).toMatchObject({ code: 'TOKEN_REVOKED' });
      expect(await shown(accessToken)).toEqual([REVOKED]);
      expect(await show(other.accessToken)).toEqual(ADMITTED);
    });

    it.each(['x', 'ü', 'a:b', '*', 'jti:x\r\n', '__proto__', 's'.repeat(256)])(
      'ends the session %j and no other',
      async (sessionId) => {
        const token = await tokens.createAccessToken('alice', { sessionId });
        const near = `${sessionId.slice(1)}y`;
        const other = await tokens.createAccessToken('alice', { sessionId: near });

        await blocklist.revokeSession(sessionId);

        expect(await shown(token, other)).toEqual([REVOKED, ADMITTED]);
      },
    );
  });

  describe('R62: revokeAllFor', () => {
    beforeEach(() => {
      clock.seconds = Math.floor(clock.seconds) + 100;
    });

    it('refuses what was issued to the identity before, and nothing of other identities', async () => {
      const own = await tokens.createAccessToken('alice');
      const pair = await tokens.createTokenPair('alice');
      const other = await tokens.createAccessToken('alicea');
      clock.forward(5);

      await blocklist.revokeAllFor('alice');

      expect(await shown(own, pair.accessToken)).toEqual([REVOKED, REVOKED]);
      expect(await show(other)).toEqual({ status: 200, body: { identity: 'alicea' } });
    });

    it.each([0, 0.001, 0.5, 0.999])(
      'refuses what was issued in its second, and resolves when that is over, at %s s of it',
      async (fraction) => {
        const second = clock.seconds;
        clock.forward(fraction);
        const before = await tokens.createAccessToken('alice');

        await blocklist.revokeAllFor('alice');

        expect(clock.seconds).toBe(second + 1);
        const after = await tokens.createAccessToken('alice');
        const pair = await tokens.createTokenPair('alice');
        expect(await shown(before, after, pair.accessToken)).toEqual([REVOKED, ADMITTED, ADMITTED]);
        expect([before, after].map((token) => claimsOf(token).iat)).toEqual([second, second + 1]);
      },
    );

    it('refuses what was issued between two calls', async () => {
      await blocklist.revokeAllFor('alice');
      const between = await tokens.createAccessToken('alice');
      await blocklist.revokeAllFor('alice');

      expect(await show(between)).toEqual(REVOKED);
      expect(await show(await tokens.createAccessToken('alice'))).toEqual(ADMITTED);
    });

    it('takes a moment of the past, and an earlier moment later changes nothing', async () => {
      const old = await tokens.createAccessToken('alice');
      clock.forward(10);
      const middle = await tokens.createAccessToken('alice');

      for (const seconds of [clock.seconds - 5, NOW])
        await blocklist.revokeAllFor('alice', { issuedBefore: new Date(seconds * 1000) });

      expect(await shown(old, middle)).toEqual([REVOKED, ADMITTED]);
    });

    it.each([
      ['accepts what was issued at the moment itself', 0, ADMITTED],
      ['refuses what was issued in the second that the moment is in', 0.5, REVOKED],
    ])('%s', async (_, fraction, outcome) => {
      const token = await tokens.createAccessToken('alice');
      const issuedBefore = new Date((clock.seconds + fraction) * 1000);
      clock.forward(fraction);

      await blocklist.revokeAllFor('alice', { issuedBefore });

      expect(await show(token)).toEqual(outcome);
      expect(await show(await tokens.createAccessToken('alice'))).toEqual(ADMITTED);
    });

    it('refuses a moment in the future, an invalid moment, and a missing identity', async () => {
      const future = new Date(clock.now().getTime() + 1);
      const wrong: [unknown, unknown, typeof Error][] = [
        ['alice', future, RangeError],
        ['alice', new Date(NaN), TypeError],
        ['alice', Date.now(), TypeError],
        ['alice', 'now', TypeError],
        ['alice', new Date(-1), RangeError],
        ['', undefined, TypeError],
        [null, undefined, TypeError],
      ];
      for (const [identity, issuedBefore, kind] of wrong) {
        const given = { issuedBefore: issuedBefore as Date };
        const attempt = blocklist.revokeAllFor(identity as string, given);
        expect(await failureOf(attempt)).toBeInstanceOf(kind);
      }
      for (const moment of [future, new Date(-1), undefined, new Date(NaN), 0]) {
        const attempt = blocklist.revokeAllIssuedBefore(moment as Date);
        expect(await failureOf(attempt)).toBeInstanceOf(Error);
      }
    });

    it('refuses a token that does not say when it was issued', async () => {
      const silent = forgeToken(accessClaims({ sub: 'carol', iat: undefined, nbf: undefined }));
      expect((await show(silent)).status).toBe(200);

      await blocklist.revokeAllFor('carol');

      expect(await show(silent)).toEqual(REVOKED);
    });
  });

  it('revokeAllIssuedBefore refuses what was issued to any identity before the moment', async () => {
    clock.seconds = Math.floor(clock.seconds) + 100;
    const ofAlice = await tokens.createAccessToken('alice');
    const ofBob = await tokens.createAccessToken('bob', { expiresIn: false });
    clock.forward(0.5);

    await blocklist.revokeAllIssuedBefore(clock.now());

    expect(await shown(ofAlice, ofBob)).toEqual([REVOKED, REVOKED]);
    expect(await show(await tokens.createAccessToken('alice'))).toEqual(ADMITTED);
  });
});

describe("A cut-off by a clock that is not the testing kit's", () => {
  it.each([
    ['the memory store', new MemoryBlocklistStore()],
    ['any other store', new FaultyStore()],
  ])(
    'resolves in %s when its second is over, and what is minted then is valid',
    async (_, store) => {
      const one = await start({ blocklist: { store } });
      const other = await start({ blocklist: { store } });
      const before = await other.tokens.createAccessToken('alice');

      await one.blocklist.revokeAllFor('alice');

      const after = await other.tokens.createAccessToken('alice');
      expect(await other.tokens.verifyToken(before)).toBe(false);
      expect(await other.tokens.verifyToken(after)).toBe(true);
      expect(claimsOf(after).iat).toBeGreaterThan(claimsOf(before).iat as number);
    },
  );

  it('resolves after the rest of the second if the clock stands still, which then has to be moved', async () => {
    let milliseconds = NOW * 1000 + 900;
    const { tokens, blocklist } = await start({ clock: () => new Date(milliseconds) });
    const from = performance.now();

    await blocklist.revokeAllFor('alice');

    expect(performance.now() - from).toBeGreaterThanOrEqual(99);
    const tooEarly = await tokens.createAccessToken('alice');
    expect(await tokens.verifyToken(tooEarly)).toBe(false);
    milliseconds += 100;
    expect(await tokens.verifyToken(await tokens.createAccessToken('alice'))).toBe(true);
  });

  it('waits for a second at most if the clock is set back meanwhile', async () => {
    let milliseconds = NOW * 1000 + 900;
    const store = new FaultyStore();
    const options = { blocklist: { store }, clock: () => new Date(milliseconds) };
    const { blocklist } = await start(options);
    store.add.mockImplementation(() => {
      milliseconds -= 3_600_000;
      return Promise.resolve(true);
    });
    const from = performance.now();

    await blocklist.revokeAllFor('alice');

    expect(performance.now() - from).toBeLessThan(10_000);
    expect(store.add.mock.calls).toEqual([['sub:alice', `${NOW + 1}`, null]]);
  });
});

describe('A cut-off that the store acknowledges late', () => {
  it.each([0, 0.4, 1, 2.5])(
    'ends a session that is refreshed meanwhile, %s s later',
    async (seconds) => {
      const store = new FaultyStore();
      const clock = new Clock(NOW + 0.3);
      const { tokens, blocklist } = await start({ blocklist: { store }, clock: clock.now });
      const acknowledged = postponed<void>();
      const add = store.add.getMockImplementation() as BlocklistStore['add'];
      store.add.mockImplementation(async (key, ...given) => {
        if (key.startsWith('sub:')) await acknowledged.promise;
        return add(key, ...given);
      });
      const { refreshToken } = await tokens.createTokenPair('alice');
      const cutOff = blocklist.revokeAllFor('alice');
      clock.forward(seconds);
      const successor = await tokens.rotateRefreshToken(refreshToken);
      clock.forward(seconds);
      acknowledged.resolve();
      await cutOff;

      expect(await tokens.verifyToken(successor.accessToken)).toBe(false);
      expect(await tokens.verifyToken(successor.refreshToken, { type: 'refresh' })).toBe(false);
      const after = await tokens.createAccessToken('alice');
      expect(await tokens.verifyToken(after)).toBe(true);
    },
  );
});

describe('The look-up of a token', () => {
  it('asks for all levels at once', async () => {
    const store = new FaultyStore();
    const { tokens } = await start({ blocklist: { store } });
    const { accessToken, refreshToken, sessionId } = await tokens.createTokenPair('alice');
    store.get.mockClear();

    await tokens.verifyToken(accessToken);
    await tokens.verifyToken(refreshToken, { type: 'refresh' });

    const [access, refresh] = [accessToken, refreshToken].map((each) => claimsOf(each).jti);
    expect(store.get.mock.calls).toEqual([
      [['all', 'sub:alice', `jti:${access}`, `sid:${sessionId}`]],
      [['all', 'sub:alice', `jti:${refresh}`, `sid:${sessionId}`, `family:${refresh}`]],
    ]);
  });

  it('R66: puts what a token says into keys only if it is plain', async () => {
    const store = new FaultyStore();
    const { tokens } = await start({ blocklist: { store } });
    const hostile = forgeToken(
      accessClaims({ jti: 'x:*\r\n', sub: 'a\u0000b', sid: 'é'.repeat(200) }),
    );

    await tokens.verifyToken(hostile);

    const [keys = []] = store.get.mock.calls[0] ?? [];
    expect(keys).toHaveLength(4);
    for (const key of keys) expect(key).toMatch(/^(all|(jti|sub|sid):#[\w-]{43})$/);
  });
});

describe('A foreign token without a jti', () => {
  it('is accepted, and revoked by a digest of what was signed (C7)', async () => {
    const { show, logOut, blocklist } = await started({ acceptForeignTokens: true });
    const [token, other, third] = ['a', 'b', 'c'].map((tag) =>
      forgeToken(accessClaims({ jti: undefined, tag })),
    ) as [string, string, string];

    expect(await show(token)).toMatchObject({ status: 200 });
    expect(await blocklist.isRevoked(token)).toBe(false);
    expect(await blocklist.revoke(token)).toBe(true);
    expect(await blocklist.revoke(token)).toBe(false);
    expect(await blocklist.isRevoked(token)).toBe(true);
    expect((await logOut(other)).status).toBeLessThan(300);
    expect(await show(token)).toMatchObject({ status: 401 });
    expect(await show(other)).toMatchObject({ status: 401 });
    expect(await show(third)).toMatchObject({ status: 200 });
  });
});

describe('blocklist.checks', () => {
  it.each([
    [['access', 'refresh'] as const, 401, 401],
    [['access'] as const, 401, 200],
    [['refresh'] as const, 200, 401],
    [[] as const, 200, 200],
  ])(
    '%j answers a revoked access token with %i and a refresh token with %i',
    async (checks, access, refresh) => {
      const store = new FaultyStore();
      const { tokens, blocklist, show } = await started({
        blocklist: { checks, store },
        loaders: { isTokenRevoked: () => true },
      });
      const { accessToken, refreshToken } = await tokens.createTokenPair('alice');
      await blocklist.revoke(accessToken);
      await blocklist.revoke(refreshToken);

      expect((await show(accessToken)).status).toBe(access);
      expect((await show(refreshToken, '/refresh')).status).toBe(refresh);
      expect(store.get).toHaveBeenCalledTimes(checks.length);
      expect(await tokens.verifyToken(accessToken)).toBe(access === 200);
      expect(await tokens.verifyToken(refreshToken, { type: 'refresh' })).toBe(refresh === 200);
    },
  );
});

describe('The store', () => {
  it('keeps a revocation by the jti until the token expires, and the leeway after (R58)', async () => {
    const store = new FaultyStore();
    const options = { clock: new Clock().now, leeway: 30, blocklist: { store } };
    const { tokens, blocklist } = await start(options);
    const mortal = await tokens.createAccessToken('alice', { expiresIn: 60 });
    const immortal = await tokens.createAccessToken('alice', { expiresIn: false });

    await blocklist.revoke(mortal);
    await blocklist.revoke(immortal);

    expect(store.add.mock.calls.map(([, , expiresAt]) => expiresAt)).toEqual([
      new Date((NOW + 60 + 30) * 1000),
      null,
    ]);
    for (const [index, token] of [mortal, immortal].entries()) {
      expect(store.add.mock.calls[index]?.[0]).toContain(await tokens.getJti(token));
      expect(store.add.mock.calls[index]?.join()).not.toContain(token);
    }
  });

  it('refuses a revocation if it is a full memory store, and forgets none (R57, R61)', async () => {
    const output = new Output();
    const store = new MemoryBlocklistStore({ maxEntries: 1 });
    const { show, logOut } = await started({ blocklist: { store } });
    const [first, second] = [forgeToken(accessClaims()), forgeToken(accessClaims())];

    expect(await logOut(first)).toEqual(LOGGED_OUT);
    expect(await logOut(second)).toEqual(UNAVAILABLE);
    expect(output.text).toContain('MemoryBlocklistStore is full');
    expect(await show(first)).toEqual(REVOKED);
    expect((await show(second)).status).toBe(200);
    output.restore();
  });

  it("goes by the module's clock if it is the module's own, and stops when the application closes", async () => {
    const stop = jest.spyOn(MemoryBlocklistStore.prototype, 'onModuleDestroy');
    const { module, tokens, blocklist } = await startTokens({ clock: new Clock().now });

    await blocklist.revoke(await tokens.createAccessToken('alice'));

    expect(module.get(MemoryBlocklistStore).size).toBe(1);
    expect(stop).not.toHaveBeenCalled();
    await module.close();
    expect(stop).toHaveBeenCalledTimes(1);
    stop.mockRestore();
  });
});
