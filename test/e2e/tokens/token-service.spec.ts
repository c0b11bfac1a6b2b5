import { beforeAll, describe, expect, it } from '@jest/globals';
import { GoneException } from '@nestjs/common';
import {
  BlocklistService,
  CsrfError,
  ExpiredTokenError,
  InvalidTokenError,
  TokenCheckUnavailableError,
  TokenError,
  type TokenService,
} from '../../../src/index.js';
import { Clock, forgeToken, NOW, SECRET } from '../../support/forge.js';
import {
  claimsAtNow,
  claimsOf,
  refusalOf,
  rejectionOf,
  startTokens,
  type TokenTools,
  UUID_V4,
  withSignature,
} from '../../support/tokens.js';

const clock = new Clock();
let tools: TokenTools;
let tokens: TokenService;

beforeAll(async () => {
  tools = await startTokens({ clock: clock.now });
  tokens = tools.tokens;
});

/** What no method accepts as a token, with the reason. */
const UNREADABLE: readonly [what: string, presented: unknown, reason: string][] = [
  ['undefined', undefined, "Invalid token type. Token must be a <class 'bytes'>"],
  ['null', null, "Invalid token type. Token must be a <class 'bytes'>"],
  ['a number', 5, "Invalid token type. Token must be a <class 'bytes'>"],
  ['bytes', Buffer.from('a.b.c'), "Invalid token type. Token must be a <class 'bytes'>"],
  ['empty text', '', 'Not enough segments'],
  ['a word', 'foobarbaz', 'Not enough segments'],
  ['three words', 'aaaaa.bbbbb.ccccc', 'Invalid header padding'],
  [
    'a critical extension',
    forgeToken({}, { alg: 'HS256', crit: ['x'] }),
    'Unsupported critical extension: x',
  ],
];

describe('decodeToken', () => {
  it('gives every field of an access token', async () => {
    const encoded = await tokens.createAccessToken('alice', {
      fresh: true,
      sessionId: 'session-1',
      additionalClaims: { roles: ['admin'] },
    });

    const token = await tokens.decodeToken<{ roles: string[] }>(encoded);

    const claims = claimsOf(encoded);
    expect({
      encoded: token.encoded,
      header: token.header,
      claims: token.claims,
      identity: token.identity,
      type: token.type,
      jti: token.jti,
      sessionId: token.sessionId,
      fresh: token.fresh,
      issuedAt: token.issuedAt,
      expiresAt: token.expiresAt,
    }).toEqual({
      encoded,
      header: { alg: 'HS256', typ: 'JWT' },
      claims,
      identity: 'alice',
      type: 'access',
      jti: claims.jti,
      sessionId: 'session-1',
      fresh: true,
      issuedAt: clock.now(),
      expiresAt: new Date((NOW + 900) * 1000),
    });
    expect(token.claims.roles[0]).toBe('admin');
  });

  it('leaves out the fields that a foreign token lacks', async () => {
    const foreign = await startTokens({ clock: clock.now, acceptForeignTokens: true });

    const token = await foreign.tokens.decodeToken(forgeToken({ sub: 'alice' }, { alg: 'HS256' }));

    expect(token).toMatchObject({ identity: 'alice', type: 'access', jti: '', fresh: false });
    expect([token.sessionId, token.issuedAt, token.expiresAt]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('accepts refresh tokens, and revoked tokens, since it does not check revocation', async () => {
    const encoded = await tokens.createRefreshToken('alice');
    await tools.blocklist.revoke(encoded);

    expect(await tokens.decodeToken(encoded)).toMatchObject({ type: 'refresh', fresh: false });
  });

  it('tells whether a token is fresh now (R34)', async () => {
    const encoded = await tokens.createAccessToken('alice', { fresh: 60 });

    const freshness = [];
    for (const elapsed of [0, 59, 60]) {
      clock.seconds = NOW + elapsed;
      freshness.push((await tokens.decodeToken(encoded)).fresh);
    }
    clock.seconds = NOW;

    expect(freshness).toEqual([true, true, false]);
  });

  it('refuses a token from the second of its exp on (R32)', async () => {
    const moving = new Clock();
    const moved = await startTokens({ clock: moving.now });
    const encoded = await moved.tokens.createAccessToken('alice', { expiresIn: 60 });

    moving.forward(59.999);
    expect(await moved.tokens.verifyToken(encoded)).toBe(true);

    moving.forward(0.001);
    expect(await rejectionOf(moved.tokens.decodeToken(encoded))).toBeInstanceOf(ExpiredTokenError);
  });

  it('extends exp, nbf and iat by exactly the leeway (R32)', async () => {
    const moving = new Clock();
    const moved = await startTokens({ clock: moving.now, leeway: 10 });
    const encoded = await moved.tokens.createAccessToken('alice', { expiresIn: 60 });
    const readAt = async (seconds: number) => {
      moving.seconds = NOW + seconds;
      return moved.tokens.verifyToken(encoded);
    };

    expect(await readAt(-11)).toBe(false);
    expect(await readAt(-10)).toBe(true);
    expect(await readAt(69)).toBe(true);
    expect(await readAt(70)).toBe(false);
  });

  it('reads the clock once (R32)', async () => {
    let asked = 0;
    const counting = await startTokens({
      clock: () => {
        asked++;
        return clock.now();
      },
    });
    const encoded = await counting.tokens.createAccessToken('alice');
    asked = 0;

    await counting.tokens.decodeToken(encoded);

    expect(asked).toBe(1);
  });

  it('accepts an expired token with allowExpired, if nothing else is wrong', async () => {
    const expired = forgeToken(claimsAtNow({ exp: NOW - 1 }));
    const alsoWrong = forgeToken(claimsAtNow({ exp: NOW - 1, nbf: NOW + 1 }));

    const token = await tokens.decodeToken(expired, { allowExpired: true });

    expect(token.expiresAt).toEqual(new Date((NOW - 1) * 1000));
    expect(await refusalOf(tokens.decodeToken(expired))).toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect(await refusalOf(tokens.decodeToken(expired, { allowExpired: false }))).toMatchObject({
      code: 'TOKEN_EXPIRED',
    });
    expect(await refusalOf(tokens.decodeToken(alsoWrong, { allowExpired: true }))).toMatchObject({
      message: 'The token is not yet valid (nbf)',
    });
    expect(
      await refusalOf(
        tokens.decodeToken(
          withSignature(expired, (bytes) => bytes.reverse()),
          { allowExpired: true },
        ),
      ),
    ).toMatchObject({ message: 'Signature verification failed' });
  });

  it('throws an ExpiredTokenError that has the token', async () => {
    const expired = forgeToken(claimsAtNow({ exp: NOW - 1 }));

    const error = (await rejectionOf(tokens.decodeToken(expired))) as ExpiredTokenError;

    expect(error.token).toMatchObject({ identity: 'alice', encoded: expired });
    expect(error.getStatus()).toBe(401);
  });

  it('accepts the csrf value of the token', async () => {
    const encoded = await tokens.createAccessToken('alice');
    const csrf = claimsOf(encoded).csrf as string;

    expect((await tokens.decodeToken(encoded, { csrf })).identity).toBe('alice');
  });

  it.each([
    ['another one', 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6'],
    ['a shorter one', 'x'],
    ['an empty one', ''],
    ['letters of two bytes', 'é'.repeat(36)],
  ])('refuses %s as the csrf value', async (_, csrf) => {
    const encoded = await tokens.createAccessToken('alice');

    const error = await rejectionOf(tokens.decodeToken(encoded, { csrf }));

    expect(error).toBeInstanceOf(CsrfError);
    expect(error).toMatchObject({ message: 'CSRF double submit tokens do not match' });
  });

  it.each([undefined, null, '', 5, {}, ['x']])('refuses the csrf claim %j (R42)', async (csrf) => {
    const encoded = forgeToken(claimsAtNow({ csrf }));

    const error = await rejectionOf(tokens.decodeToken(encoded, { csrf: 'x' }));

    expect(error).toBeInstanceOf(InvalidTokenError);
    expect(error).toMatchObject({ message: 'Missing claim: csrf' });
    expect((await tokens.decodeToken(encoded)).identity).toBe('alice');
  });

  it.each([null, 5, ['x'], { x: 1 }])(
    'refuses %j in place of a csrf value (R44, R77)',
    async (csrf) => {
      const encoded = await tokens.createAccessToken('alice');

      const error = await rejectionOf(
        tokens.decodeToken(encoded, { csrf: csrf as unknown as string }),
      );

      expect(error).toBeInstanceOf(TokenError);
    },
  );

  it('reports a fault of the claims first, then a wrong csrf value, then the expiry', async () => {
    const expired = forgeToken(claimsAtNow({ exp: NOW - 1, csrf: 'a' }));
    const faulty = forgeToken(claimsAtNow({ exp: NOW - 1, csrf: 'a', sub: undefined }));

    expect(await refusalOf(tokens.decodeToken(expired, { csrf: 'b' }))).toMatchObject({
      name: 'CsrfError',
    });
    expect(await refusalOf(tokens.decodeToken(expired, { csrf: 'a' }))).toMatchObject({
      code: 'TOKEN_EXPIRED',
    });
    expect(await refusalOf(tokens.decodeToken(faulty, { csrf: 'b' }))).toMatchObject({
      message: 'Missing claim: sub',
    });
  });

  it.each(UNREADABLE)('refuses %s', async (_, presented, message) => {
    expect(await refusalOf(tokens.decodeToken(presented as string))).toEqual({
      name: 'InvalidTokenError',
      code: 'TOKEN_INVALID',
      message,
    });
  });

  it('does not change the request (R78)', async () => {
    const request = Object.freeze({ headers: Object.freeze({}) });

    const token = await tokens.decodeToken(await tokens.createAccessToken('alice'), { request });

    expect(token.identity).toBe('alice');
    expect(request).toEqual({ headers: {} });
  });

  it('gives new claims with every call (R35)', async () => {
    const encoded = await tokens.createAccessToken('alice', {
      additionalClaims: { roles: ['user'] },
    });
    const first = await tokens.decodeToken<{ roles: string[] }>(encoded);

    first.claims.roles.push('admin');

    expect((await tokens.decodeToken(encoded)).claims.roles).toEqual(['user']);
  });
});

describe('The decodeKey loader', () => {
  it('is not called for a bad header (R6, R12)', async () => {
    let asked = 0;
    const decodeKey = () => {
      asked++;
      return SECRET;
    };
    const { tokens: loading } = await startTokens({ loaders: { decodeKey } });

    for (const header of [
      { alg: 'none' },
      { alg: 'HS256', kid: 5 },
      { alg: 'HS256', crit: [] },
      { alg: 'HS256', typ: 'x' },
    ]) {
      await refusalOf(loading.decodeToken(forgeToken(claimsAtNow(), header)));
    }

    expect(asked).toBe(0);
  });

  it('passes the HTTP error of the loader on, from verifyToken too (R77)', async () => {
    const gone = new GoneException('No such tenant');
    const throwing = await startTokens({ loaders: { decodeKey: () => Promise.reject(gone) } });
    const encoded = forgeToken(claimsAtNow());

    expect(await rejectionOf(throwing.tokens.decodeToken(encoded))).toBe(gone);
    expect(await rejectionOf(throwing.tokens.verifyToken(encoded))).toBe(gone);
  });
});

describe('verifyToken', () => {
  it('gives true for good tokens', async () => {
    const pair = await tokens.createTokenPair('alice');

    expect(await tokens.verifyToken(pair.accessToken)).toBe(true);
    expect(await tokens.verifyToken(pair.refreshToken)).toBe(true);
  });

  it.each(UNREADABLE)('gives false for %s', async (_, presented) => {
    expect(await tokens.verifyToken(presented as string)).toBe(false);
  });

  it('gives false for an expired token and for a token of another key', async () => {
    const foreign = forgeToken(claimsAtNow(), undefined, 'x'.repeat(64));

    expect(await tokens.verifyToken(forgeToken(claimsAtNow({ exp: NOW })))).toBe(false);
    expect(await tokens.verifyToken(foreign)).toBe(false);
  });

  it('gives false for a revoked token', async () => {
    const encoded = await tokens.createAccessToken('alice');
    await tools.blocklist.revoke(encoded);

    expect(await tokens.verifyToken(encoded)).toBe(false);
  });

  it('calls the isTokenRevoked loader', async () => {
    const asking = await startTokens({
      loaders: { isTokenRevoked: (token) => token.identity === 'mallory' },
    });

    expect(await asking.tokens.verifyToken(await asking.tokens.createAccessToken('alice'))).toBe(
      true,
    );
    expect(await asking.tokens.verifyToken(await asking.tokens.createAccessToken('mallory'))).toBe(
      false,
    );
  });

  it('throws a TokenCheckUnavailableError if a loader fails', async () => {
    const broken = await startTokens({
      loaders: { isTokenRevoked: () => Promise.reject(new Error('away')) },
    });
    const keyless = await startTokens({
      loaders: { decodeKey: () => Promise.reject(new Error('away')) },
    });
    const encoded = await broken.tokens.createAccessToken('alice');

    expect(await rejectionOf(broken.tokens.verifyToken(encoded))).toBeInstanceOf(
      TokenCheckUnavailableError,
    );
    expect(await rejectionOf(keyless.tokens.verifyToken(encoded))).toBeInstanceOf(
      TokenCheckUnavailableError,
    );
  });
});

describe('getUnverifiedHeaders', () => {
  it('gives the header of an unverified token (R78)', async () => {
    const forged = forgeToken('{}', { alg: 'none', kid: 'k1', jku: 'https://evil.example' }, 'x');

    expect(await tokens.getUnverifiedHeaders(forged)).toEqual({
      alg: 'none',
      kid: 'k1',
      jku: 'https://evil.example',
    });
  });

  it.each(UNREADABLE)('refuses %s (R78)', async (_, presented, message) => {
    expect(await refusalOf(tokens.getUnverifiedHeaders(presented as string))).toEqual({
      name: 'InvalidTokenError',
      code: 'TOKEN_INVALID',
      message,
    });
  });

  it.each([5, null, '', 'a\nb'])('refuses the kid %j (R6, R78)', async (kid) => {
    expect(
      await refusalOf(tokens.getUnverifiedHeaders(forgeToken({}, { alg: 'HS256', kid }))),
    ).toMatchObject({
      message: 'Key ID header parameter must be a string',
    });
  });
});

describe.each(['getJti', 'getCsrfToken'] as const)('%s', (method) => {
  it('gives the value in the token', async () => {
    const encoded = await tokens.createRefreshToken('alice');

    const value = await tokens[method](encoded);

    expect(value).toBe(claimsOf(encoded)[method === 'getJti' ? 'jti' : 'csrf']);
    expect(value).toMatch(UUID_V4);
  });

  it.each(UNREADABLE)('refuses %s', async (_, presented, message) => {
    expect(await refusalOf(tokens[method](presented as string))).toMatchObject({
      code: 'TOKEN_INVALID',
      message,
    });
  });

  it('refuses an expired token and a token of another key', async () => {
    const expired = forgeToken(claimsAtNow({ exp: NOW }));
    const foreign = forgeToken(claimsAtNow(), undefined, 'x'.repeat(64));

    expect(await refusalOf(tokens[method](expired))).toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect(await refusalOf(tokens[method](foreign))).toMatchObject({
      message: 'Signature verification failed',
    });
  });
});

describe('A claim that a token lacks', () => {
  it('makes getCsrfToken refuse the token', async () => {
    const unprotected = await startTokens({ csrf: { protect: false } });
    const encoded = await unprotected.tokens.createAccessToken('alice');

    expect(await refusalOf(unprotected.tokens.getCsrfToken(encoded))).toEqual({
      name: 'InvalidTokenError',
      code: 'TOKEN_INVALID',
      message: 'Missing claim: csrf',
    });
  });

  it('makes getJti give empty text for a foreign token', async () => {
    const foreign = await startTokens({ clock: clock.now, acceptForeignTokens: true });

    expect(await foreign.tokens.getJti(forgeToken(claimsAtNow({ jti: undefined })))).toBe('');
  });

  it('makes revoke refuse a foreign token without a jti', async () => {
    const foreign = await startTokens({ clock: clock.now, acceptForeignTokens: true });
    const blocklist = foreign.module.get(BlocklistService);
    const encoded = forgeToken(claimsAtNow({ jti: undefined }));

    expect(await rejectionOf(blocklist.revoke(encoded))).toMatchObject({
      message: 'Missing claim: jti',
    });
    expect(await foreign.tokens.verifyToken(encoded)).toBe(true);
  });
});
