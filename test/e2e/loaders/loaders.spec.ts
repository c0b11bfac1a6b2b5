import { Controller, Get, Post, Req, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  BlocklistService,
  CurrentUser,
  type JwtExtendedLoaders,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { createApp, type RunningApp, type Sent } from '../../support/app.js';
import { FaultyStore, ProbeController } from '../../support/faults.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';

type LoaderName = keyof JwtExtendedLoaders;
type Loader = jest.Mock<(...args: unknown[]) => unknown>;

const ALICE = { id: 'alice', roles: ['admin'] };

/** A loader that does its work, at once or later. */
const ANSWERS: Record<LoaderName, unknown> = {
  userIdentity: 'alice',
  additionalClaims: { roles: ALICE.roles },
  additionalHeaders: { tenant: 'north' },
  encodeKey: { key: SECRET, kid: 'one' },
  decodeKey: SECRET,
  isTokenRevoked: false,
  tokenVerification: true,
  userLookup: ALICE,
};
const NAMES = Object.keys(ANSWERS) as LoaderName[];

@Controller()
class AccountController {
  /** The request as the handlers saw it last. */
  static request: unknown;

  constructor(private readonly tokens: TokenService) {}

  @Post('login')
  async login(@Req() request: unknown) {
    AccountController.request = request;
    const options = { request, fresh: true };
    return {
      access: await this.tokens.createAccessToken(ALICE, options),
      refresh: await this.tokens.createRefreshToken(ALICE, { request }),
    };
  }

  @UseGuards(AccessGuard)
  @Get('me')
  me(@Req() request: { user: unknown }, @CurrentUser() user: unknown) {
    AccountController.request = request;
    return { user, same: request.user === user };
  }
}

describe("The loaders' arguments and answers", () => {
  describe.each([
    ['at once', (answer: unknown) => answer],
    ['with a promise', (answer: unknown) => Promise.resolve(answer)],
  ])('loaders that answer %s', (_, give) => {
    const loaders = Object.fromEntries(NAMES.map((name) => [name, jest.fn()])) as Record<
      LoaderName,
      Loader
    >;
    let app: RunningApp;

    beforeAll(async () => {
      app = await createApp('fastify', {
        controllers: [AccountController],
        options: { algorithm: 'HS256', loaders: loaders as JwtExtendedLoaders },
      });
    });
    beforeEach(() => {
      for (const name of NAMES)
        loaders[name].mockReset().mockImplementation(() => give(ANSWERS[name]));
    });
    afterAll(() => app.close());

    async function login() {
      return (await app.send('POST', '/login')).body as { access: string; refresh: string };
    }

    it.each(['userIdentity', 'additionalClaims', 'additionalHeaders', 'encodeKey'] as const)(
      '%s gets the subject, the request and the type',
      async (name) => {
        await login();
        const { request } = AccountController;
        expect(loaders[name].mock.calls).toEqual([
          [ALICE, { request, type: 'access' }],
          [ALICE, { request, type: 'refresh' }],
        ]);
        for (const [subject, context] of loaders[name].mock.calls) {
          expect(subject).toBe(ALICE);
          expect((context as { request: unknown }).request).toBe(request);
        }
      },
    );

    it('give the header and the claims of a new token', async () => {
      const { access } = await login();
      const { header, claims, identity } = await app.get(TokenService).decodeToken(access);
      expect(header).toEqual({ alg: 'HS256', typ: 'JWT', kid: 'one', tenant: 'north' });
      expect(claims).toMatchObject({ roles: ['admin'], fresh: true });
      expect(identity).toBe('alice');
    });

    it('decodeKey gets header and claims, unverified and frozen (R12)', async () => {
      const { access } = await login();
      await app.send('GET', '/me', { token: access });
      const [unverified, context] = loaders.decodeKey.mock.lastCall ?? [];
      const { claims } = await app.get(TokenService).decodeToken(access);
      expect(unverified).toEqual({
        header: { alg: 'HS256', typ: 'JWT', kid: 'one', tenant: 'north' },
        claims,
      });
      expect(isDeepFrozen(unverified)).toBe(true);
      expect((context as { request: unknown }).request).toBe(AccountController.request);
    });

    it.each(['isTokenRevoked', 'tokenVerification', 'userLookup'] as const)(
      '%s gets the verified token, the request and the type',
      async (name) => {
        const encoded = forgeToken(accessClaims({ jti: 'one', sid: 'session', fresh: true }));
        await app.send('GET', '/me', { token: encoded });
        expect(loaders[name]).toHaveBeenCalledTimes(1);
        const [token, context] = loaders[name].mock.lastCall as [Token, { request: unknown }];
        expect(token).toMatchObject({
          encoded,
          identity: 'alice',
          type: 'access',
          jti: 'one',
          sessionId: 'session',
          fresh: true,
        });
        expect(context).toEqual({ request: AccountController.request, type: 'access' });
        expect(context.request).toBe(AccountController.request);
      },
    );

    it('get no request if there is none', async () => {
      const token = await app.get(TokenService).createAccessToken(ALICE);
      await app.get(TokenService).verifyToken(token);
      expect(loaders.userIdentity).toHaveBeenCalledWith(ALICE, { type: 'access' });
      expect(loaders.isTokenRevoked.mock.lastCall?.[1]).toEqual({ type: 'access' });
      expect(loaders.decodeKey.mock.lastCall?.[1]).toEqual(
        expect.not.objectContaining({ request: expect.anything() }),
      );
    });

    it.each([
      ['tokenVerification', false, 400, 'User claims verification failed'],
      ['isTokenRevoked', true, 401, 'Token has been revoked'],
    ] as const)('%s refuses a token with %s', async (name, answer, status, msg) => {
      loaders[name].mockImplementation(() => give(answer));
      const token = forgeToken(accessClaims());
      expect(await app.send('GET', '/me', { token })).toMatchObject({ status, body: { msg } });
    });

    it.each([[0], ['']])('userLookup can give %j as a user (R52)', async (user) => {
      loaders.userLookup.mockImplementation(() => give(user));
      expect(await app.send('GET', '/me', { token: forgeToken(accessClaims()) })).toMatchObject({
        status: 200,
        body: { user, same: true },
      });
    });
  });
});

const now = Math.floor(Date.now() / 1000);
const PAST = { exp: now - 1 };
const OTHER_SECRET = [...SECRET].reverse().join('');

/** Loaders in the order in which they are called. */
const ORDER = ['decodeKey', 'store', 'isTokenRevoked', 'tokenVerification', 'userLookup'];

/** A request with the token of these claims. */
function bearing(claims: Record<string, unknown>, header?: object, secret?: string): Sent {
  return { token: forgeToken(accessClaims(claims), header, secret) };
}

function withCookie(claims: Record<string, unknown>, csrf: string): Sent {
  const cookie = `access_token_cookie=${forgeToken(accessClaims(claims))}`;
  return { headers: { cookie, 'x-csrf-token': csrf } };
}

const TWO_WORDS: Sent = { headers: { authorization: 'Bearer a b' } };
const BAD_HEADER = "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'";
const EARLY = { nbf: now + 3600, exp: now + 1 };
const MISSING = '401 Missing JWT in headers or cookies (Missing Authorization Header; ';
const REVOKED = '401 Token has been revoked';
const FRESH = { fresh: true };

/** What can be wrong with a request, in the order of the checks, and how many loaders are called before. */
const STEPS: readonly [wrong: string, sent: Sent, refusal: string, calls: number][] = [
  ['no token', {}, MISSING, 0],
  ['a malformed header', TWO_WORDS, `422 ${BAD_HEADER}`, 0],
  ['no structure', { token: 'a.b' }, '422 Not enough segments', 0],
  [
    'another algorithm',
    bearing({}, { alg: 'HS512' }),
    '422 The specified alg value is not allowed',
    0,
  ],
  [
    'a bad signature',
    bearing(PAST, undefined, OTHER_SECRET),
    '422 Signature verification failed',
    1,
  ],
  ['a token of tomorrow', bearing(EARLY), '422 The token is not yet valid (nbf)', 1],
  ['another csrf value', withCookie(PAST, 'x'), '401 CSRF double submit tokens do not match', 1],
  ['an expired token', bearing({ ...PAST, type: 'refresh' }), '401 Token has expired', 1],
  ['the wrong type', bearing({ type: 'refresh' }), '422 Only non-refresh tokens are allowed', 1],
  ['a token that is not fresh', bearing({ jti: 'blocklisted' }), '401 Fresh token required', 1],
  ['an entry in the blocklist', bearing({ ...FRESH, jti: 'blocklisted' }), REVOKED, 2],
  ['a revocation by the loader', bearing({ ...FRESH, revoked: true }), REVOKED, 3],
  ['unverified claims', bearing({ ...FRESH, odd: true }), '400 User claims verification failed', 4],
  ['an unknown user', bearing({ ...FRESH, sub: 'eve' }), '401 Error loading the user eve', 5],
];

describe('The order of the checks of a request', () => {
  let app: RunningApp;
  let called: string[] = [];
  const store = new FaultyStore();

  function noted<T>(name: string, answer: T): T {
    called.push(name);
    return answer;
  }

  beforeAll(async () => {
    store.get.mockImplementation((keys) => {
      const found = keys.map((key) => store.entries.get(key) ?? null);
      return noted('store', found);
    });
    app = await createApp('fastify', {
      controllers: [ProbeController],
      options: {
        locations: ['headers', 'cookies'],
        blocklist: { store },
        loaders: {
          decodeKey: () => noted('decodeKey', SECRET),
          isTokenRevoked: ({ claims }) => noted('isTokenRevoked', claims.revoked === true),
          tokenVerification: ({ claims }) => noted('tokenVerification', claims.odd !== true),
          userLookup: ({ identity }) => noted('userLookup', identity === 'eve' ? null : identity),
        },
        algorithm: 'HS256',
      },
    });
    await app.get(BlocklistService).revoke(forgeToken(accessClaims({ jti: 'blocklisted' })));
  });

  beforeEach(() => {
    called = [];
    ProbeController.entered = 0;
  });

  afterAll(() => app.close());

  it.each(STEPS)('ends at %s, and calls no later loader (R12)', async (_, sent, refusal, calls) => {
    const { cookie } = sent.headers ?? {};
    const { status, body } = await app.send(
      cookie ? 'POST' : 'GET',
      cookie ? '/access' : '/fresh',
      sent,
    );
    const { msg } = body as { msg: string };
    expect(`${status} ${msg}`.startsWith(refusal)).toBe(true);
    expect(called).toEqual(ORDER.slice(0, calls));
    expect(ProbeController.entered).toBe(0);
  });

  it('calls every loader once, in order, before the handler (R12, R56)', async () => {
    const answer = await app.send('GET', '/user', { token: forgeToken(accessClaims()) });
    expect(answer).toMatchObject({ status: 200, body: { user: 'alice' } });
    expect(called).toEqual(ORDER);
  });

  it('calls neither the store nor isTokenRevoked if the route skips the revocation check', async () => {
    const token = forgeToken(accessClaims({ jti: 'blocklisted', revoked: true }));
    expect(await app.send('GET', '/unchecked', { token })).toMatchObject({ status: 200 });
    expect(called).toEqual(['decodeKey', 'tokenVerification', 'userLookup']);
  });

  it('looks up the user of a refresh token, so that a disabled user cannot refresh (R52)', async () => {
    const token = forgeToken(accessClaims({ type: 'refresh', sub: 'eve' }));
    expect(await app.send('GET', '/refresh', { token })).toMatchObject({
      status: 401,
      body: { msg: 'Error loading the user eve' },
    });
    expect(called.at(-1)).toBe('userLookup');
  });

  it('calls the store at every request (R56)', async () => {
    const token = forgeToken(accessClaims());
    for (let count = 0; count < 3; count += 1) await app.send('GET', '/access', { token });
    expect(called.filter((name) => name === 'store')).toHaveLength(3);
  });

  it('is skipped for OPTIONS: no loader is called, and there is no token', async () => {
    const answer = await app.send('OPTIONS', '/access', { token: forgeToken(accessClaims()) });
    expect(answer).toMatchObject({ status: 200, body: { token: null } });
    expect(called).toEqual([]);
  });

  it('is skipped for an optional route without a token', async () => {
    const answer = await app.send('GET', '/optional');
    expect(answer).toMatchObject({ status: 200, body: { identity: null } });
    expect(called).toEqual([]);
  });

  it.each([
    ['is malformed', 'a.b', 422],
    ['has expired', forgeToken(accessClaims(PAST)), 401],
    ['is revoked', forgeToken(accessClaims({ revoked: true })), 401],
    ['has an unknown user', forgeToken(accessClaims({ sub: 'eve' })), 401],
  ])('is kept on an optional route if the token %s', async (...given) => {
    const [, token, status] = given;
    expect(await app.send('GET', '/optional', { token })).toMatchObject({ status });
    expect(ProbeController.entered).toBe(0);
  });
});

function isDeepFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeepFrozen);
}
