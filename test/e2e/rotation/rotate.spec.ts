import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Post, Res, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  type BlocklistStore,
  CurrentIdentity,
  CurrentToken,
  ExpiredTokenError,
  type HttpResponse,
  type JwtContext,
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  RefreshGuard,
  ReusedTokenError,
  RevokedTokenError,
  type Token,
  TokenCookies,
  type TokenPair,
  TokenService,
  UserLookupError,
  WrongTokenTypeError,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
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
async function start(options: JwtExtendedOptions = {}): Promise<TokenTools & { clock: Clock }> {
  const clock = new Clock();
  const tools = await startTokens({ clock: clock.now, ...options });
  running.push(tools);
  return { ...tools, clock };
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
  it('is exchanged for a new pair of the same session and login, which is not fresh', async () => {
    const { tokens, clock } = await start();
    const first = await tokens.createTokenPair('alice', { fresh: true });
    clock.forward(60);

    const second = await tokens.rotateRefreshToken(first.refreshToken);

    expect(second.sessionId).toBe(first.sessionId);
    const session = { sub: 'alice', sid: first.sessionId, auth_time: NOW, fresh: false };
    expect(claimsOf(second.accessToken)).toMatchObject({
      ...session,
      type: 'access',
      iat: NOW + 60,
      exp: NOW + 60 + 900,
    });
    expect(claimsOf(second.refreshToken)).toMatchObject({
      ...session,
      type: 'refresh',
      iat: NOW + 60,
      exp: NOW + 60 + 30 * 86_400,
    });
    expect(await tokens.verifyToken(second.accessToken)).toBe(true);
    expect(await tokens.verifyToken(second.refreshToken)).toBe(true);
  });

  it('leaves the earlier access token valid', async () => {
    const { tokens } = await start();
    const first = await tokens.createTokenPair('alice');

    await tokens.rotateRefreshToken(first.refreshToken);

    expect(await tokens.verifyToken(first.accessToken)).toBe(true);
  });

  it('gives the same successor again within the grace', async () => {
    const { tokens, clock } = await start();
    const first = await tokens.createTokenPair('alice');
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(9);

    const again = await tokens.rotateRefreshToken(first.refreshToken);

    expect(idsOf(again)).toEqual(idsOf(second));
    expect(await tokens.verifyToken(again.refreshToken)).toBe(true);
  });

  it('R60: ends its session when it comes again after the grace', async () => {
    const { tokens, clock } = await start();
    const first = await tokens.createTokenPair('alice');
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(10);

    const error = await rejectionOf(tokens.rotateRefreshToken(first.refreshToken));

    expect(error).toBeInstanceOf(ReusedTokenError);
    expect(error).toMatchObject({ code: 'TOKEN_REUSED', message: 'Token has been revoked' });
    for (const encoded of [first.accessToken, second.accessToken, second.refreshToken])
      expect(await tokens.verifyToken(encoded)).toBe(false);
  });

  it('R60: ends its session when it comes again after its successor was rotated, even within the grace', async () => {
    const { tokens } = await start();
    const first = await tokens.createTokenPair('alice');
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    const third = await tokens.rotateRefreshToken(second.refreshToken);

    const error = await rejectionOf(tokens.rotateRefreshToken(first.refreshToken));

    expect(error).toBeInstanceOf(ReusedTokenError);
    expect(await tokens.verifyToken(third.refreshToken)).toBe(false);
  });

  it('R74: does not get the grace again if the clock is set back', async () => {
    const { tokens, clock } = await start();
    const first = await tokens.createTokenPair('alice');
    clock.forward(3600);
    await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(-3600);

    expect(await rejectionOf(tokens.rotateRefreshToken(first.refreshToken))).toBeInstanceOf(
      ReusedTokenError,
    );
  });

  it('R59: gives the same successor to any number of clients that race', async () => {
    const { tokens } = await start();
    const first = await tokens.createTokenPair('alice');

    const pairs = await Promise.all(
      Array.from({ length: 50 }, () => tokens.rotateRefreshToken(first.refreshToken)),
    );

    expect(new Set(pairs.map((pair) => JSON.stringify(idsOf(pair)))).size).toBe(1);
  });

  it('R59: gives a successor to at most one of them without a grace, and the others end the session', async () => {
    const { tokens } = await start({ rotation: { grace: 0 } });
    const first = await tokens.createTokenPair('alice');

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
    const { tokens } = await start();
    const { refreshToken } = await tokens.createTokenPair('alice');

    const pair = await tokens.rotateRefreshToken(await tokens.decodeToken(refreshToken));

    expect(await tokens.verifyToken(pair.refreshToken)).toBe(true);
  });

  it('is refused once it has expired, even if it was decoded with allowExpired', async () => {
    const { tokens, clock } = await start();
    const { refreshToken } = await tokens.createTokenPair('alice', { refreshExpiresIn: 60 });
    clock.forward(60);
    const lenient = await tokens.decodeToken(refreshToken, { allowExpired: true });

    expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toBeInstanceOf(
      ExpiredTokenError,
    );
    expect(await rejectionOf(tokens.rotateRefreshToken(lenient))).toBeInstanceOf(ExpiredTokenError);
  });

  it('is refused once it, its session, its identity or everything is revoked', async () => {
    const { tokens, blocklist, clock } = await start();
    const revocations: ((pair: TokenPair) => Promise<void>)[] = [
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

      expect(await rejectionOf(tokens.rotateRefreshToken(pair.refreshToken))).toMatchObject({
        code: 'TOKEN_REVOKED',
      });
    }
  });

  it('is refused if it is an access token or no token', async () => {
    const { tokens } = await start();
    const { accessToken } = await tokens.createTokenPair('alice');

    expect(await rejectionOf(tokens.rotateRefreshToken(accessToken))).toBeInstanceOf(
      WrongTokenTypeError,
    );
    for (const nothing of [undefined, null, 7, {}])
      expect(
        await rejectionOf(tokens.rotateRefreshToken(nothing as unknown as string)),
      ).toBeInstanceOf(TypeError);
  });

  it('is refused if it is revoked between the look-up and the claim', async () => {
    const store: BlocklistStore = new MemoryBlocklistStore();
    const { tokens, blocklist } = await start({ blocklist: { store } });
    const { refreshToken, sessionId } = await tokens.createTokenPair('alice');
    const add = store.add.bind(store);
    store.add = async (...claim) => {
      store.add = add;
      await blocklist.revokeSession(sessionId);
      return add(...claim);
    };

    expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toBeInstanceOf(
      RevokedTokenError,
    );
  });

  it('that never expires is known as rotated for ever', async () => {
    const { tokens, clock } = await start({ refreshTokenExpires: false });
    const first = await tokens.createTokenPair('alice');
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(50 * 365 * 86_400);

    expect(claimsOf(second.refreshToken)).not.toHaveProperty('exp');
    expect(await rejectionOf(tokens.rotateRefreshToken(first.refreshToken))).toBeInstanceOf(
      ReusedTokenError,
    );
  });

  it('of an issuer that gives no jti cannot be rotated', async () => {
    const { tokens } = await start({ acceptForeignTokens: true });
    const foreign = forgeToken(claimsAtNow({ type: 'refresh', jti: undefined }));

    expect(await rejectionOf(tokens.rotateRefreshToken(foreign))).toMatchObject({
      code: 'TOKEN_INVALID',
      message: 'Missing claim: jti',
    });
  });

  it('of an issuer that gives no iat began its session in 1970', async () => {
    const { tokens } = await start({
      acceptForeignTokens: true,
      rotation: { sessionLifetime: '90d' },
    });
    const foreign = forgeToken(claimsAtNow({ type: 'refresh', iat: undefined }));

    expect(await rejectionOf(tokens.rotateRefreshToken(foreign))).toBeInstanceOf(ExpiredTokenError);
  });

  it('is not rotated in a store that is not atomic', async () => {
    const store = Object.assign(new FaultyStore(), { isAtomic: false });
    const { tokens } = await start({ blocklist: { store } });
    const { refreshToken } = await tokens.createTokenPair('alice');

    expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toMatchObject({
      name: 'JwtExtendedConfigError',
      message: expect.stringContaining('needs a store whose add is atomic') as unknown,
    });
  });

  it('that was rotated stays rotated after unrevoke', async () => {
    const { tokens, blocklist, clock } = await start();
    const { refreshToken } = await tokens.createTokenPair('alice');
    await tokens.rotateRefreshToken(refreshToken);
    clock.forward(60);

    await blocklist.unrevoke(claimsOf(refreshToken).jti as string);

    expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toBeInstanceOf(
      ReusedTokenError,
    );
  });
});

describe('A claim whose acknowledgement was lost', () => {
  it('is recognized by the call that made it, even without a grace', async () => {
    const store = new FaultyStore();
    const { tokens } = await start({ blocklist: { store }, rotation: { grace: 0 } });
    const { refreshToken } = await tokens.createTokenPair('alice');
    // As a client does that sends a command again after the connection was lost.
    store.add.mockImplementation((key, value) => {
      store.entries.set(key, value);
      return Promise.resolve(false);
    });

    const pair = await tokens.rotateRefreshToken(refreshToken);

    store.recover();
    expect(await tokens.verifyToken(pair.refreshToken)).toBe(true);
    expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toBeInstanceOf(
      ReusedTokenError,
    );
  });
});

describe('A claim that the store refuses, and then does not find', () => {
  it('is no claim, and no tokens are given for it', async () => {
    const store = new FaultyStore();
    const { tokens } = await start({ blocklist: { store } });
    const { refreshToken } = await tokens.createTokenPair('alice');
    store.add.mockResolvedValue(false);

    expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toMatchObject({
      code: 'CHECK_UNAVAILABLE',
      cause: { message: 'The blocklist store said that an entry is there, and lost it' },
    });
  });
});

describe('R52: The user lookup', () => {
  it('runs first: a user who is gone gets nothing, and the token is not rotated', async () => {
    const users = new Set(['alice']);
    const userLookup = ({ identity }: Token) => (users.has(identity) ? { id: identity } : null);
    const { tokens } = await start({ loaders: { userLookup } });
    const { refreshToken } = await tokens.createTokenPair('alice');
    users.clear();

    expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toBeInstanceOf(
      UserLookupError,
    );
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
});

describe('Without a userLookup loader, if subjects are more than their identity', () => {
  const userIdentity = ({ name }: { name: string }) => name;

  it.each([
    ['additionalClaims', { additionalClaims: ({ roles }: { roles: string[] }) => ({ roles }) }],
    ['additionalHeaders', { additionalHeaders: () => ({}) }],
    ['encodeKey', { encodeKey: () => SECRET }],
  ])('no token is rotated if there is the loader %s', async (name, loader) => {
    const { tokens } = await start({ loaders: { userIdentity, ...loader } });
    const { refreshToken } = await tokens.createTokenPair({ name: 'alice', roles: ['admin'] });

    const message = expect.stringContaining(`loaders.${name} needs the subject`) as unknown;
    for (let time = 0; time < 2; time += 1)
      expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toMatchObject({
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
  const options = { rotation: { sessionLifetime: '1h' } } as const;

  it('caps the expiry of every token, and then no token is rotated', async () => {
    const { tokens, clock } = await start(options);
    const first = await tokens.createTokenPair('alice', { accessExpiresIn: '2h' });
    expect(claimsOf(first.accessToken).exp).toBe(NOW + 3600);
    clock.forward(3000);

    const second = await tokens.rotateRefreshToken(first.refreshToken);

    expect(claimsOf(second.accessToken).exp).toBe(NOW + 3600);
    expect(claimsOf(second.refreshToken).exp).toBe(NOW + 3600);
    clock.forward(600);
    expect(await rejectionOf(tokens.rotateRefreshToken(second.refreshToken))).toBeInstanceOf(
      ExpiredTokenError,
    );
  });

  it('holds for a token that was minted before it was set', async () => {
    const { tokens } = await start(options);
    const before = accessClaims({
      type: 'refresh',
      iat: NOW - 4000,
      nbf: 0,
      auth_time: NOW - 4000,
    });

    expect(
      await rejectionOf(tokens.rotateRefreshToken(forgeToken({ ...before, exp: NOW + 9999 }))),
    ).toBeInstanceOf(ExpiredTokenError);
  });
});

describe('R63: A failure between the claim and the new tokens', () => {
  let isBroken: boolean;
  const additionalClaims = () => {
    if (isBroken) throw new Error('the directory is away');
    return {};
  };

  it('gives the same successors to the next attempt within the grace', async () => {
    isBroken = false;
    const { tokens } = await start({ loaders: { additionalClaims } });
    const { refreshToken } = await tokens.createTokenPair('alice');
    isBroken = true;
    const failed = await rejectionOf(tokens.rotateRefreshToken(refreshToken));
    isBroken = false;

    const second = await tokens.rotateRefreshToken(refreshToken);
    const again = await tokens.rotateRefreshToken(refreshToken);

    expect(failed).toMatchObject({ code: 'CHECK_UNAVAILABLE' });
    expect(idsOf(again)).toEqual(idsOf(second));
  });

  it('makes a new login necessary after the grace', async () => {
    isBroken = false;
    const { tokens, clock } = await start({ loaders: { additionalClaims } });
    const { refreshToken } = await tokens.createTokenPair('alice');
    isBroken = true;
    await rejectionOf(tokens.rotateRefreshToken(refreshToken));
    isBroken = false;
    clock.forward(11);

    expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toBeInstanceOf(
      ReusedTokenError,
    );
  });
});

const REVOKED = { status: 401, body: { msg: 'Token has been revoked', code: 'TOKEN_REVOKED' } };
const REUSED = { status: 401, body: { msg: 'Token has been revoked', code: 'TOKEN_REUSED' } };

@Controller()
class RefreshController {
  constructor(
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(TokenCookies) private readonly cookies: TokenCookies,
  ) {}

  @UseGuards(RefreshGuard)
  @Post('refresh')
  async refresh(
    @CurrentToken() token: JwtContext,
    @Res({ passthrough: true }) reply: HttpResponse,
  ) {
    const pair = await this.tokens.rotateRefreshToken(token);
    if (token.location !== 'cookies') return pair;
    await this.cookies.setAccessCookies(reply, pair.accessToken);
    await this.cookies.setRefreshCookies(reply, pair.refreshToken);
    return { refreshed: true };
  }

  /** A route of an application without rotation. */
  @UseGuards(RefreshGuard)
  @Post('classic')
  async classic(@CurrentIdentity() identity: string) {
    return { access_token: await this.tokens.createAccessToken(identity) };
  }

  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentIdentity() identity: string) {
    return { identity };
  }
}

describe('A route with RefreshGuard', () => {
  const clock = new Clock();
  let app: RunningApp;
  let tokens: TokenService;

  beforeAll(async () => {
    app = await createApp('express', {
      controllers: [RefreshController],
      options: {
        clock: clock.now,
        locations: ['headers', 'cookies'],
        errorCodeKey: 'code',
        rotation: { grace: '10s' },
      },
    });
    tokens = app.get(TokenService);
  });
  afterAll(() => app.close());

  async function send(path: string, token: string) {
    const method = path === '/me' ? 'GET' : 'POST';
    const { status, body } = await app.send(method, path, { token });
    return { status, body };
  }

  async function refreshed(token: string) {
    const { status, body } = await send('/refresh', token);
    expect(status).toBe(201);
    return body as { accessToken: string; refreshToken: string };
  }

  it('rotates the token that the guard let in, and its successors are accepted', async () => {
    const { refreshToken } = await tokens.createTokenPair('alice');

    const next = await refreshed(refreshToken);

    expect(await send('/me', next.accessToken)).toEqual({
      status: 200,
      body: { identity: 'alice' },
    });
    expect(await refreshed(next.refreshToken)).toHaveProperty('refreshToken');
  });

  it('gives racing clients the same successor within the grace', async () => {
    const { refreshToken } = await tokens.createTokenPair('alice');

    const answers = await Promise.all(Array.from({ length: 8 }, () => refreshed(refreshToken)));

    expect(new Set(answers.map((pair) => claimsOf(pair.refreshToken).jti)).size).toBe(1);
  });

  it.each(['/refresh', '/classic'])(
    'R60: refuses a rotated token on %s after the grace, and the whole session with it',
    async (path) => {
      const { refreshToken } = await tokens.createTokenPair('alice');
      const next = await refreshed(refreshToken);
      clock.forward(10);

      expect(await send(path, refreshToken)).toEqual(REUSED);
      expect(await send('/me', next.accessToken)).toEqual(REVOKED);
      expect(await send('/refresh', next.refreshToken)).toEqual(REVOKED);
      expect(await send(path, refreshToken)).toEqual(REUSED);
    },
  );

  it('gives the pair back in cookies if the token came in one', async () => {
    const { refreshToken } = await tokens.createTokenPair('alice');

    const { status, body, cookies } = await app.send('POST', '/refresh', {
      headers: {
        cookie: `refresh_token_cookie=${refreshToken}`,
        'x-csrf-token': claimsOf(refreshToken).csrf as string,
      },
    });

    expect({ status, body }).toEqual({ status: 201, body: { refreshed: true } });
    expect(cookies.map((cookie) => cookie.split('=')[0])).toEqual([
      'access_token_cookie',
      'csrf_access_token',
      'refresh_token_cookie',
      'csrf_refresh_token',
    ]);
  });
});
