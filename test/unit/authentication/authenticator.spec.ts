import { describe, expect, it } from '@jest/globals';
import { requireFresh, requireType } from '../../../src/authentication/authenticator.js';
import type { RoutePolicy } from '../../../src/contracts/route-policy.js';
import { StaleTokenError, WrongTokenTypeError } from '../../../src/index.js';
import { VerifiedToken } from '../../../src/tokens/verified-token.js';
import { NOW } from '../../support/forge.js';

const now = new Date(NOW * 1000);

function policy(changes: Partial<RoutePolicy>): RoutePolicy {
  const flags = { verifyType: true, optional: false, skipRevocationCheck: false };
  return { type: 'access', fresh: false, ...flags, ...changes };
}

function token(type: 'access' | 'refresh', fresh = false, claims = {}): VerifiedToken {
  const header = { alg: 'HS256' };
  return new VerifiedToken({ encoded: 'x', header, claims, identity: 'alice', type, fresh });
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
    ['a stale token if the route does not require a fresh one', false, false, {}],
    ['a fresh token', {}, true, {}],
    ['a login of exactly maxAge ago', { maxAge: 60 }, true, { auth_time: NOW - 60 }],
    ['an iat of maxAge ago if there is no auth_time', { maxAge: 60 }, true, { iat: NOW - 60 }],
    ['an iat if auth_time is text', { maxAge: 60 }, true, { auth_time: '1', iat: NOW }],
    ['a login of this second', { maxAge: 0 }, true, { auth_time: NOW }],
  ] as const)('accepts %s', (_, fresh, isFresh, claims) => {
    const given = token('access', isFresh, claims);
    expect(() => requireFresh(given, policy({ fresh }), now)).not.toThrow();
  });

  it.each([
    ['a stale token', {}, false, {}],
    ['a stale token, however young', { maxAge: 60 }, false, { auth_time: NOW }],
    ['a login a second too long ago', { maxAge: 60 }, true, { auth_time: NOW - 61, iat: NOW }],
    ['a token made too long ago', { maxAge: 60 }, true, { iat: NOW - 61 }],
    ['a token that says nothing of its age', { maxAge: 60 }, true, {}],
  ] as const)('refuses %s', (_, fresh, isFresh, claims) => {
    const stale = token('access', isFresh, claims);
    const required = expect.objectContaining({ required: fresh, token: stale });
    const refused = () => requireFresh(stale, policy({ fresh }), now);
    expect(refused).toThrow(StaleTokenError);
    expect(refused).toThrow(required);
  });
});
