import { describe, expect, it } from '@jest/globals';
import { AuthenticatedToken, VerifiedToken } from '../../../src/tokens/verified-token.js';
import { setContext, contextOf } from '../../../src/route/route-authenticator.js';
import type { RoutePolicy } from '../../../src/contracts/route-policy.js';
import { wordsOf } from '../../support/faults.js';

const policy: RoutePolicy = {
  type: 'access',
  verifyType: true,
  optional: true,
  fresh: false,
  skipRevocationCheck: false,
};

const token = new VerifiedToken({
  encoded: 'the.encoded.token',
  header: { alg: 'HS256' },
  claims: { sub: 'alice', csrf: 'csrf-value' },
  identity: 'alice',
  type: 'access',
  fresh: false,
});

function context(user?: unknown): AuthenticatedToken {
  return new AuthenticatedToken(token, 'headers', user);
}

describe('What a passed journey leaves on the request', () => {
  it.each([
    ['the user, where users are looked up', context('Alice'), true, 'Alice'],
    ['a user that counts for nothing elsewhere', context(0), true, 0],
    ['nobody, where nobody came', undefined, true, undefined],
    ['nobody without a lookup either', undefined, false, undefined],
  ])('is %s', (_, came, looksUpUsers, user) => {
    const request = { headers: {}, user: 'left by another guard' };
    const context = { policy, token: came, looksUpUsers };
    setContext(request, context);
    expect(request.user).toBe(user);
    expect(contextOf(request)).toBe(context);
  });

  it('is the token, where users are not looked up', () => {
    const request: { headers: object; user?: unknown } = { headers: {} };
    const came = context();
    setContext(request as never, { policy, token: came, looksUpUsers: false });
    expect(request.user).toBe(came);
  });

  it('is nothing on a request that made no journey, and hides from those who list it', () => {
    const request = { headers: {} };
    expect(contextOf(request)).toBeUndefined();
    setContext(request, { policy, token: undefined, looksUpUsers: false });
    expect(Object.keys(request)).toEqual(['headers', 'user']);
  });
});

describe('The context of a request', () => {
  it('is the token, where it was found, and the user', () => {
    expect(context('Alice')).toMatchObject({
      encoded: 'the.encoded.token',
      identity: 'alice',
      location: 'headers',
      user: 'Alice',
    });
  });

  it('prints neither its text, nor its csrf value, nor the user (R70)', () => {
    const words = `${wordsOf(context('the-user'))} ${JSON.stringify(context('the-user'))}`;
    expect(words).toContain('headers');
    for (const secret of ['the.encoded.token', 'csrf-value', 'the-user'])
      expect(words).not.toContain(secret);
  });
});
