import { HttpException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { rendererOf, withRenderer } from '../../../src/errors/token.error.js';
import {
  BadCredentialsError,
  CsrfError,
  ExpiredTokenError,
  InsufficientClaimsError,
  InvalidTokenError,
  JwtExtendedConfigError,
  MissingTokenError,
  ReusedTokenError,
  RevokedTokenError,
  StaleTokenError,
  TokenCheckUnavailableError,
  TokenCreationError,
  TokenError,
  TokenVerificationError,
  UserLookupError,
  VerifiedTokenError,
  WrongTokenTypeError,
} from '../../../src/index.js';
import { VerifiedToken } from '../../../src/tokens/verified-token.js';
import { wordsOf } from '../../support/faults.js';

/** A token of this identity, with a canary in all that is secret. */
function tokenOf(identity: unknown): VerifiedToken {
  return new VerifiedToken({
    encoded: 'canary.encoded.token',
    header: { alg: 'HS256' },
    claims: { sub: 'alice', csrf: 'canary-csrf' },
    identity: identity as string,
    type: 'access',
    fresh: false,
  });
}

const token = tokenOf('alice');
const NO_SCOPE = 'Missing required scope(s)';

const ERRORS: readonly (readonly [string, TokenError, number, string])[] = [
  ['TOKEN_MISSING', new MissingTokenError('none'), 401, 'none'],
  ['CSRF_FAILED', new CsrfError('wrong'), 401, 'wrong'],
  ['CREDENTIALS_INVALID', new BadCredentialsError(), 401, 'Bad username or password'],
  ['TOKEN_INVALID', new InvalidTokenError('odd'), 422, 'odd'],
  ['TOKEN_WRONG_TYPE', new WrongTokenTypeError('refresh'), 422, 'Only refresh tokens are allowed'],
  ['TOKEN_EXPIRED', new ExpiredTokenError(token), 401, 'Token has expired'],
  ['TOKEN_NOT_FRESH', new StaleTokenError(token, {}), 401, 'Fresh token required'],
  ['TOKEN_REVOKED', new RevokedTokenError(token), 401, 'Token has been revoked'],
  ['TOKEN_REUSED', new ReusedTokenError(token), 401, 'Token has been revoked'],
  ['TOKEN_REJECTED', new TokenVerificationError(token), 400, 'User claims verification failed'],
  ['USER_NOT_FOUND', new UserLookupError(token), 401, 'Error loading the user alice'],
  ['CLAIMS_INSUFFICIENT', new InsufficientClaimsError(token, NO_SCOPE), 403, NO_SCOPE],
  ['CHECK_UNAVAILABLE', new TokenCheckUnavailableError(), 503, 'Token could not be checked'],
];

describe('A TokenError', () => {
  it.each(ERRORS)(
    '%s is an HttpException with its code, status, message, reason and token',
    (...expected) => {
      const [code, error, status, message] = expected;
      expect(error).toBeInstanceOf(HttpException);
      expect(error).toBeInstanceOf(TokenError);
      expect(error).toMatchObject({
        code,
        message,
        name: error.constructor.name,
        ...('reason' in error && { reason: message }),
        ...(error instanceof VerifiedTokenError && { token }),
      });
      expect(error.getStatus()).toBe(status);
      expect(error.getResponse()).toEqual({ message, error: code, statusCode: status });
    },
  );

  it.each(ERRORS)('%s prints neither the token nor its csrf value (R70)', (_, error) => {
    const words = `${wordsOf(error)} ${error.stack} ${JSON.stringify(error)} ${String(error)}`;
    expect(words).toContain(error.message);
    expect(words).not.toContain('canary');
  });

  it.each([
    ['InvalidTokenError', (cause: unknown) => new InvalidTokenError('odd', cause)],
    ['TokenCheckUnavailableError', (cause: unknown) => new TokenCheckUnavailableError(cause)],
  ])('%s has the error of the lower library as its cause', (_, make) => {
    const cause = new TypeError('underneath');
    expect(make(cause).cause).toBe(cause);
    expect(make(undefined).cause).toBeUndefined();
  });

  it('for missing scopes has the required words', () => {
    expect(new InsufficientClaimsError(token, NO_SCOPE).scope).toEqual([]);
    expect(new InsufficientClaimsError(token, NO_SCOPE, ['read']).scope).toEqual(['read']);
  });

  it('for reuse is a RevokedTokenError too', () => {
    expect(new ReusedTokenError(token)).toBeInstanceOf(RevokedTokenError);
  });

  it.each([5, null])('for an unknown user names the identity %j', (identity) => {
    expect(new UserLookupError(tokenOf(identity)).message).toBe(
      `Error loading the user ${identity}`,
    );
  });

  it('for an unknown user accepts any JSON value as identity (R77)', () => {
    const hostile = JSON.parse('{"toString":"x","valueOf":"x"}') as unknown;
    expect(new UserLookupError(tokenOf(hostile)).getStatus()).toBe(401);
  });
});

describe('The module that refused first', () => {
  const renderer = (status: number) => ({
    statusOf: () => status,
    report: () => undefined,
    answer: () => Promise.resolve({ status: 418, headers: {} }),
  });

  it('decides the status by its profile, and stays the same if the error passes another module', () => {
    const error = new InvalidTokenError('odd');
    const first = renderer(401);
    expect(withRenderer(first, error)).toBe(error);
    withRenderer(renderer(400), error);
    expect(rendererOf(error)).toBe(first);
    expect(error.getStatus()).toBe(401);
    expect(error.getResponse()).toEqual({
      message: 'odd',
      error: 'TOKEN_INVALID',
      statusCode: 401,
    });
  });

  it.each(ERRORS)(
    'sets the fields of %s that some libraries read in place of the methods',
    (code, error, status, message) => {
      for (const [fields, statusCode] of [
        [Object.entries(error), status],
        [Object.entries(withRenderer(renderer(499), error) as TokenError), 499],
      ] as const) {
        const body = { message, error: code, statusCode };
        expect(Object.fromEntries(fields)).toMatchObject({ status: statusCode, response: body });
      }
      expect([error.getStatus(), error.getResponse()]).toEqual([
        499,
        expect.objectContaining({ statusCode: 499 }),
      ]);
    },
  );

  it.each([new Error('another'), 'text', undefined, new HttpException('x', 418)])(
    'is not noted for an error that is no TokenError: %p',
    (error) => {
      expect(withRenderer(renderer(401), error)).toBe(error);
    },
  );

  it('is unknown for an error that the application created', () => {
    expect(rendererOf(new InvalidTokenError('odd'))).toBeUndefined();
  });
});

describe('A mistake of the application', () => {
  it.each([
    ['JwtExtendedConfigError', JwtExtendedConfigError],
    ['TokenCreationError', TokenCreationError],
  ])('%s is a plain Error, for which a client sees a 500 without details', (name, Mistake) => {
    const mistake = new Mistake('what to do');
    expect(mistake).toMatchObject({ name, message: 'what to do' });
    expect(mistake).not.toBeInstanceOf(HttpException);
    expect(mistake).not.toBeInstanceOf(TokenError);
  });
});
