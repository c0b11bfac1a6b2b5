import { describe, expect, it } from '@jest/globals';
import { Body, Controller, Inject, Post, Res } from '@nestjs/common';
import {
  type Claims,
  type CreateTokenPairOptions,
  type HttpResponse,
  type JwtExtendedOptions,
  TokenCookies,
  type TokenPair,
  TokenService,
} from '../../../src/index.js';
import { startEndpoints } from '../../support/endpoints.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import { attackedKeys, ONE_OF_EACH_KIND } from '../../support/mutations.js';
import { closedAfterEach } from '../../support/running.js';
import { namesIn, RENEWED, SlidingApp } from '../../support/sliding.js';
import { claimsOf, rejectionOf, startTokens } from '../../support/tokens.js';

const running = closedAfterEach();

const DAY = 86_400;
const LIMITS = { scope: 'read', act: { sub: 'support' } };

/** The rights of alice, which the loader gives; the test changes them. */
let rights: Record<string, unknown> = {};
const loaders = {
  userLookup: ({ identity }: { identity: string }) => ({ id: identity }),
  userIdentity: ({ id }: { id: string }) => id,
  additionalClaims: () => rights,
};

const APPLICATIONS: readonly (readonly [what: string, JwtExtendedOptions])[] = [
  ['with a loader for claims', { loaders }],
  ['without a loader', {}],
  ['with claimsInRefreshToken: false', { loaders, claimsInRefreshToken: false }],
  ['with userClaimsKey', { loaders, userClaimsKey: 'user' }],
];

/** The custom claims of a token. */
function customOf(token: string, { userClaimsKey }: JwtExtendedOptions): Claims {
  const claims = claimsOf(token);
  return userClaimsKey === undefined ? claims : (claims[userClaimsKey] as Claims);
}

interface Session {
  readonly pair: TokenPair;
  readonly clock: Clock;
  readonly next: (pair: TokenPair) => Promise<TokenPair>;
}

type Way = (options: JwtExtendedOptions, given: CreateTokenPairOptions) => Promise<Session>;

const subjectFor = (options: JwtExtendedOptions) => (options.loaders ? { id: 'alice' } : 'alice');

const WAYS: Readonly<Record<string, Way>> = {
  'rotateRefreshToken with text': async (options, given) => {
    const clock = new Clock();
    const { tokens, module } = await startTokens({ clock: clock.now, ...options });
    running.push(module);
    const pair = await tokens.createTokenPair(subjectFor(options), given);
    return { pair, clock, next: ({ refreshToken }) => tokens.rotateRefreshToken(refreshToken) };
  },
  'the refresh endpoint': async (options, given) => {
    const clock = new Clock();
    const app = await startEndpoints('express', { options: { clock: clock.now, ...options } });
    running.push(app);
    const pair = await app.get(TokenService).createTokenPair(subjectFor(options), given);
    const next = async ({ refreshToken: token, sessionId }: TokenPair) => {
      const { status, body } = await app.send('POST', '/auth/refresh', { token });
      expect(status).toBe(200);
      const { access_token, refresh_token } = body as Record<string, string>;
      return { accessToken: access_token, refreshToken: refresh_token, sessionId } as TokenPair;
    };
    return { pair, clock, next };
  },
};

@Controller()
class LogInController {
  constructor(
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(TokenCookies) private readonly cookies: TokenCookies,
  ) {}

  @Post('log-in')
  async logIn(
    @Body() { maxAge }: { maxAge?: string },
    @Res({ passthrough: true }) response: HttpResponse,
  ) {
    const { refreshToken } = await this.tokens.createTokenPair('alice');
    this.cookies.setRefreshCookies(response, refreshToken, { maxAge });
    return 'in';
  }
}

describe.each(Object.entries(WAYS))('R87: What a login decided, through %s', (_way, start) => {
  it.each(APPLICATIONS)('keeps its claims %s, and the rest is of today', async (_what, options) => {
    rights = { scope: 'read write', plan: 'pro' };
    const session = await start(options, { additionalClaims: LIMITS });
    let { pair } = session;
    for (const plan of ['free', 'none']) {
      rights = { scope: 'admin', plan };
      session.clock.forward(60);

      pair = await session.next(pair);

      const today = options.loaders ? { plan } : {};
      expect(customOf(pair.accessToken, options)).toMatchObject({ ...today, ...LIMITS });
      expect(customOf(pair.refreshToken, options)).toMatchObject(LIMITS);
    }
  });

  it('keeps its lifetimes', async () => {
    const given = { accessExpiresIn: '5m', refreshExpiresIn: '12h' } as const;
    const session = await start({}, given);
    let { pair } = session;
    for (const hours of [6, 12]) {
      session.clock.forward(6 * 3600);

      pair = await session.next(pair);

      const now = NOW + hours * 3600;
      expect(claimsOf(pair.accessToken).exp).toBe(now + 300);
      expect(claimsOf(pair.refreshToken).exp).toBe(now + 12 * 3600);
    }
  });

  it('keeps a lifetime without an end', async () => {
    const session = await start({}, { refreshExpiresIn: false });
    const { refreshToken } = await session.next(session.pair);
    expect(claimsOf(refreshToken)).not.toHaveProperty('exp');
  });

  it('adds no claim if there is nothing to keep, but the family of a successor', async () => {
    const session = await start({}, {});
    expect(claimsOf(session.pair.accessToken)).not.toHaveProperty('grant');
    expect(claimsOf(session.pair.refreshToken)).not.toHaveProperty('grant');

    const next = await session.next(session.pair);

    expect(claimsOf(next.accessToken)).not.toHaveProperty('grant');
    const { jti } = claimsOf(session.pair.refreshToken);
    expect(claimsOf(next.refreshToken).grant).toEqual({ family: jti, generation: 1 });
  });
});

describe('R87: What a login decided', () => {
  it.each(APPLICATIONS)('holds when an access cookie is renewed %s', async (_what, options) => {
    rights = { scope: 'read write', plan: 'pro' };
    const sliding = await SlidingApp.start('express', { options });
    running.push(sliding);
    const given = { additionalClaims: LIMITS, accessExpiresIn: '10m' } as const;
    const browser = await sliding.logIn(subjectFor(options), given);
    rights = { scope: 'admin', plan: 'free' };
    for (const minutes of [8, 16]) {
      sliding.clock.forward(8 * 60);
      expect(namesIn((await browser.send('GET', '/room')).cookies)).toEqual(RENEWED);

      const token = browser.cookie('access_token_cookie') ?? '';
      const today = options.loaders ? { plan: 'free' } : {};
      expect(customOf(token, options)).toMatchObject({ ...today, ...LIMITS });
      expect(claimsOf(token).exp).toBe(NOW + minutes * 60 + 600);
    }
  });

  it('holds in an access token that createAccessToken makes from another one', async () => {
    rights = { scope: 'read write' };
    const { tokens, module } = await startTokens({ loaders });
    running.push(module);
    const alice = { id: 'alice' };
    const given = { additionalClaims: LIMITS, accessExpiresIn: '5m' } as const;
    const { refreshToken, sessionId } = await tokens.createTokenPair(alice, given);
    const { auth_time } = claimsOf(refreshToken);

    const token = await tokens.createAccessToken(alice, { from: refreshToken });

    expect(claimsOf(token)).toMatchObject({ ...LIMITS, sid: sessionId, auth_time });
    expect(Number(claimsOf(token).exp) - Number(claimsOf(token).iat)).toBe(300);
  });

  it('of a lone refresh token holds, too', async () => {
    const { tokens, module } = await startTokens();
    running.push(module);
    const given = { additionalClaims: LIMITS, expiresIn: '2h' } as const;
    const lone = await tokens.createRefreshToken('alice', given);

    const { accessToken, refreshToken } = await tokens.rotateRefreshToken(lone);

    expect(claimsOf(accessToken)).toMatchObject(LIMITS);
    expect(Number(claimsOf(accessToken).exp) - Number(claimsOf(accessToken).iat)).toBe(900);
    expect(Number(claimsOf(refreshToken).exp) - Number(claimsOf(refreshToken).iat)).toBe(7200);
  });

  it('is what JSON writes of the claims, now and later: the toJSON of an entity may hide members', async () => {
    const { tokens, module } = await startTokens();
    running.push(module);
    const entity = (role: string) => ({
      hash: 'secret',
      left: { toJSON: () => undefined },
      toJSON: () => ({ role, left: { toJSON: () => undefined } }),
    });
    const first = await tokens.createTokenPair('alice', { additionalClaims: entity('one') });
    const second = await tokens.rotateRefreshToken(first.refreshToken, {
      additionalClaims: entity('two'),
    });
    const third = await tokens.rotateRefreshToken(second.refreshToken);
    const from = await tokens.createAccessToken('alice', {
      from: third.refreshToken,
      additionalClaims: entity('three'),
    });

    const roles = [first, second, third].flatMap((pair) => [pair.accessToken, pair.refreshToken]);
    const expected = ['one', 'one', 'two', 'two', 'two', 'two', 'three'];
    for (const [index, token] of [...roles, from].entries()) {
      const { claims } = await tokens.decodeToken(token);
      expect(claims).toMatchObject({ role: expected[index], grant: { claims: ['role'] } });
      expect(JSON.stringify(claims)).not.toContain('secret');
    }
  });

  it.each(['admin', ['admin'], 5, true])(
    'cannot be %j in place of claims, in any call',
    async (additionalClaims) => {
      const { tokens, module } = await startTokens();
      running.push(module);
      const { refreshToken } = await tokens.createTokenPair('alice');
      const given = { additionalClaims: additionalClaims as object };
      for (const made of [
        tokens.createTokenPair('alice', given),
        tokens.createAccessToken('alice', given),
        tokens.createAccessToken('alice', { ...given, from: refreshToken }),
        tokens.createRefreshToken('alice', given),
        tokens.rotateRefreshToken(refreshToken, given),
      ])
        expect(await rejectionOf(made)).toMatchObject({
          name: 'TokenCreationError',
          message: 'additionalClaims must be an object',
        });
    },
  );

  it('is replaced by what a rotation decides, which then holds in its turn', async () => {
    const { tokens, module } = await startTokens();
    running.push(module);
    const first = await tokens.createTokenPair('alice', { additionalClaims: { team: 1, seat: 1 } });
    const options = { additionalClaims: { team: 2, desk: 2 }, refreshExpiresIn: '1h' } as const;

    const second = await tokens.rotateRefreshToken(first.refreshToken, options);
    const third = await tokens.rotateRefreshToken(second.refreshToken);

    expect(claimsOf(third.accessToken)).toMatchObject({ team: 2, seat: 1, desk: 2 });
    expect(Number(claimsOf(third.refreshToken).exp)).toBe(
      Number(claimsOf(third.refreshToken).iat) + 3600,
    );
  });

  it('makes cookies persistent with remember: true, also after a refresh, and no others', async () => {
    for (const [options, remember, persistent] of [
      [{}, true, true],
      [{}, undefined, false],
      [{ cookies: { session: false } }, undefined, true],
      [{ cookies: { session: false } }, false, false],
    ] as const) {
      const app = await startEndpoints('express', {
        options: { locations: ['cookies'], clock: new Clock().now, ...options },
      });
      running.push(app);
      const given = remember === undefined ? {} : { remember };
      const pair = await app.get(TokenService).createTokenPair('alice', given);
      const headers = {
        cookie: `refresh_token_cookie=${pair.refreshToken}`,
        'x-csrf-token': String(claimsOf(pair.refreshToken).csrf),
      };

      const { status, cookies } = await app.send('POST', '/auth/refresh', { headers });

      expect([status, cookies.length]).toEqual([200, 4]);
      for (const line of cookies) expect(line.includes('Max-Age=')).toBe(persistent);
      for (const line of cookies.filter((each) => persistent && each.includes('refresh')))
        expect(line).toContain(`Max-Age=${30 * DAY};`);
    }
  });

  it.each([
    ['30d', true],
    [0, false],
    [undefined, false],
  ])('makes cookies persistent that were set with maxAge: %j: %j', async (maxAge, persistent) => {
    const app = await startEndpoints('fastify', {
      controllers: [LogInController],
      options: { locations: ['cookies'], clock: new Clock().now },
    });
    running.push(app);
    const { cookies: set } = await app.send('POST', '/log-in', { json: { maxAge } });
    const [token = ''] = /(?<=refresh_token_cookie=)[^;]+/.exec(set.join('\n')) ?? [];
    const headers = {
      cookie: `refresh_token_cookie=${token}`,
      'x-csrf-token': String(claimsOf(token).csrf),
    };

    const { status, cookies } = await app.send('POST', '/auth/refresh', { headers });

    expect([status, cookies.length]).toEqual([200, 4]);
    for (const line of cookies) expect(line.includes('Max-Age=')).toBe(persistent);
  });

  /** A response of Node, and what was set in it. */
  const fakeResponse = () => {
    const lines: string[] = [];
    const setHeader = (name: string, value: string | readonly string[]) =>
      void (name === 'Set-Cookie' && lines.splice(0, Infinity, ...[value].flat()));
    const tokens = () =>
      lines.flatMap((line) => /(?<=^(?:access|refresh)_token_cookie=)[^;]+/.exec(line) ?? []);
    return { response: { setHeader, getHeader: () => lines }, lines, tokens };
  };
  const ENDING = { sessions: { lifetime: '1d' } } as const;

  it.each(ONE_OF_EACH_KIND)(
    'is in the tokens of cookies as soon as they are set, signed with %s',
    async (algorithm) => {
      const { tokens, module } = await startTokens({
        ...attackedKeys(algorithm).options,
        ...ENDING,
      });
      running.push(module);
      const pair = await tokens.createTokenPair('alice');
      const { response, tokens: inCookies } = fakeResponse();

      module.get(TokenCookies).setPair(response, pair, { maxAge: '1h' });

      const found = inCookies();
      expect(found).toHaveLength(2);
      for (const token of found) {
        const grant = { cookie: true, remember: true };
        expect((await tokens.decodeToken(token)).claims).toMatchObject({ grant });
      }
    },
  );

  it.each<[what: string, options: JwtExtendedOptions]>([
    ['gives the keys', { loaders: { encodeKey: () => SECRET, decodeKey: () => SECRET } }],
    ['gives the keys that verify', { secret: SECRET, loaders: { decodeKey: () => SECRET } }],
  ])(
    'is not added to a cookie if a loader %s: no forged token may get a good signature',
    async (_what, options) => {
      const { tokens, module } = await startTokens({
        ...{ secret: undefined, algorithm: 'HS256', ...ENDING },
        ...options,
      });
      running.push(module);
      const { accessToken } = await tokens.createTokenPair('alice');
      const forged = forgeToken(claimsOf(accessToken), undefined, 'x'.repeat(64));
      for (const token of [accessToken, forged]) {
        const { response, tokens: inCookies } = fakeResponse();
        module.get(TokenCookies).setAccessCookies(response, token, { maxAge: '1h' });
        expect(inCookies()).toEqual([token]);
      }
      expect(await tokens.verifyToken(forged)).toBe(false);
    },
  );

  it('cannot be written by the application itself: the claim grant is reserved', async () => {
    const { tokens, module } = await startTokens();
    running.push(module);
    const given = { additionalClaims: { grant: {} } };
    for (const made of [
      tokens.createTokenPair('alice', given),
      tokens.createAccessToken('alice', given),
      tokens.createRefreshToken('alice', given),
    ])
      expect(await rejectionOf(made)).toMatchObject({
        name: 'TokenCreationError',
        message: "additionalClaims may not contain 'grant': the name is reserved",
      });
  });

  it.each([1, 'yes', null])('does not take %p for remember', async (remember) => {
    const { tokens, module } = await startTokens();
    running.push(module);
    const given = { remember: remember as unknown as boolean };
    expect(await rejectionOf(tokens.createTokenPair('alice', given))).toMatchObject({
      name: 'TokenCreationError',
      message: 'remember must be true or false',
    });
  });
});

describe('A forged grant', () => {
  const roles = { roles: ['member'] };

  it.each<[what: string, grant: unknown]>([
    ['is no object', 'all'],
    ['is null', null],
    ['is a list', [{ claims: ['roles'] }]],
    ['is empty', {}],
    ['has a member of another version', { limits: ['roles'] }],
    ['names claims that the token lacks', { claims: ['roles', 'scope'] }],
    ['names no claims', { claims: [] }],
    ['names claims that are no text', { claims: [7] }],
    ['names a registered claim', { claims: ['exp'] }],
    ['names the identity', { claims: ['sub'] }],
    ['names a member of every object', { claims: ['__proto__'] }],
    ['has a lifetime that is text', { access: '15m' }],
    ['has a lifetime that is a fraction', { refresh: 0.5 }],
    ['has a lifetime that is true', { refresh: true }],
    ['has a lifetime of nothing', { access: 0 }],
    ['has a refresh lifetime of nothing', { refresh: 0 }],
    ['has a lifetime of over 100 years', { access: 9e15 }],
    ['has a lifetime that ended 100 years ago', { refresh: -9e15 }],
    ['remembers something else', { remember: 1 }],
    ['was delivered elsewhere', { cookie: false }],
    ['has a family without a generation', { family: 'f' }],
    ['has a generation without a family', { generation: 1 }],
    ['has a family that is no text', { family: 1, generation: 1 }],
    ['has an empty family', { family: '', generation: 1 }],
    ['has a huge family', { family: 'f'.repeat(257), generation: 1 }],
    ['has the generation 0', { family: 'f', generation: 0 }],
    ['has a negative generation', { family: 'f', generation: -1 }],
    ['has a generation that is a fraction', { family: 'f', generation: 1.5 }],
    ['has a generation that is text', { family: 'f', generation: '1' }],
    ['has a huge generation', { family: 'f', generation: 2 ** 53 }],
  ])('that %s is refused with its token', async (_what, grant) => {
    const clock = new Clock();
    const { tokens, module } = await startTokens({ clock: clock.now });
    running.push(module);
    const claims = accessClaims({ iat: NOW, nbf: NOW, exp: NOW + 900, ...roles, grant });
    const [access, refresh] = [forgeToken(claims), forgeToken({ ...claims, type: 'refresh' })];

    for (const refusal of [
      rejectionOf(tokens.authenticate(access)),
      rejectionOf(tokens.decodeToken(refresh)),
      rejectionOf(tokens.rotateRefreshToken(refresh)),
    ])
      expect(await refusal).toMatchObject({
        code: 'TOKEN_INVALID',
        message: 'Invalid claim format in token',
      });
  });

  it('of a family that the store does not know is refused, and nothing is written', async () => {
    const clock = new Clock();
    const { tokens, module } = await startTokens({ clock: clock.now });
    running.push(module);
    const { refreshToken, sessionId } = await tokens.createTokenPair('alice');
    const forged = forgeToken(
      accessClaims({
        ...{ type: 'refresh', iat: NOW, nbf: NOW, exp: NOW + 900, sid: sessionId },
        grant: { family: 'unknown', generation: 3 },
      }),
    );

    expect(await rejectionOf(tokens.rotateRefreshToken(forged))).toMatchObject({
      code: 'TOKEN_REVOKED',
    });
    expect(await tokens.rotateRefreshToken(refreshToken)).toHaveProperty('accessToken');
  });

  it.each([
    ['a generation that the family has not reached', 7],
    ['the newest generation under another id', 1],
  ])('of a known family with %s ends the session', async (_what, generation) => {
    const clock = new Clock();
    const { tokens, module } = await startTokens({ clock: clock.now });
    running.push(module);
    const first = await tokens.createTokenPair('alice');
    const next = await tokens.rotateRefreshToken(first.refreshToken);
    const { jti: family, sid } = claimsOf(first.refreshToken);
    const forged = forgeToken(
      accessClaims({
        ...{ type: 'refresh', iat: NOW, nbf: NOW, exp: NOW + 900, sid },
        grant: { family, generation },
      }),
    );

    expect(await rejectionOf(tokens.rotateRefreshToken(forged))).toMatchObject({
      code: 'TOKEN_REUSED',
    });
    expect(await tokens.verifyToken(next.accessToken)).toBe(false);
  });
});
