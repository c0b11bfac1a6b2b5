import { describe, expect, it } from '@jest/globals';
import { requireFresh, requireType } from '../../../src/authentication/authenticator.js';
import type { RoutePolicy } from '../../../src/contracts/route-policy.js';
import { StaleTokenError, WrongTokenTypeError } from '../../../src/index.js';
import { VerifiedToken } from '../../../src/tokens/verified-token.js';
import { NOW } from '../../support/forge.js';

const now = new Date(NOW * 1000);

function policy(changes: Partial<RoutePolicy>): RoutePolicy {
  return {
    type: 'access',
    verifyType: true,
    optional: false,
    fresh: false,
    skipRevocationCheck: false,
    ...changes,
  };
}

function token(type: 'access' | 'refresh', fresh = false, claims = {}): VerifiedToken {
  return new VerifiedToken({
    encoded: 'x',
    header: { alg: 'HS256' },
    claims,
    identity: 'alice',
    type,
    fresh,
  });
}

describe('requireType', () => {
  it.each([
    ['access', 'access', true],
    ['refresh', 'refresh', true],
    ['access', 'refresh', false],
    ['refresh', 'access', false],
  ] as const)('on a route for %s tokens, lets a %s token pass only unverified', (...given) => {
    const [type, kind, verifyType] = given;
    expect(() => requireType(token(kind), policy({ type, verifyType }))).not.toThrow();
  });

  it.each([
    ['access', 'refresh', 'Only non-refresh tokens are allowed'],
    ['refresh', 'access', 'Only refresh tokens are allowed'],
  ] as const)('on a route for %s tokens, refuses a %s token: %s', (type, kind, reason) => {
    const refused = () => requireType(token(kind), policy({ type }));
    expect(refused).toThrow(WrongTokenTypeError);
    expect(refused).toThrow(reason);
  });
});

describe('requireFresh', () => {
  it.each([
    ['asks nothing of a stale token where the route asks nothing', false, false, {}],
    ['lets a fresh token pass', {}, true, {}],
    ['lets a login of just so long ago pass', { maxAge: 60 }, true, { auth_time: NOW - 60 }],
    ['counts from iat where there is no auth_time', { maxAge: 60 }, true, { iat: NOW - 60 }],
    [
      'counts from iat where auth_time is no number',
      { maxAge: 60 },
      true,
      { auth_time: '1', iat: NOW },
    ],
    ['lets a login of this second pass', { maxAge: 0 }, true, { auth_time: NOW }],
  ] as const)('%s', (_, fresh, isFresh, claims) => {
    expect(() =>
      requireFresh(token('access', isFresh, claims), policy({ fresh }), now),
    ).not.toThrow();
  });

  it.each([
    ['a stale token', {}, false, {}],
    ['a stale token, however young', { maxAge: 60 }, false, { auth_time: NOW }],
    ['a login a second too long ago', { maxAge: 60 }, true, { auth_time: NOW - 61, iat: NOW }],
    ['a token made too long ago', { maxAge: 60 }, true, { iat: NOW - 61 }],
    ['a token that says nothing of its age', { maxAge: 60 }, true, {}],
  ] as const)('refuses %s', (_, fresh, isFresh, claims) => {
    const stale = token('access', isFresh, claims);
    let error: unknown;
    try {
      requireFresh(stale, policy({ fresh }), now);
    } catch (refusal) {
      error = refusal;
    }
    expect(error).toBeInstanceOf(StaleTokenError);
    expect(error).toMatchObject({ required: fresh, token: stale, code: 'TOKEN_NOT_FRESH' });
  });
});
