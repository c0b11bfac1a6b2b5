import { describe, expect, it } from '@jest/globals';
import { challenge } from '../../../src/authentication/challenge.js';
import {
  CsrfError,
  InsufficientClaimsError,
  InvalidTokenError,
  MissingTokenError,
  type Token,
} from '../../../src/index.js';

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

  it.each<[string, readonly string[] | undefined, string]>([
    ['words', ['read:users', 'write:users'], ', scope="read:users write:users"'],
    [
      'every character that RFC 6749 allows',
      ["!#$%&'()*+,-./:;<=>?@[]^_`{|}~"],
      ', scope="!#$%&\'()*+,-./:;<=>?@[]^_`{|}~"',
    ],
    ['nothing', undefined, ''],
    ['an empty list', [], ''],
    ['an empty word', ['read', ''], ''],
    ['a word with a blank', ['read write'], ''],
    ['a quotation mark', ['read', 'a"b'], ''],
    ['a backslash', ['a\\b'], ''],
    ['a line break', ['a\r\nSet-Cookie: evil=1'], ''],
    ['a letter that is not ASCII', ['größe'], ''],
    ['a control character', ['a\u007f'], ''],
  ])('tells the scope that is needed where it can be told: %s (R68)', (_title, scope, told) => {
    const refusal = new InsufficientClaimsError({} as Token, 'Missing required scope(s)', scope);

    expect(challenge(refusal, 'Bearer', 'api')).toBe(
      'Bearer realm="api", error="insufficient_scope", error_description="The token does not suffice"' +
        told,
    );
  });
});
