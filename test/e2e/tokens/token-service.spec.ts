import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { GoneException } from '@nestjs/common';
import {
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

const NOT_TEXT = "Invalid token type. Token must be a <class 'bytes'>";
const EXTENDED = forgeToken({}, { alg: 'HS256', crit: ['x'] });
const EXPIRED = forgeToken(claimsAtNow({ exp: NOW - 1 }));
const FOREIGN = forgeToken(claimsAtNow(), undefined, 'x'.repeat(64));
const FAILED = 'Signature verification failed';

/** What no method accepts as a token, with the reason. */
const UNREADABLE: readonly [what: string, presented: unknown, reason: string][] = [
  ['undefined', undefined, NOT_TEXT],
  ['null', null, NOT_TEXT],
  ['a number', 5, NOT_TEXT],
  ['bytes', Buffer.from('a.b.c'), NOT_TEXT],
  ['empty text', '', 'Not enough segments'],
  ['a word', 'foobarbaz', 'Not enough segments'],
  ['three words', 'aaaaa.bbbbb.ccccc', 'Invalid header padding'],
  ['a critical extension', EXTENDED, 'Unsupported critical extension: x'],
];

describe.each(['decodeToken', 'getUnverifiedHeaders', 'getJti', 'getCsrfToken'] as const)(
  '%s',
  (method) => {
    it.each(UNREADABLE)('refuses %s (R78)', async (_, presented, message) => {
      expect(await refusalOf(tokens[method](presented as string))).toEqual({
        name: 'InvalidTokenError',
        code: 'TOKEN_INVALID',
        message,
      });
    });
  },
);

describe('decodeToken', () => {
  it('gives every field of an access token', async () => {
    const encoded = await tokens.createAccessToken('alice', {
      fresh: true,
      sessionId: 'session-1',
      additionalClaims: { roles: ['admin'] },
    });

    const token = await tokens.decodeToken<{ roles: string[] }>(encoded);

    const claims = claimsOf(encoded);
    expect(token.header).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(token.claims).toEqual(claims);
    expect(token).toMatchObject({
      encoded,
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
    for (const field of ['sessionId', 'issuedAt', 'expiresAt'] as const)
      expect(token[field]).toBeUndefined();
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

  it.each<[string, number, accepted: number[], refused: number[]]>([
    ['exactly at its exp', 0, [0, 59.999], [60]],
    ['exactly the leeway after its exp and before its nbf', 10, [-10, 69], [-11, 70]],
  ])('starts to refuse a token %s (R32)', async (_, leeway, accepted, refused) => {
    const moving = new Clock();
    const moved = await startTokens({ clock: moving.now, leeway });
    const encoded = await moved.tokens.createAccessToken('alice', { expiresIn: 60 });
    const readAt = async (seconds: number) => {
      moving.seconds = NOW + seconds;
      return moved.tokens.verifyToken(encoded);
    };

    for (const seconds of accepted) expect(await readAt(seconds)).toBe(true);
    for (const seconds of refused) expect(await readAt(seconds)).toBe(false);
  });

  it('reads the clock once (R32)', async () => {
    const now = jest.fn(clock.now);
    const counting = await startTokens({ clock: now });
    const encoded = await counting.tokens.createAccessToken('alice');
    now.mockClear();

    await counting.tokens.decodeToken(encoded);

    expect(now).toHaveBeenCalledTimes(1);
  });

  it('accepts an expired token with allowExpired, if nothing else is wrong', async () => {
    const alsoEarly = forgeToken(claimsAtNow({ exp: NOW - 1, nbf: NOW + 1 }));
    const alsoForged = withSignature(EXPIRED, (bytes) => bytes.reverse());
    const decode = (token: string) => tokens.decodeToken(token, { allowExpired: true });

    expect((await decode(EXPIRED)).expiresAt).toEqual(new Date((NOW - 1) * 1000));
    expect(await refusalOf(decode(alsoEarly))).toMatchObject({
      message: 'The token is not yet valid (nbf)',
    });
    expect(await refusalOf(decode(alsoForged))).toMatchObject({ message: FAILED });
  });

  it.each([undefined, { allowExpired: false }])(
    'throws an ExpiredTokenError that has the token with the options %j',
    async (options) => {
      const error = (await rejectionOf(tokens.decodeToken(EXPIRED, options))) as ExpiredTokenError;

      expect(error).toBeInstanceOf(ExpiredTokenError);
      expect(error.token).toMatchObject({ identity: 'alice', encoded: EXPIRED });
      expect(error.getStatus()).toBe(401);
    },
  );

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

  it.each([null, 5, ['x'], { x: 1 }])('refuses %j as a csrf value (R44, R77)', async (csrf) => {
    const encoded = await tokens.createAccessToken('alice');
    const decoding = tokens.decodeToken(encoded, { csrf: csrf as unknown as string });

    expect(await rejectionOf(decoding)).toBeInstanceOf(TokenError);
  });

  it('reports a fault of the claims first, then a wrong csrf value, then the expiry', async () => {
    const expired = forgeToken(claimsAtNow({ exp: NOW - 1, csrf: 'a' }));
    const faulty = forgeToken(claimsAtNow({ exp: NOW - 1, csrf: 'a', sub: undefined }));

    for (const [token, csrf, refusal] of [
      [expired, 'b', { name: 'CsrfError' }],
      [expired, 'a', { code: 'TOKEN_EXPIRED' }],
      [faulty, 'b', { message: 'Missing claim: sub' }],
    ] as const)
      expect(await refusalOf(tokens.decodeToken(token, { csrf }))).toMatchObject(refusal);
  });

  it('does not change the request (R78)', async () => {
    const request = Object.freeze({ headers: Object.freeze({}) });

    const token = await tokens.decodeToken(await tokens.createAccessToken('alice'), { request });

    expect(token.identity).toBe('alice');
    expect(request).toEqual({ headers: {} });
  });

  it('gives a token that nobody can change, because later calls get the same (R35)', async () => {
    const encoded = await tokens.createAccessToken('alice', {
      additionalClaims: { roles: ['user'], org: { id: 7 } },
    });
    const token = await tokens.decodeToken<{ roles: string[]; org: { id: number } }>(encoded);

    const changes = [
      () => token.claims.roles.push('admin'),
      () => (token.claims.org.id = 8),
      () => Object.assign(token.claims, { sub: 'mallory' }),
      () => Object.assign(token.header, { alg: 'none' }),
      () => Object.assign(token, { identity: 'mallory' }),
    ];
    for (const change of changes) expect(change).toThrow(TypeError);
    expect((await tokens.decodeToken(encoded)).claims).toMatchObject({
      ...{ sub: 'alice', roles: ['user'], org: { id: 7 } },
    });
  });
});

describe('The decodeKey loader', () => {
  it('is not called for a bad header (R6, R12)', async () => {
    const decodeKey = jest.fn(() => SECRET);
    const { tokens: loading } = await startTokens({ loaders: { decodeKey } });

    for (const change of [{ alg: 'none' }, { kid: 5 }, { crit: [] }, { typ: 'x' }])
      await refusalOf(loading.decodeToken(forgeToken(claimsAtNow(), { alg: 'HS256', ...change })));

    expect(decodeKey).not.toHaveBeenCalled();
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
    expect(await tokens.verifyToken(pair.refreshToken, { type: 'refresh' })).toBe(true);
    expect(await tokens.verifyToken(pair.refreshToken)).toBe(false);
  });

  it.each(UNREADABLE)('gives false for %s', async (_, presented) => {
    expect(await tokens.verifyToken(presented as string)).toBe(false);
  });

  it('gives false for an expired token and for a token of another key', async () => {
    expect(await tokens.verifyToken(EXPIRED)).toBe(false);
    expect(await tokens.verifyToken(FOREIGN)).toBe(false);
  });

  it('gives false for a revoked token', async () => {
    const encoded = await tokens.createAccessToken('alice');
    await tools.blocklist.revoke(encoded);

    expect(await tokens.verifyToken(encoded)).toBe(false);
  });

  it('calls the isTokenRevoked loader', async () => {
    const { tokens: asking } = await startTokens({
      loaders: { isTokenRevoked: (token) => token.identity === 'mallory' },
    });

    for (const name of ['alice', 'mallory'])
      expect(await asking.verifyToken(await asking.createAccessToken(name))).toBe(name === 'alice');
  });

  it.each(['isTokenRevoked', 'decodeKey'])(
    'throws a TokenCheckUnavailableError if the loader %s fails',
    async (name) => {
      const loaders = { [name]: () => Promise.reject(new Error('away')) };
      const { tokens: broken } = await startTokens({ loaders });
      const encoded = await broken.createAccessToken('alice');

      expect(await rejectionOf(broken.verifyToken(encoded))).toBeInstanceOf(
        TokenCheckUnavailableError,
      );
    },
  );
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

  it.each([5, null, '', 'a\nb'])('refuses the kid %j (R6, R78)', async (kid) => {
    const forged = forgeToken({}, { alg: 'HS256', kid });
    const message = 'Key ID header parameter must be a string';

    expect(await refusalOf(tokens.getUnverifiedHeaders(forged))).toMatchObject({ message });
  });
});

describe.each(['getJti', 'getCsrfToken'] as const)('%s', (method) => {
  it('gives the value in the token', async () => {
    const encoded = await tokens.createRefreshToken('alice');

    const value = await tokens[method](encoded);

    expect(value).toBe(claimsOf(encoded)[method === 'getJti' ? 'jti' : 'csrf']);
    expect(value).toMatch(UUID_V4);
  });

  it('refuses an expired token and a token of another key', async () => {
    expect(await refusalOf(tokens[method](EXPIRED))).toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect(await refusalOf(tokens[method](FOREIGN))).toMatchObject({ message: FAILED });
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

  it('makes getJti give empty text, and revoke use a digest, if it is the jti', async () => {
    const foreign = await startTokens({ clock: clock.now, acceptForeignTokens: true });
    const encoded = forgeToken(claimsAtNow({ jti: undefined }));

    expect(await foreign.tokens.getJti(encoded)).toBe('');
    expect(await foreign.tokens.verifyToken(encoded)).toBe(true);
    expect(await foreign.blocklist.revoke(encoded)).toBe(true);
    expect(await foreign.tokens.verifyToken(encoded)).toBe(false);
  });
});
