import { describe, expect, it } from '@jest/globals';
import {
  AuthenticatedToken,
  isVerifiedToken,
  VerifiedToken,
} from '../../../src/tokens/verified-token.js';

const token = new VerifiedToken({
  encoded: 'a.b.c',
  header: { alg: 'HS256' },
  claims: { jti: 'id', sid: 'session', iat: 1.5, exp: 2 },
  identity: 'alice',
  type: 'access',
  fresh: false,
});

describe('A verified token', () => {
  it('is recognised, by another copy of this library too', () => {
    const mark = Symbol.for('nestjs-jwt-extended:verified-token');

    expect(isVerifiedToken(token)).toBe(true);
    expect(Reflect.get(token, mark)).toBe(true);
    expect(isVerifiedToken({ [mark]: true })).toBe(true);
  });

  it.each([undefined, null, 'a.b.c', 5, {}, [], { encoded: 'a.b.c', jti: 'id' }])(
    'is not %j',
    (value) => {
      expect(isVerifiedToken(value)).toBe(false);
    },
  );

  it('is not recognised when it is copied', () => {
    expect(isVerifiedToken({ ...token })).toBe(false);
    expect(isVerifiedToken(JSON.parse(JSON.stringify(token)))).toBe(false);
  });

  it('has its moments as dates to the millisecond, and the ids of its claims', () => {
    expect([token.issuedAt, token.expiresAt]).toEqual([new Date(1500), new Date(2000)]);
    expect([token.jti, token.sessionId]).toEqual(['id', 'session']);
  });

  const ofGuard = new AuthenticatedToken(token, 'headers', { name: 'Alice' });
  const members = ['encoded', 'header', 'claims', 'identity', 'type', 'fresh', 'jti', 'sessionId'];
  it.each([...members, 'issuer', 'namespace', 'location', 'user'])(
    'cannot be made to say something else as its %s, by a body that is assigned to request.user for example',
    (name) => {
      const said: unknown = Reflect.get(ofGuard, name);

      expect(() => Object.assign(ofGuard, { [name]: 'mallory' })).toThrow(TypeError);
      expect(Reflect.get(ofGuard, name)).toBe(said);
    },
  );

  it('takes other members that the application adds', () => {
    expect(Object.assign(ofGuard, { tenant: 'acme' })).toHaveProperty('tenant', 'acme');
  });
});
