import { describe, expect, it } from '@jest/globals';
import { challenge } from '../../../src/authentication/challenge.js';
import { CsrfError, InvalidTokenError, MissingTokenError } from '../../../src/index.js';

describe('A challenge (RFC 6750 section 3)', () => {
  it('is the bare scheme where no token was presented and no realm is set', () => {
    expect(challenge(new MissingTokenError('none'), 'Bearer', undefined)).toBe('Bearer');
  });

  it.each([
    ['api', '"api"'],
    ['', '""'],
    ['say "friend"', '"say \\"friend\\""'],
    ['C:\\door', '"C:\\\\door"'],
    ['\\"', '"\\\\\\""'],
  ])('quotes the realm %j as RFC 9110 asks: %s (R68)', (realm, quoted) => {
    expect(challenge(new MissingTokenError('none'), 'JWT', realm)).toBe(`JWT realm=${quoted}`);
  });

  it('puts the realm first, and separates parameters with commas', () => {
    expect(challenge(new CsrfError('wrong'), 'Bearer', 'api')).toBe(
      'Bearer realm="api", error="invalid_request", error_description="The CSRF token is missing or wrong"',
    );
  });

  it.each(['a "quote"', 'a line\r\nSet-Cookie: evil=1', '\u2603', 'x'.repeat(10_000)])(
    'never repeats the reason: %j (R68)',
    (reason) => {
      expect(challenge(new InvalidTokenError(reason), 'Bearer', undefined)).toBe(
        'Bearer error="invalid_token", error_description="The token is not valid"',
      );
    },
  );
});
