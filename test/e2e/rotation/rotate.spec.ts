import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type BlocklistStore,
  ExpiredTokenError,
  type JwtExtendedOptions,
  MemoryBlocklistStore,
  ReusedTokenError,
  RevokedTokenError,
  type Token,
  type TokenPair,
  TokenService,
  UserLookupError,
  WrongTokenTypeError,
} from '../../../src/index.js';
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

function isAlive(tokens: TokenService, encoded: string): Promise<boolean> {
  return tokens.verifyToken(encoded);
}

function marksOf({ accessToken, refreshToken }: TokenPair): unknown[] {
  return [accessToken, refreshToken]
    .map(claimsOf)
    .flatMap(({ jti, csrf, iat }) => [jti, csrf, iat]);
}

describe('A refresh token', () => {
  it('is spent for a new pair of the same session and login, which is not fresh', async () => {
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
    expect(await isAlive(tokens, second.accessToken)).toBe(true);
    expect(await isAlive(tokens, second.refreshToken)).toBe(true);
  });

  it('leaves the access token of before as it is', async () => {
    const { tokens } = await start();
    const first = await tokens.createTokenPair('alice');

    await tokens.rotateRefreshToken(first.refreshToken);

    expect(await isAlive(tokens, first.accessToken)).toBe(true);
  });

  it('gives the same successor again within the grace', async () => {
    const { tokens, clock } = await start();
    const first = await tokens.createTokenPair('alice');
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(9);

    const again = await tokens.rotateRefreshToken(first.refreshToken);

    expect(marksOf(again)).toEqual(marksOf(second));
    expect(await isAlive(tokens, again.refreshToken)).toBe(true);
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
      expect(await isAlive(tokens, encoded)).toBe(false);
  });

  it('R60: ends its session when it comes again once its successor was used, however soon', async () => {
    const { tokens } = await start();
    const first = await tokens.createTokenPair('alice');
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    const third = await tokens.rotateRefreshToken(second.refreshToken);

    const error = await rejectionOf(tokens.rotateRefreshToken(first.refreshToken));

    expect(error).toBeInstanceOf(ReusedTokenError);
    expect(await isAlive(tokens, third.refreshToken)).toBe(false);
  });

  it('R74: is not given the grace again by a clock that was set back', async () => {
    const { tokens, clock } = await start();
    const first = await tokens.createTokenPair('alice');
    clock.forward(3600);
    await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(-3600);

    expect(await rejectionOf(tokens.rotateRefreshToken(first.refreshToken))).toBeInstanceOf(
      ReusedTokenError,
    );
  });

  it('R59: is spent once by any number of clients that race, and they all have the same successor', async () => {
    const { tokens } = await start();
    const first = await tokens.createTokenPair('alice');

    const pairs = await Promise.all(
      Array.from({ length: 50 }, () => tokens.rotateRefreshToken(first.refreshToken)),
    );

    expect(new Set(pairs.map((pair) => JSON.stringify(marksOf(pair)))).size).toBe(1);
  });

  it('R59: is spent by exactly one of them without grace, and the others end the session', async () => {
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

  it('that belongs to no session starts one, called by its own id', async () => {
    const { tokens } = await start();
    const lone = await tokens.createRefreshToken('alice');

    const pair = await tokens.rotateRefreshToken(lone);

    expect(pair.sessionId).toBe(claimsOf(lone).jti);
    expect(claimsOf(pair.refreshToken)).toMatchObject({ sid: pair.sessionId, auth_time: NOW });
  });

  it('of a session that nobody here began goes on with that session', async () => {
    const { tokens, clock } = await start();
    clock.seconds = Math.floor(Date.now() / 1000);
    const foreign = forgeToken(accessClaims({ type: 'refresh', sid: 'elsewhere' }));

    const pair = await tokens.rotateRefreshToken(foreign);

    expect(pair.sessionId).toBe('elsewhere');
  });

  it('is taken as a guard or decodeToken left it', async () => {
    const { tokens } = await start();
    const { refreshToken } = await tokens.createTokenPair('alice');

    const pair = await tokens.rotateRefreshToken(await tokens.decodeToken(refreshToken));

    expect(await isAlive(tokens, pair.refreshToken)).toBe(true);
  });

  it('is refused once it has expired, even if it was read leniently', async () => {
    const { tokens, clock } = await start();
    const { refreshToken } = await tokens.createTokenPair('alice', { refreshExpiresIn: 60 });
    clock.forward(60);
    const lenient = await tokens.decodeToken(refreshToken, { allowExpired: true });

    expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toBeInstanceOf(
      ExpiredTokenError,
    );
    expect(await rejectionOf(tokens.rotateRefreshToken(lenient))).toBeInstanceOf(ExpiredTokenError);
  });

  it('is refused once it, its session, its identity or everything was revoked', async () => {
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

  it('must be a refresh token', async () => {
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

  it('is refused when it was revoked between the look-up and the claim', async () => {
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

  it('that never expires is spent for ever', async () => {
    const { tokens, clock } = await start({ refreshTokenExpires: false });
    const first = await tokens.createTokenPair('alice');
    const second = await tokens.rotateRefreshToken(first.refreshToken);
    clock.forward(50 * 365 * 86_400);

    expect(claimsOf(second.refreshToken)).not.toHaveProperty('exp');
    expect(await rejectionOf(tokens.rotateRefreshToken(first.refreshToken))).toBeInstanceOf(
      ReusedTokenError,
    );
  });

  it('of an issuer that gives no jti cannot be spent', async () => {
    const { tokens } = await start({ acceptForeignTokens: true });
    const foreign = forgeToken(claimsAtNow({ type: 'refresh', jti: undefined }));

    expect(await rejectionOf(tokens.rotateRefreshToken(foreign))).toMatchObject({
      code: 'TOKEN_INVALID',
      message: 'Missing claim: jti',
    });
  });

  it('of an issuer that does not say when it was made begins its session in 1970', async () => {
    const { tokens } = await start({
      acceptForeignTokens: true,
      rotation: { sessionLifetime: '90d' },
    });
    const foreign = forgeToken(claimsAtNow({ type: 'refresh', iat: undefined }));

    expect(await rejectionOf(tokens.rotateRefreshToken(foreign))).toBeInstanceOf(ExpiredTokenError);
  });

  it('is not spent in a store that could give it to two', async () => {
    const store = Object.assign(new FaultyStore(), { isAtomic: false });
    const { tokens } = await start({ blocklist: { store } });
    const { refreshToken } = await tokens.createTokenPair('alice');

    expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toMatchObject({
      name: 'JwtExtendedConfigError',
      message: expect.stringContaining('needs a store whose add is atomic') as unknown,
    });
  });

  it('that was spent stays spent when its revocation is taken back', async () => {
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
  it('is known again by who made it, even without grace', async () => {
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
    expect(await isAlive(tokens, pair.refreshToken)).toBe(true);
    expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toBeInstanceOf(
      ReusedTokenError,
    );
  });
});

describe('A claim that the store refuses, and then knows nothing of', () => {
  it('is no claim, and nobody is given tokens for it', async () => {
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
  it('runs, so that a user who is gone gets nothing and the token is not spent', async () => {
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

  it('finds the subject that claims are made of, while the identity stays as it is', async () => {
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

describe('Where subjects are more than their identity, and nobody looks them up', () => {
  const userIdentity = ({ name }: { name: string }) => name;

  it.each([
    ['additionalClaims', { additionalClaims: ({ roles }: { roles: string[] }) => ({ roles }) }],
    ['additionalHeaders', { additionalHeaders: () => ({}) }],
    ['encodeKey', { encodeKey: () => SECRET }],
  ])('nothing is spent for what %s would be asked about', async (name, loader) => {
    const { tokens } = await start({ loaders: { userIdentity, ...loader } });
    const { refreshToken } = await tokens.createTokenPair({ name: 'alice', roles: ['admin'] });

    const message = expect.stringContaining(`loaders.${name} needs the subject`) as unknown;
    for (let time = 0; time < 2; time += 1)
      expect(await rejectionOf(tokens.rotateRefreshToken(refreshToken))).toMatchObject({
        name: 'JwtExtendedConfigError',
        message,
      });
  });

  it('a token is rotated where no loader wants one', async () => {
    const { tokens } = await start({ loaders: { userIdentity } });
    const { refreshToken } = await tokens.createTokenPair({ name: 'alice' });

    expect(claimsOf((await tokens.rotateRefreshToken(refreshToken)).accessToken).sub).toBe('alice');
  });
});

describe('R64: The lifetime of a session', () => {
  const options = { rotation: { sessionLifetime: '1h' } } as const;

  it('caps the expiry of every token of it, and then nothing is refreshed', async () => {
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

  it('holds for a token that was made before there was one', async () => {
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
  it('leaves the same successors to the next try within the grace', async () => {
    let isBroken = false;
    const additionalClaims = () => {
      if (isBroken) throw new Error('the directory is away');
      return {};
    };
    const { tokens } = await start({ loaders: { additionalClaims } });
    const { refreshToken } = await tokens.createTokenPair('alice');
    isBroken = true;
    const failed = await rejectionOf(tokens.rotateRefreshToken(refreshToken));
    isBroken = false;

    const second = await tokens.rotateRefreshToken(refreshToken);
    const again = await tokens.rotateRefreshToken(refreshToken);

    expect(failed).toMatchObject({ code: 'CHECK_UNAVAILABLE' });
    expect(marksOf(again)).toEqual(marksOf(second));
  });

  it('asks for a new login afterwards', async () => {
    let isBroken = false;
    const additionalClaims = () => {
      if (isBroken) throw new Error('the directory is away');
      return {};
    };
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
