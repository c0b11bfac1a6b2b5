import { describe, expect, it } from '@jest/globals';
import { RESERVED_CLAIMS } from '../../../src/options/token-options.js';
import { mistakeOf, resolve } from './mistake-of.js';

describe('The token options', () => {
  it.each<[options: object, resolved: object]>([
    [{ accessTokenExpires: false }, { expires: { access: false, refresh: 2_592_000 } }],
    [{ refreshTokenExpires: false }, { expires: { access: 900, refresh: false } }],
    [{ leeway: '2m' }, { leeway: 120 }],
    [{ notBeforeDelta: '2m' }, { notBeforeDelta: 120 }],
    [{ identityClaim: 'sub' }, { identityClaim: 'sub' }],
    [{ identityClaim: 'user_id' }, { identityClaim: 'user_id' }],
    [{ userClaimsKey: 'user_claims' }, { userClaimsKey: 'user_claims' }],
    [{ requiredClaims: ['exp', 'roles'] }, { requiredClaims: ['exp', 'roles'] }],
    [{ decodeIssuer: 'me' }, { decodeIssuer: ['me'] }],
    [{ decodeAudience: ['one', 'two'] }, { decodeAudience: ['one', 'two'] }],
    [{ encodeIssuer: 'me' }, { encodeIssuer: 'me' }],
    [{ encodeAudience: 'one' }, { encodeAudience: 'one' }],
    [{ encodeAudience: ['one'] }, { encodeAudience: ['one'] }],
    [{ maxTokenLength: 256 }, { maxTokenLength: 256 }],
    [{ maxTokenLength: 1_048_576 }, { maxTokenLength: 1_048_576 }],
    [{ csrf: { protect: true } }, { encodeCsrf: true }],
    [{ csrf: { protect: false } }, { encodeCsrf: false }],
  ])('resolve %j to %j', (options, resolved) => {
    expect(resolve(options).token).toMatchObject(resolved);
  });

  it('hold no other option', () => {
    expect(resolve({ secret: 'canary' }).token).not.toHaveProperty('secret');
  });
});

describe('The reserved claims', () => {
  it('are the claims that the library itself writes and reads', () => {
    const claims = 'iat nbf exp jti type fresh csrf sub iss aud sid auth_time';
    expect([...RESERVED_CLAIMS]).toEqual(claims.split(' '));
  });

  it.each([...RESERVED_CLAIMS].filter((claim) => claim !== 'sub'))(
    'cannot hold the identity: %s',
    (claim) => {
      expect(mistakeOf({ identityClaim: claim })).toBe(
        `identityClaim was given '${claim}'; it has a meaning of its own: use 'sub', or a name of yours`,
      );
    },
  );

  it.each([...RESERVED_CLAIMS])('cannot nest custom claims: %s', (claim) => {
    expect(mistakeOf({ userClaimsKey: claim })).toBe(
      `userClaimsKey was given '${claim}'; it has a meaning of its own: use a name such as user_claims`,
    );
  });

  it('include the identity claim, which cannot nest custom claims', () => {
    expect(mistakeOf({ userClaimsKey: 'identity', identityClaim: 'identity' })).toBe(
      "userClaimsKey was given 'identity'; it has a meaning of its own: use a name such as user_claims",
    );
  });
});
