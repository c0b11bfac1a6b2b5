import { describe, expect, it } from '@jest/globals';
import { AccessGuard, FreshGuard, RefreshGuard } from '../../../src/route/token.guards.js';
import { guardKindOf, levelOf } from '../../../src/route/route.js';
import { contextOf, setContext } from '../../../src/route/route-authenticator.js';
import type { HttpRequest } from '../../../src/contracts/http.js';
import type { RoutePolicy } from '../../../src/contracts/route-policy.js';
import {
  Fresh,
  JwtOptional,
  JwtRequired,
  MatchParam,
  Public,
  RequireClaims,
  RequireScope,
} from '../../../src/route/route.decorators.js';

describe('Guard kinds', () => {
  class OwnGuard extends RefreshGuard {}

  /** As it comes from another copy of the library in the same process. */
  class ForeignGuard {}
  Object.assign(ForeignGuard, { [Symbol.for('nestjs-jwt-extended:guard-kind')]: 'fresh' });

  describe('guardKindOf', () => {
    it.each([
      ['AccessGuard', AccessGuard, 'access'],
      ['FreshGuard', FreshGuard, 'fresh'],
      ['RefreshGuard', RefreshGuard, 'refresh'],
      ['a subclass', OwnGuard, 'refresh'],
      ["another copy's guard", ForeignGuard, 'fresh'],
    ])('knows %s as a class and as an instance', (_title, guard, kind) => {
      expect(guardKindOf(guard)).toBe(kind);
      expect(guardKindOf(new guard())).toBe(kind);
    });

    it.each([
      ['another class', class OtherGuard {}],
      ['an object', { canActivate: () => true }],
      ['an object without a prototype', Object.create(null) as object],
      ['a function', () => true],
      ['undefined', undefined],
      ['null', null],
      ['text', 'access'],
    ])('knows %s to be none of them', (_title, guard) => {
      expect(guardKindOf(guard)).toBeUndefined();
    });
  });
});

describe('Levels', () => {
  const POLICY: RoutePolicy = {
    type: 'access',
    verifyType: true,
    optional: false,
    fresh: false,
    skipRevocationCheck: false,
  };

  /** What another copy of the library in the same process wrote. */
  function written(name: string, value: unknown): object {
    const target = () => undefined;
    Reflect.defineMetadata(Symbol.for(`nestjs-jwt-extended:${name}`), value, target);
    return target;
  }

  describe('metadata', () => {
    it.each([
      ['fresh', { maxAge: 60 }, { fresh: { maxAge: 60 } }],
      ['fresh', false, { fresh: false }],
      ['optional', true, { optional: true }],
      ['public', true, { isPublic: true }],
      ['required', { verifyType: false }, { required: { verifyType: false } }],
      ['requirements', [{ claims: { a: 1 } }], { requirements: [[{ claims: { a: 1 } }]] }],
    ])('%s of another copy is understood', (name, value, level) => {
      expect(levelOf('Account.close', written(name, value))).toMatchObject(level);
    });

    it.each([
      ['fresh', Fresh({ maxAge: '1m' }), { maxAge: 60 }],
      ['fresh', Fresh(), {}],
      ['optional', JwtOptional(), true],
      ['public', Public(), true],
      ['public', Public(false), false],
      ['required', JwtRequired({ cookieName: 'c' }), { cookieName: 'c', verifyType: true }],
      [
        'requirements',
        RequireClaims({ a: 1 }),
        [{ decorator: '@RequireClaims', claims: { a: 1 } }],
      ],
      ['requirements', RequireScope('a b'), [{ decorator: '@RequireScope', scope: ['a', 'b'] }]],
      ['requirements', MatchParam('id'), [{ decorator: '@MatchParam', params: { id: 'id' } }]],
      ['requirements', JwtRequired({ scope: 'a' }), [{ decorator: '@JwtRequired', scope: ['a'] }]],
    ])('%s is written where another copy finds it', (name, decorate, value) => {
      class Account {}
      decorate(Account);
      const found: unknown = Reflect.getMetadata(
        Symbol.for(`nestjs-jwt-extended:${name}`),
        Account,
      );
      if (typeof value === 'object') expect(found).toMatchObject(value);
      else expect(found).toBe(value);
    });

    it('says nothing of a class without decorators', () => {
      expect(levelOf('Account', class {})).toEqual({
        name: 'Account',
        guards: [],
        guardClasses: [],
        anyOfClasses: [],
        requirements: [],
        required: undefined,
        fresh: undefined,
        optional: undefined,
        isPublic: undefined,
      });
    });
  });

  describe('the slot of a request', () => {
    it('is one that another copy finds', () => {
      const request: HttpRequest = { headers: {} };
      const context = { policy: POLICY, token: undefined, looksUpUsers: false };
      setContext(request, context);
      expect(Reflect.get(request, Symbol.for('nestjs-jwt-extended:request'))).toBe(context);
      expect(contextOf(request)).toBe(context);
      expect(request).toHaveProperty('user', undefined);
    });
  });
});
