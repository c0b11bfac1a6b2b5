import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Inject, Post, UseGuards } from '@nestjs/common';
import {
  type BlocklistStore,
  CurrentIdentity,
  CurrentToken,
  ExpiredTokenError,
  type JwtContext,
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  RefreshGuard,
  ReusedTokenError,
  RevokedTokenError,
  type Token,
  type TokenPair,
  TokenService,
  UserLookupError,
  WrongTokenTypeError,
} from '../../../src/index.js';
import { createApp } from '../../support/app.js';
import { FaultyStore } from '../../support/faults.js';
import { accessClaims, Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import {
  claimsAtNow,
  claimsOf,
  rejectionOf,
  startTokens,
  type TokenTools,
} from '../../support/tokens.js';

/** Tokens of a service whose clock is moved by hand. */
async function start(options: JwtExtendedOptions = {}) {
  const clock = new Clock();
  const tools = await startTokens({ clock: clock.now, ...options });
  running.push(tools);
  const { tokens } = tools;
  /** Why a token is not rotated. */
  const refusal = (token: string | Token) => rejectionOf(tokens.rotateRefreshToken(token));
  return { ...tools, clock, refusal };
}

/** A service that has begun a session. */
async function loggedIn(options: JwtExtendedOptions = {}) {
  const tools = await start(options);
  const first = await tools.tokens.createTokenPair('alice');
  return { ...tools, first, ...first };
}

const running: TokenTools[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ module }) => module.close()));
});

/** What makes a token different from all others. */
function idsOf({ accessToken, refreshToken }: TokenPair): unknown[] {
  return [accessToken, refreshToken]
    .map(claimsOf)
    .flatMap(({ jti, csrf, iat }) => [jti, csrf, iat]);
}

describe('A refresh token', () => {
  it('is exchanged for a new pair of the same session and login, which is not fresh, and leaves the earlier access token valid', async () => {
    const { tokens, clock } = await start();
    const first = await tokens.createTokenPair('alice', { fresh: true });
    clock.forward(60);

    const second = await tokens.rotateRefreshToken(first.refreshToken);

    expect(second.sessionId).toBe(first.sessionId);
    const iat = NOW + 60;
    const session = { sub: 'alice', sid: first.sessionId, auth_time: NOW, fresh: false, iat };
    const access = { ...session, type: 'access', exp: iat + 900 };
    const refresh = { ...session, type: 'refresh', exp: iat + 30 * 86_400 };
    expect(claimsOf(second.accessToken)).toMatchObject(access);
    expect(claimsOf(second.refreshToken)).toMatchObject(refresh);
    for (const valid of [first.accessToken, second.accessToken])
      expect(await tokens.verifyToken(valid)).toBe(true);
    expect(await tokens.verifyToken(second.refreshToken, { type: 'refresh' })).toBe(true);
  });

  it('gives the same successor again within the grace', async () => {
    const { tokens, clock, first } = await loggedIn();
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(9);

    const again = await tokens.rotateRefreshToken(first.refreshToken);

    expect(idsOf(again)).toEqual(idsOf(second));
    expect(await tokens.verifyToken(again.refreshToken, { type: 'refresh' })).toBe(true);
  });

  it('R60: ends its session when it comes again after the grace', async () => {
    const { tokens, clock, refusal, first } = await loggedIn();
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(10);

    const error = await refusal(first.refreshToken);

    expect(error).toBeInstanceOf(ReusedTokenError);
    expect(error).toMatchObject({ code: 'TOKEN_REUSED', message: 'Token has been revoked' });
    for (const encoded of [first.accessToken, second.accessToken])
      expect(await tokens.verifyToken(encoded)).toBe(false);
    expect(await tokens.verifyToken(second.refreshToken, { type: 'refresh' })).toBe(false);
  });

  it('R60: ends its session when it comes again after its successor was rotated, even within the grace', async () => {
    const { tokens, refusal, first } = await loggedIn();
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    const third = await tokens.rotateRefreshToken(second.refreshToken);

    const error = await refusal(first.refreshToken);

    expect(error).toBeInstanceOf(ReusedTokenError);
    expect(await tokens.verifyToken(third.accessToken)).toBe(false);
    expect(await tokens.verifyToken(third.refreshToken, { type: 'refresh' })).toBe(false);
  });

  it('R74: does not get the grace again if the clock is set back', async () => {
    const { tokens, clock, refusal, first } = await loggedIn();
    clock.forward(3600);
    await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(-3600);

    expect(await refusal(first.refreshToken)).toBeInstanceOf(ReusedTokenError);
  });

  it('R59: gives the same successor to any number of clients that race', async () => {
    const { tokens, first } = await loggedIn();

    const pairs = await Promise.all(
      Array.from({ length: 50 }, () => tokens.rotateRefreshToken(first.refreshToken)),
    );

    expect(new Set(pairs.map((pair) => JSON.stringify(idsOf(pair)))).size).toBe(1);
  });

  it('R59: gives a successor to at most one of them without a grace, and the others end the session', async () => {
    const { tokens, first } = await loggedIn({ rotation: { grace: 0 } });

    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => tokens.rotateRefreshToken(first.refreshToken)),
    );

    const winners = outcomes.filter(({ status }) => status === 'fulfilled');
    const losers = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(winners.length).toBeLessThanOrEqual(1);
    expect(losers.every(({ reason }) => reason instanceof RevokedTokenError)).toBe(true);
    expect(losers.some(({ reason }) => reason instanceof ReusedTokenError)).toBe(true);
  });

  it('that belongs to no session starts one with its own id', async () => {
    const { tokens } = await start();
    const lone = await tokens.createRefreshToken('alice');

    const pair = await tokens.rotateRefreshToken(lone);

    expect(pair.sessionId).toBe(claimsOf(lone).jti);
    expect(claimsOf(pair.refreshToken)).toMatchObject({ sid: pair.sessionId, auth_time: NOW });
  });

  it('of a session that this application did not begin continues that session', async () => {
    const { tokens, clock } = await start();
    clock.seconds = Math.floor(Date.now() / 1000);
    const foreign = forgeToken(accessClaims({ type: 'refresh', sid: 'elsewhere' }));

    const pair = await tokens.rotateRefreshToken(foreign);

    expect(pair.sessionId).toBe('elsewhere');
  });

  it('can be given as the result of decodeToken', async () => {
    const { tokens, refreshToken } = await loggedIn();

    const pair = await tokens.rotateRefreshToken(await tokens.decodeToken(refreshToken));

    expect(await tokens.verifyToken(pair.refreshToken, { type: 'refresh' })).toBe(true);
  });

  it('is refused once it has expired, even if it was decoded with allowExpired', async () => {
    const { tokens, clock, refusal } = await start();
    const { refreshToken } = await tokens.createTokenPair('alice', { refreshExpiresIn: 60 });
    clock.forward(60);
    const lenient = await tokens.decodeToken(refreshToken, { allowExpired: true });

    expect(await refusal(refreshToken)).toBeInstanceOf(ExpiredTokenError);
    expect(await refusal(lenient)).toBeInstanceOf(ExpiredTokenError);
  });

  it('is refused once it, its session, its identity or everything is revoked', async () => {
    const { tokens, blocklist, clock, refusal } = await start();
    const revocations: ((pair: TokenPair) => Promise<unknown>)[] = [
      ({ refreshToken }) => blocklist.revoke(refreshToken),
      ({ sessionId }) => blocklist.revokeSession(sessionId),
      () => blocklist.revokeAllFor('alice'),
      () => blocklist.revokeAllIssuedBefore(clock.now()),
    ];
    for (const revoke of revocations) {
      clock.forward(2);
      const pair = await tokens.createTokenPair('alice');
      clock.forward(1);
      await revoke(pair);

      expect(await refusal(pair.refreshToken)).toMatchObject({
        code: 'TOKEN_REVOKED',
      });
    }
  });

  it('is refused if it is an access token or no token', async () => {
    const { tokens, refusal } = await start();
    const { accessToken } = await tokens.createTokenPair('alice');

    expect(await refusal(accessToken)).toBeInstanceOf(WrongTokenTypeError);
    for (const nothing of [undefined, null, 7, {}])
      expect(await refusal(nothing as unknown as string)).toBeInstanceOf(TypeError);
  });

  it('is refused if it is revoked between the look-up and the claim', async () => {
    const store: BlocklistStore = new MemoryBlocklistStore();
    const { blocklist, refusal, refreshToken, sessionId } = await loggedIn({
      blocklist: { store },
    });
    const add = store.add.bind(store);
    store.add = async (...claim) => {
      store.add = add;
      await blocklist.revokeSession(sessionId);
      return add(...claim);
    };

    expect(await refusal(refreshToken)).toBeInstanceOf(RevokedTokenError);
  });

  it('that never expires is known as rotated for ever', async () => {
    const { tokens, clock, refusal, first } = await loggedIn({ refreshTokenExpires: false });
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(50 * 365 * 86_400);

    expect(claimsOf(second.refreshToken)).not.toHaveProperty('exp');
    expect(await refusal(first.refreshToken)).toBeInstanceOf(ReusedTokenError);
  });

  it.each<[string, JwtExtendedOptions, object, object]>([
    [
      'an issuer that gives no jti',
      { acceptForeignTokens: true },
      { jti: undefined },
      { code: 'TOKEN_INVALID', message: 'Missing claim: jti' },
    ],
    [
      'an issuer that gives no iat, so that its session began in 1970',
      { acceptForeignTokens: true, sessions: { lifetime: '90d' } },
      { iat: undefined },
      { code: 'TOKEN_EXPIRED' },
    ],
    [
      'a session that is older than a lifetime of sessions that was set later (R64)',
      { sessions: { lifetime: '1h' } },
      { iat: NOW - 4000, nbf: 0, auth_time: NOW - 4000, exp: NOW + 9999 },
      { code: 'TOKEN_EXPIRED' },
    ],
  ])('is not rotated if it is of %s', async (_, options, claims, reason) => {
    const { refusal } = await start(options);
    const token = forgeToken(claimsAtNow({ type: 'refresh', ...claims }));

    expect(await refusal(token)).toMatchObject(reason);
  });

  it('is not rotated in a store that is not atomic', async () => {
    const store = Object.assign(new FaultyStore(), { isAtomic: false });
    const { refusal, refreshToken } = await loggedIn({ blocklist: { store } });

    expect(await refusal(refreshToken)).toMatchObject({
      name: 'JwtExtendedConfigError',
      message: expect.stringContaining('needs a store whose add and replace are atomic') as unknown,
    });
  });

  it('that was rotated stays rotated after unrevoke', async () => {
    const { tokens, blocklist, clock, refusal, refreshToken } = await loggedIn();
    await tokens.rotateRefreshToken(refreshToken);
    clock.forward(60);

    await blocklist.unrevoke(claimsOf(refreshToken).jti as string);

    expect(await refusal(refreshToken)).toBeInstanceOf(ReusedTokenError);
  });
});

describe('A claim', () => {
  it('whose acknowledgement was lost is recognized by the call that made it, even without a grace', async () => {
    const store = new FaultyStore();
    const { tokens, refusal, refreshToken } = await loggedIn({
      blocklist: { store },
      rotation: { grace: 0 },
    });
    // As a client does that sends a command again after the connection was lost.
    store.add.mockImplementation((key, value) => {
      store.entries.set(key, value);
      return Promise.resolve(false);
    });

    const pair = await tokens.rotateRefreshToken(refreshToken);

    store.recover();
    expect(await tokens.verifyToken(pair.refreshToken, { type: 'refresh' })).toBe(true);
    expect(await refusal(refreshToken)).toBeInstanceOf(ReusedTokenError);
  });

  it('that the store refuses, and then does not find, gives no tokens', async () => {
    const store = new FaultyStore();
    const { refusal, refreshToken } = await loggedIn({ blocklist: { store } });
    store.add.mockResolvedValue(false);

    expect(await refusal(refreshToken)).toMatchObject({
      code: 'CHECK_UNAVAILABLE',
      cause: { message: 'The blocklist store refused to write an entry that it does not have' },
    });
  });
});

describe('R52: The user lookup', () => {
  it('runs first: a user who is gone gets nothing, and the token is not rotated', async () => {
    const users = new Set(['alice']);
    const userLookup = ({ identity }: Token) => (users.has(identity) ? { id: identity } : null);
    const { tokens, refusal, refreshToken } = await loggedIn({ loaders: { userLookup } });
    users.clear();

    expect(await refusal(refreshToken)).toBeInstanceOf(UserLookupError);
    users.add('alice');
    expect(await tokens.rotateRefreshToken(refreshToken)).toHaveProperty('refreshToken');
  });

  it('finds the subject for the claims, while the identity stays as it is', async () => {
    const { tokens } = await start({
      loaders: {
        userIdentity: (user: { id: string }) => user.id,
        userLookup: ({ identity }) => ({ id: identity, role: 'admin' }),
        additionalClaims: (user: { role: string }) => ({ role: user.role }),
      },
    });
    const { refreshToken } = await tokens.createTokenPair({ id: 'alice', role: 'member' });

    const { accessToken } = await tokens.rotateRefreshToken(refreshToken);

    expect(claimsOf(accessToken)).toMatchObject({ sub: 'alice', role: 'admin' });
  });

  it.each([null, 0, false])('keeps the identity of the login, %j too', async (identity) => {
    let given: unknown = identity;
    const { tokens } = await start({ verifySub: false, loaders: { userIdentity: () => given } });
    const { refreshToken } = await tokens.createTokenPair('alice');

    given = 'mallory';

    expect(claimsOf((await tokens.rotateRefreshToken(refreshToken)).accessToken).sub).toBe(
      identity,
    );
  });
});

describe('Without a userLookup loader, if subjects are more than their identity', () => {
  const userIdentity = ({ name }: { name: string }) => name;

  it.each([
    ['additionalClaims', { additionalClaims: ({ roles }: { roles: string[] }) => ({ roles }) }],
    ['additionalHeaders', { additionalHeaders: () => ({}) }],
    ['encodeKey', { encodeKey: () => SECRET }],
  ])('no token is rotated if there is the loader %s', async (name, loader) => {
    const { tokens, refusal } = await start({ loaders: { userIdentity, ...loader } });
    const { refreshToken } = await tokens.createTokenPair({ name: 'alice', roles: ['admin'] });

    const message = expect.stringContaining(`loaders.${name} needs the subject`) as unknown;
    for (let time = 0; time < 2; time += 1)
      expect(await refusal(refreshToken)).toMatchObject({
        name: 'JwtExtendedConfigError',
        message,
      });
  });

  it('a token is rotated if no loader needs the subject', async () => {
    const { tokens } = await start({ loaders: { userIdentity } });
    const { refreshToken } = await tokens.createTokenPair({ name: 'alice' });

    expect(claimsOf((await tokens.rotateRefreshToken(refreshToken)).accessToken).sub).toBe('alice');
  });
});

describe('R64: The lifetime of a session', () => {
  const options = { sessions: { lifetime: '1h' } } as const;

  it('caps the expiry of every token, and then no token is rotated', async () => {
    const { tokens, clock, refusal } = await start(options);
    const first = await tokens.createTokenPair('alice', { accessExpiresIn: '2h' });
    expect(claimsOf(first.accessToken).exp).toBe(NOW + 3600);
    clock.forward(3000);

    const second = await tokens.rotateRefreshToken(first.refreshToken);

    expect(claimsOf(second.accessToken).exp).toBe(NOW + 3600);
    expect(claimsOf(second.refreshToken).exp).toBe(NOW + 3600);
    clock.forward(600);
    expect(await refusal(second.refreshToken)).toBeInstanceOf(ExpiredTokenError);
  });
});

describe('R63: A failure between the claim and the new tokens', () => {
  async function failedOnce() {
    let isBroken = false;
    const additionalClaims = () => {
      if (isBroken) throw new Error('the directory is away');
      return {};
    };
    const tools = await start({ loaders: { additionalClaims } });
    const { refreshToken } = await tools.tokens.createTokenPair('alice');
    isBroken = true;
    expect(await tools.refusal(refreshToken)).toMatchObject({ code: 'CHECK_UNAVAILABLE' });
    isBroken = false;
    return { ...tools, refreshToken };
  }

  it('gives the same successors to the next attempt within the grace', async () => {
    const { tokens, refreshToken } = await failedOnce();

    const second = await tokens.rotateRefreshToken(refreshToken);
    const again = await tokens.rotateRefreshToken(refreshToken);

    expect(idsOf(again)).toEqual(idsOf(second));
  });

  it('makes a new login necessary after the grace', async () => {
    const { clock, refusal, refreshToken } = await failedOnce();
    clock.forward(11);

    expect(await refusal(refreshToken)).toBeInstanceOf(ReusedTokenError);
  });
});

@Controller()
class RefreshController {
  constructor(@Inject(TokenService) private readonly tokens: TokenService) {}

  @UseGuards(RefreshGuard)
  @Post('refresh')
  refresh(@CurrentToken() token: JwtContext) {
    return this.tokens.rotateRefreshToken(token);
  }

  /** A route of an application without rotation. */
  @UseGuards(RefreshGuard)
  @Post('classic')
  async classic(@CurrentIdentity() identity: string) {
    return { access_token: await this.tokens.createAccessToken(identity) };
  }
}

describe('A route with RefreshGuard', () => {
  it.each(['/refresh', '/classic'])(
    'R60: refuses a rotated token on %s after the grace, and the whole session with it',
    async (path) => {
      const clock = new Clock();
      const app = await createApp('express', {
        controllers: [RefreshController],
        options: { clock: clock.now, errorCodeKey: 'code', rotation: { grace: '10s' } },
      });
      const tokens = app.get(TokenService);
      const codeOf = async (route: string, token: string) =>
        ((await app.send('POST', route, { token })).body as { code?: string }).code;
      const { refreshToken } = await tokens.createTokenPair('alice');
      const { status, body } = await app.send('POST', '/refresh', { token: refreshToken });
      const next = body as TokenPair;
      expect([status, await tokens.verifyToken(next.accessToken)]).toEqual([201, true]);
      clock.forward(10);

      expect(await codeOf(path, refreshToken)).toBe('TOKEN_REUSED');
      expect(await tokens.verifyToken(next.accessToken)).toBe(false);
      expect(await codeOf('/refresh', next.refreshToken)).toBe('TOKEN_REVOKED');
      expect(await codeOf(path, refreshToken)).toBe('TOKEN_REUSED');
      await app.close();
    },
  );
});
