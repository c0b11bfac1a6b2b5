import { describe, expect, it } from '@jest/globals';
import { RESERVED_CLAIMS } from '../../../src/options/token-options.js';
import { mistakeOf, resolve } from './mistake-of.js';

const NEEDS_NAME = 'give a name that is neither empty nor __proto__, constructor or prototype';

describe('identityClaim', () => {
  it.each(['sub', 'identity', 'user_id'])('may be %s', (claim) => {
    expect(resolve({ identityClaim: claim }).token.identityClaim).toBe(claim);
  });

  it.each([...RESERVED_CLAIMS].filter((claim) => claim !== 'sub'))('may not be %s', (claim) => {
    expect(mistakeOf({ identityClaim: claim })).toBe(
      `identityClaim was given '${claim}'; it has a meaning of its own: use 'sub', or a name of yours`,
    );
  });
});

describe('userClaimsKey', () => {
  it('nests custom claims under a name', () => {
    expect(resolve({ userClaimsKey: 'user_claims' }).token.userClaimsKey).toBe('user_claims');
  });

  it.each([...RESERVED_CLAIMS])('may not be %s', (claim) => {
    expect(mistakeOf({ userClaimsKey: claim })).toBe(
      `userClaimsKey was given '${claim}'; it has a meaning of its own: use a name such as user_claims`,
    );
  });

  it('may not be the identity claim', () => {
    expect(mistakeOf({ userClaimsKey: 'identity', identityClaim: 'identity' })).toMatch(
      /^userClaimsKey was given 'identity'; .* use a name such as user_claims$/,
    );
  });
});

describe('the reserved claims', () => {
  it('are those that a token itself is made of', () => {
    const claims = 'iat nbf exp jti type fresh csrf sub iss aud sid auth_time';
    expect([...RESERVED_CLAIMS]).toEqual(claims.split(' '));
  });
});

describe('requiredClaims', () => {
  it('are kept in order', () => {
    expect(resolve({ requiredClaims: ['exp', 'roles'] }).token.requiredClaims).toEqual([
      'exp',
      'roles',
    ]);
  });

  it.each([
    ['exp', `requiredClaims was given 'exp'; give an array with it: ['exp']`],
    ['', `requiredClaims was given ''; give an array`],
    [null, 'requiredClaims was given null; give an array'],
    [[''], `requiredClaims[0] was given ''; ${NEEDS_NAME}`],
    [['exp', 5], 'requiredClaims[1] was given 5; give a string'],
    [['__proto__'], `requiredClaims[0] was given '__proto__'; ${NEEDS_NAME}`],
    [new Array(1), 'requiredClaims[0] was given undefined; give a string'],
  ])('refuse %j', (value, message) => {
    expect(mistakeOf({ requiredClaims: value })).toBe(message);
  });
});

describe.each(['decodeIssuer', 'decodeAudience', 'encodeAudience'])('%s', (name) => {
  const fix = 'give a string, or an array of strings that is not empty';

  it.each([
    [/me/, `${name} was given an object of type RegExp; ${fix}`],
    [new Set(['me']), `${name} was given an object of type Set; ${fix}`],
    [[], `${name} was given an empty array; ${fix}`],
    [null, `${name} was given null; ${fix}`],
    ['', `${name} was given ''; give a string that is not empty`],
    [['me', ''], `${name}[1] was given ''; give a string that is not empty`],
    [[/me/], `${name}[0] was given an object of type RegExp; give a string that is not empty`],
  ])('refuses %p', (value, message) => {
    expect(mistakeOf({ [name]: value })).toBe(message);
  });
});

describe('issuers and audiences', () => {
  it('are lists when tokens are read', () => {
    const { token } = resolve({ decodeIssuer: 'me', decodeAudience: ['one', 'two'] });
    expect(token.decodeIssuers).toEqual(['me']);
    expect(token.decodeAudiences).toEqual(['one', 'two']);
  });

  it('are as they were given when tokens are made', () => {
    expect(resolve({ encodeIssuer: 'me', encodeAudience: 'one' }).token).toMatchObject({
      encodeIssuer: 'me',
      encodeAudience: 'one',
    });
    expect(resolve({ encodeAudience: ['one'] }).token.encodeAudience).toEqual(['one']);
  });

  it.each([
    ['', "''"],
    [['me'], 'an array'],
    [/me/, 'an object of type RegExp'],
  ])('refuses %p for the one issuer of new tokens', (value, given) => {
    expect(mistakeOf({ encodeIssuer: value })).toBe(
      `encodeIssuer was given ${given}; give a string that is not empty`,
    );
  });
});

describe('maxTokenLength', () => {
  it.each([256, 8192, 1_048_576])('may be %d', (length) => {
    expect(resolve({ maxTokenLength: length }).token.maxTokenLength).toBe(length);
  });

  it.each([
    [255, '255'],
    [1_048_577, '1048577'],
    [1000.5, '1000.5'],
    [Number.NaN, 'NaN'],
    ['8192', "'8192'"],
  ])('may not be %p', (value, given) => {
    expect(mistakeOf({ maxTokenLength: value })).toBe(
      `maxTokenLength was given ${given}; give a whole number from 256 to 1048576`,
    );
  });
});

describe('encodeCsrf', () => {
  it.each([true, false])('follows csrf.protect: %p', (protect) => {
    expect(resolve({ csrf: { protect } }).token.encodeCsrf).toBe(protect);
  });
});
