import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Post, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  BlocklistService,
  CurrentIdentity,
  CurrentToken,
  type JwtContext,
  type JwtExtendedOptions,
  LogoutGuard,
  MemoryBlocklistStore,
  RefreshGuard,
  SessionService,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { type AppParts, createApp } from '../../support/app.js';
import { CountingStore } from '../../support/counting-store.js';
import { ALICE, pairIn, startEndpoints } from '../../support/endpoints.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import { closedAfterEach, startAt } from '../../support/running.js';
import { claimsOf, rejectionOf } from '../../support/tokens.js';

const running = closedAfterEach();

const DAY = 86_400;

async function start(options?: JwtExtendedOptions) {
  const tools = await startAt(running, options);
  return { ...tools, sessions: tools.module.get(SessionService) };
}

/** Routes as an application writes them. */
@Controller()
class AccountController {
  constructor(
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(BlocklistService) private readonly blocklist: BlocklistService,
  ) {}

  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentIdentity() identity: string) {
    return { identity };
  }

  @UseGuards(RefreshGuard)
  @Post('rotate')
  rotate(@CurrentToken() token: JwtContext) {
    return this.tokens.rotateRefreshToken(token);
  }

  @UseGuards(LogoutGuard)
  @Post('leave')
  async leave(@CurrentToken() token: JwtContext) {
    await this.blocklist.revokeSession(token);
    return { left: token.identity };
  }
}

async function startApp({ options, ...parts }: AppParts = {}) {
  const clock = new Clock();
  const app = await startEndpoints('express', {
    controllers: [AccountController],
    options: { clock: clock.now, ...options },
    ...parts,
  });
  running.push(app);
  return { app, clock, tokens: app.get(TokenService), blocklist: app.get(BlocklistService) };
}

describe('R89: A session that has ended', () => {
  const ENDED = { code: 'TOKEN_REVOKED' };

  it('stays ended for as long as the longest token that was made of it', async () => {
    const clock = new Clock();
    const store = new MemoryBlocklistStore({ clock: clock.now });
    const { tokens, blocklist } = await start({ blocklist: { store }, clock: clock.now });
    const { accessToken, sessionId } = await tokens.createTokenPair('alice');
    const long = await tokens.createAccessToken('alice', { from: accessToken, expiresIn: '365d' });

    await blocklist.revokeSession(sessionId);
    for (const days of [31, 300]) {
      clock.forward(days * DAY);
      expect(await rejectionOf(tokens.authenticate(long))).toMatchObject(ENDED);
    }
  });

  it('is extended by a later call, and never shortened', async () => {
    const store = new MemoryBlocklistStore();
    const { tokens, blocklist, clock } = await start({ blocklist: { store } });
    const end = () => store.get(['sid:kiosk'])[0];
    await blocklist.revokeSession('kiosk');
    expect(end()).toBe(`ended:${NOW + 30 * DAY}`);
    clock.forward(DAY);
    await blocklist.revokeSession('kiosk');
    expect(end()).toBe(`ended:${NOW + 31 * DAY}`);
    clock.forward(-DAY);
    await blocklist.revokeSession('kiosk');
    expect(end()).toBe(`ended:${NOW + 31 * DAY}`);
    const refused = tokens.createAccessToken('alice', { sessionId: 'kiosk', expiresIn: '1y' });
    expect(await rejectionOf(refused)).toMatchObject(ENDED);
  });

  it.each(['nonsense', '', '0', 'live:', 'live:x', '{"generation":1}'])(
    'is also one with an entry that another program wrote: %j',
    async (entry) => {
      const store = new MemoryBlocklistStore();
      const { tokens, blocklist } = await start({ blocklist: { store } });
      const { accessToken, sessionId } = await tokens.createTokenPair('alice');
      store.add(`sid:${sessionId}`, entry, null);

      expect(await rejectionOf(tokens.authenticate(accessToken))).toMatchObject(ENDED);
      await blocklist.revokeSession(sessionId);
      expect(store.get([`sid:${sessionId}`])[0]).toMatch(/^ended:\d+$/);
    },
  );

  it('does not end while two processes extend it and end it at once', async () => {
    for (let round = 0; round < 20; round += 1) {
      const store = new CountingStore(() => new Promise((resolve) => setImmediate(resolve)));
      const { tokens, blocklist } = await start({ blocklist: { store } });
      const { accessToken, sessionId } = await tokens.createTokenPair('alice');
      const made = Promise.allSettled(
        ['100d', '200d', '300d'].map((expiresIn) =>
          tokens.createAccessToken('alice', { from: accessToken, expiresIn }),
        ),
      );
      await Promise.all([blocklist.revokeSession(sessionId), made]);

      const [entry] = await store.inner.get([`sid:${sessionId}`]);
      expect(entry).toMatch(/^ended:/);
      for (const outcome of await made) {
        if (outcome.status === 'rejected') {
          expect(outcome.reason).toMatchObject(ENDED);
          continue;
        }
        // What was handed out before the end is covered by it.
        expect(Number(entry?.slice(6))).toBeGreaterThanOrEqual(Number(claimsOf(outcome.value).exp));
        expect(await tokens.verifyToken(outcome.value)).toBe(false);
      }
    }
  });
});

describe('R88: The session of a token', () => {
  it('is its sid or else its jti, for revocation, rotation and listing alike', async () => {
    const { tokens, blocklist } = await start();
    const lone = await tokens.createRefreshToken('alice');
    const pair = await tokens.rotateRefreshToken(lone);
    expect(pair.sessionId).toBe(claimsOf(lone).jti);

    await blocklist.revokeSession(await tokens.decodeToken(pair.accessToken));

    expect(await tokens.verifyToken(lone, { type: 'refresh' })).toBe(false);
    expect(await tokens.verifyToken(pair.refreshToken, { type: 'refresh' })).toBe(false);
  });

  it('is ended by a lone token, with the token that was made from it', async () => {
    const { tokens, blocklist } = await start();
    const lone = await tokens.createAccessToken('alice');
    const other = await tokens.createAccessToken('alice', { from: lone });

    await blocklist.revokeSession(await tokens.decodeToken(other));

    expect(await tokens.verifyToken(lone)).toBe(false);
  });

  it.each([[undefined], [null], [7], [''], [{}], [{ jti: 'x' }], ['s'.repeat(257)]])(
    'is not given by %j',
    async (nothing) => {
      const { blocklist } = await start();
      expect(await rejectionOf(blocklist.revokeSession(nothing as string))).toEqual(
        new TypeError('revokeSession takes a token from a guard or decodeToken, or a session id'),
      );
    },
  );
});

describe('R64: sessions.lifetime', () => {
  const sessions = { lifetime: '12h' };

  it('caps a token that is made late, by the session id and by from', async () => {
    const { tokens, clock } = await start({ sessions });
    const pair = await tokens.createTokenPair('alice');
    clock.forward(12 * 3600 - 60);

    const made = [
      tokens.createAccessToken('alice', { sessionId: pair.sessionId }),
      tokens.createAccessToken('alice', { from: pair.refreshToken, expiresIn: '1y' }),
      tokens.createRefreshToken('alice', { sessionId: pair.sessionId, expiresIn: false }),
      tokens
        .createTokenPair('alice', { sessionId: pair.sessionId })
        .then((next) => next.refreshToken),
    ];
    for (const token of made) expect(claimsOf(await token).exp).toBe(NOW + 12 * 3600);
    clock.forward(60);
    for (const late of [
      tokens.createAccessToken('alice', { sessionId: pair.sessionId }),
      tokens.createAccessToken('alice', { from: pair.refreshToken }),
      tokens.createTokenPair('alice', { sessionId: pair.sessionId }),
    ])
      expect(await rejectionOf(late)).toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it('does not begin in the future, whatever the id of the session says', async () => {
    const { tokens } = await start({ sessions });
    const sessionId = 'ffffffff-ffff-7fff-bfff-ffffffffffff';
    for (const made of [
      tokens.createAccessToken('alice', { sessionId, expiresIn: '30d' }),
      tokens.createRefreshToken('alice', { sessionId }),
    ])
      expect(await rejectionOf(made)).toMatchObject({
        name: 'TokenCreationError',
        message: expect.stringContaining('sessionId does not say when') as unknown,
      });
    const { refreshToken } = await tokens.createTokenPair('alice', { sessionId });
    expect(claimsOf(refreshToken).exp).toBe(NOW + 12 * 3600);
  });

  it('caps a token without a session, which is a session of its own', async () => {
    const { tokens } = await start({ sessions });
    for (const expiresIn of [false, '1y'] as const)
      expect(claimsOf(await tokens.createAccessToken('alice', { expiresIn })).exp).toBe(
        NOW + 12 * 3600,
      );
  });

  it('needs to know when a session began: an id of the application does not say', async () => {
    const { tokens } = await start({ sessions });
    const mistake = {
      name: 'TokenCreationError',
      message: expect.stringContaining('give from, a token of the session') as unknown,
    };
    const named = { sessionId: 'kiosk' };
    expect(await rejectionOf(tokens.createAccessToken('alice', named))).toMatchObject(mistake);
    const pair = await tokens.createTokenPair('alice', named);
    const token = await tokens.createAccessToken('alice', { from: pair.accessToken });
    expect(claimsOf(token)).toMatchObject({ sid: 'kiosk' });
  });
});

describe('createAccessToken with from', () => {
  it.each<
    [what: string, code: string, end: (blocklist: BlocklistService, token: Token) => unknown]
  >([
    ['by itself', 'TOKEN_REVOKED', (blocklist, token) => blocklist.revoke(token)],
    ['with its session', 'TOKEN_REVOKED', (blocklist, token) => blocklist.revokeSession(token)],
    ['with its identity', 'TOKEN_REVOKED', (blocklist) => blocklist.revokeAllFor('alice')],
  ])('refuses a token that was revoked meanwhile %s (R86)', async (_what, code, end) => {
    const { tokens, blocklist } = await start();
    const { refreshToken } = await tokens.createTokenPair('alice');
    const from = await tokens.authenticate(refreshToken, { type: 'refresh' });
    await end(blocklist, from);

    const refusal = await rejectionOf(tokens.createAccessToken('alice', { from }));

    expect(refusal).toMatchObject({ code });
  });

  it('refuses a token that has expired, is of another identity, or names another session', async () => {
    const { tokens, clock } = await start();
    const { accessToken, refreshToken } = await tokens.createTokenPair('alice');
    const wrong = async (...given: Parameters<TokenService['createAccessToken']>) =>
      rejectionOf(tokens.createAccessToken(...given));
    expect(await wrong('bob', { from: refreshToken })).toMatchObject({
      message: 'from must be a token of the same identity',
    });
    expect(await wrong('alice', { from: refreshToken, sessionId: 'other' })).toMatchObject({
      message: 'sessionId names another session than from: leave it out',
    });
    expect(await wrong('alice', { from: {} as Token })).toBeInstanceOf(TypeError);
    expect(await wrong('alice', { from: 'a.b.c' })).toMatchObject({ code: 'TOKEN_INVALID' });
    clock.forward(900);
    expect(await wrong('alice', { from: accessToken })).toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it('ends the session of a spent refresh token', async () => {
    const { tokens, clock } = await start();
    const { accessToken, refreshToken } = await tokens.createTokenPair('alice');
    await tokens.rotateRefreshToken(refreshToken);
    clock.forward(60);

    const refusal = await rejectionOf(tokens.createAccessToken('alice', { from: refreshToken }));

    expect(refusal).toMatchObject({ code: 'TOKEN_REUSED' });
    expect(await tokens.verifyToken(accessToken)).toBe(false);
  });
});

describe('R90: What the store keeps', () => {
  it('is nothing for logins with default options', async () => {
    const store = new CountingStore();
    const { tokens } = await start({ blocklist: { store } });
    for (let login = 0; login < 1000; login += 1) await tokens.createTokenPair(`user ${login}`);
    expect([store.take(), store.inner.size]).toEqual([[], 0]);
  });

  it('is one entry for a session, however often it is refreshed', async () => {
    const store = new CountingStore();
    const { tokens, clock } = await start({ blocklist: { store } });
    let { refreshToken } = await tokens.createTokenPair('alice');
    for (let round = 0; round < 200; round += 1) {
      clock.forward(60);
      ({ refreshToken } = await tokens.rotateRefreshToken(refreshToken));
    }
    expect(store.inner.size).toBe(1);
  });

  it('is one record for each listed session, of which a refresh reads one (R91)', async () => {
    const store = new CountingStore();
    const sessions = { list: true, max: 1000 };
    const { tokens } = await start({ blocklist: { store }, sessions });
    const { refreshToken } = await tokens.createTokenPair('alice');
    for (let login = 0; login < 500; login += 1) await tokens.createTokenPair('alice');
    store.take();

    await tokens.rotateRefreshToken(refreshToken);

    expect(store.take().filter((name) => ['list', 'getSession', 'put'].includes(name))).toEqual([
      'getSession',
      'put',
    ]);
  });
});

describe('The round trips to the store', () => {
  async function counted(options: JwtExtendedOptions = {}) {
    const store = new CountingStore();
    const lookups: string[] = [];
    const userLookup = ({ identity }: Token) => {
      lookups.push(identity);
      return { id: identity };
    };
    const loaders = {
      userLookup,
      userIdentity: (user: { id: string } | string) => (typeof user === 'string' ? user : user.id),
    };
    const { app, tokens } = await startApp({
      options: { blocklist: { store }, loaders, ...options },
    });
    const login = async () => pairIn((await app.send('POST', '/auth', { json: ALICE })).body);
    const during = async (work: () => Promise<unknown>) => {
      store.take();
      lookups.length = 0;
      await work();
      return { trips: store.take().length, lookups: lookups.length };
    };
    return { app, tokens, login, during };
  }

  it('are none for a login, and at most two if sessions are listed', async () => {
    const plain = await counted();
    expect(await plain.during(plain.login)).toEqual({ trips: 0, lookups: 0 });
    expect(await plain.during(() => plain.tokens.createTokenPair('alice'))).toMatchObject({
      trips: 0,
    });
    const listed = await counted({ sessions: { list: true } });
    expect(await listed.during(listed.login)).toEqual({ trips: 2, lookups: 0 });
  });

  it('are one for a guarded request, three for a refresh, two for a logout', async () => {
    const { app, login, during } = await counted();
    const post = (path: string, token: string) => app.send('POST', path, { token });
    let { access, refresh } = await login();
    expect(await during(() => app.send('GET', '/me', { token: access }))).toEqual({
      trips: 1,
      lookups: 1,
    });
    for (const path of ['/auth/refresh', '/rotate', '/auth/refresh', '/rotate']) {
      let body: unknown;
      const work = async () => ({ body } = await post(path, refresh));
      expect(await during(work)).toEqual({ trips: 3, lookups: 1 });
      const { refreshToken } = body as { refreshToken?: string };
      ({ access, refresh } = refreshToken ? { access, refresh: refreshToken } : pairIn(body));
    }
    expect(await during(() => post('/auth/logout', refresh))).toMatchObject({ trips: 2 });
    const other = await login();
    expect(await during(() => post('/leave', other.access))).toMatchObject({ trips: 2 });
    expect((await app.send('GET', '/me', { token: other.access })).status).toBe(401);
  });
});

describe('blocklist: false', () => {
  const NEEDED = {
    name: 'JwtExtendedConfigError',
    message: expect.stringContaining('blocklist is false') as unknown,
  };

  it('makes tokens that are checked without a store, as by default in Flask', async () => {
    const clock = new Clock();
    const app = await createApp('express', {
      controllers: [AccountController],
      options: { blocklist: false, clock: clock.now },
    });
    running.push(app);
    const { accessToken, refreshToken } = await app.get(TokenService).createTokenPair('alice');
    expect(await app.send('GET', '/me', { token: accessToken })).toMatchObject({ status: 200 });
    const token = await app.get(TokenService).createAccessToken('alice', { from: refreshToken });
    expect(await app.send('GET', '/me', { token })).toMatchObject({ status: 200 });
    expect(await app.get(TokenService).verifyToken(accessToken)).toBe(true);
    clock.forward(900);
    expect(await app.send('GET', '/me', { token: accessToken })).toMatchObject({ status: 401 });
  });

  it('leaves the loader isTokenRevoked in charge', async () => {
    const { tokens } = await start({ blocklist: false, loaders: { isTokenRevoked: () => true } });
    expect(await tokens.verifyToken(await tokens.createAccessToken('alice'))).toBe(false);
  });

  it('says what to set if something is to be revoked, rotated or listed', async () => {
    const { tokens, blocklist, sessions } = await start({ blocklist: false });
    const { accessToken, refreshToken, sessionId } = await tokens.createTokenPair('alice');
    for (const failure of [
      blocklist.revoke(accessToken),
      blocklist.revokeSession(sessionId),
      blocklist.revokeAllFor('alice'),
      blocklist.revokeAllIssuedBefore(new Date(0)),
      blocklist.unrevoke('jti'),
      tokens.rotateRefreshToken(refreshToken),
      sessions.end(sessionId),
    ])
      expect(await rejectionOf(failure)).toMatchObject(NEEDED);
  });

  it.each(['refresh', 'logout'])('does not start with the endpoint %s', async (name) => {
    const failure = await rejectionOf(
      createApp('express', {
        options: { blocklist: false },
        extras: { endpoints: { [name]: true } },
      }),
    );
    expect(failure).toMatchObject({
      name: 'JwtExtendedConfigError',
      message: `endpoints.${name} needs a store, and blocklist is false: leave blocklist out, or give blocklist.store`,
    });
  });
});

describe('R94: Tenants with keys of their own', () => {
  const secrets: Record<string, string> = {
    acme: `${SECRET}-acme`,
    umbrella: `${SECRET}-umbrella`,
  };
  const tenantOf = (kid: unknown) => String(kid);
  const loaders = {
    userIdentity: (user: { id: string }) => user.id,
    userLookup: ({ identity, namespace }: Token) => ({ id: identity, tenant: namespace }),
    encodeKey: ({ tenant }: { tenant: string }) => ({
      key: secrets[tenant] as string,
      kid: tenant,
      namespace: tenant,
    }),
    decodeKey: ({ header }: { header: { kid?: string } }) => {
      const namespace = tenantOf(header.kid);
      const key = secrets[namespace];
      return key === undefined ? null : { key, namespace };
    },
  };
  const options: JwtExtendedOptions = {
    secret: undefined,
    algorithm: 'HS256',
    loaders,
    sessions: { list: true },
  };
  const userAt = (tenant: string) => ({ id: 'alice', tenant });

  it('share neither sessions nor revocations, even if their users have one name', async () => {
    const { tokens, blocklist, sessions } = await start(options);
    const acme = await tokens.createTokenPair(userAt('acme'));
    const umbrella = await tokens.createTokenPair(userAt('umbrella'));
    const [inAcme, inUmbrella] = [{ namespace: 'acme' }, { namespace: 'umbrella' }];
    expect(await tokens.decodeToken(acme.accessToken)).toMatchObject(inAcme);

    expect(await sessions.list('alice')).toEqual([]);
    expect(await sessions.list('alice', inAcme)).toMatchObject([{ id: acme.sessionId }]);
    expect(await sessions.list('alice', inUmbrella)).toMatchObject([{ id: umbrella.sessionId }]);

    await blocklist.revokeSession(acme.sessionId, inUmbrella);
    await blocklist.revokeAllFor('alice');
    await blocklist.revokeAllFor('alice', inUmbrella);
    expect(await tokens.verifyToken(acme.accessToken)).toBe(true);
    expect(await tokens.verifyToken(umbrella.accessToken)).toBe(false);

    const next = await tokens.rotateRefreshToken(acme.refreshToken);
    expect(await tokens.decodeToken(next.accessToken)).toMatchObject(inAcme);
    await sessions.endOthers('alice', 'none', inAcme);
    expect(await tokens.verifyToken(next.accessToken)).toBe(false);
  });

  it('do not end the session of another tenant by a token with its sid', async () => {
    const { tokens, blocklist } = await start(options);
    const victim = await tokens.createTokenPair(userAt('acme'));
    const own = await tokens.createTokenPair(userAt('umbrella'), { sessionId: victim.sessionId });

    await blocklist.revokeSession(await tokens.decodeToken(own.accessToken));

    expect(await tokens.verifyToken(own.accessToken)).toBe(false);
    expect(await tokens.verifyToken(victim.accessToken)).toBe(true);
  });

  it.each([[''], ['n'.repeat(257)], [7], [null], [{}]])(
    'cannot have the namespace %j',
    async (namespace) => {
      const wrong = { key: SECRET, namespace: namespace as string };
      const { tokens, blocklist } = await start({
        ...options,
        loaders: { encodeKey: () => wrong, decodeKey: () => wrong },
        sessions: {},
      });
      const unavailable = { code: 'CHECK_UNAVAILABLE' };
      const mistaken = { name: 'TokenCreationError' };
      expect(await rejectionOf(tokens.createAccessToken('alice'))).toMatchObject(mistaken);
      expect(await rejectionOf(tokens.decodeToken(forgeToken(accessClaims())))).toMatchObject(
        unavailable,
      );
      const named = { namespace: namespace as string };
      expect(await rejectionOf(blocklist.revokeAllFor('alice', named))).toBeInstanceOf(TypeError);
    },
  );

  it('can have hostile names, which are never confused', async () => {
    const names = ['a', 'a/', '/a', 'a/b', 'sid:', 'A', 'ä', '\0', '#', '__proto__'];
    let tenant = '';
    const { tokens, blocklist } = await start({
      ...options,
      loaders: {
        encodeKey: () => ({ key: SECRET, namespace: tenant }),
        decodeKey: () => ({ key: SECRET, namespace: tenant }),
      },
      sessions: {},
    });
    for (tenant of names) {
      const token = await tokens.createAccessToken('alice', { sessionId: `b ${tenant}` });
      for (const namespace of names.filter((other) => other !== tenant))
        await blocklist.revokeSession(`b ${tenant}`, { namespace });
      expect(await tokens.verifyToken(token)).toBe(true);
      await blocklist.revokeSession(`b ${tenant}`, { namespace: tenant });
      expect(await tokens.verifyToken(token)).toBe(false);
    }
  });

  it('are not named by an unknown option', async () => {
    const { blocklist } = await start(options);
    const failure = blocklist.revokeAllFor('alice', { nameSpace: 'acme' } as object);
    expect(await rejectionOf(failure)).toMatchObject({
      message: 'revokeAllFor.nameSpace is not an option; did you mean revokeAllFor.namespace?',
    });
  });
});

describe('revoke', () => {
  it('tells one of many calls that it was the first, so that a link works once', async () => {
    const { tokens, blocklist } = await start();
    const link = await tokens.createAccessToken('alice');

    const answers = await Promise.all(Array.from({ length: 20 }, () => blocklist.revoke(link)));

    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await blocklist.revoke(link)).toBe(false);
  });
});

describe('revokeAllFor', () => {
  it.each([[5], [{}], [{ id: 'alice' }], [['alice']], [true]])(
    'refuses %j, which no token has as its identity',
    async (identity) => {
      const { blocklist } = await start();
      const message =
        'revokeAllFor takes an identity: the string that loaders.userIdentity returns';
      const failure = blocklist.revokeAllFor(identity as string);
      expect(await rejectionOf(failure)).toEqual(new TypeError(message));
    },
  );
});
