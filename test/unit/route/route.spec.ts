import { UseGuards } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requireFresh, requireType } from '../../../src/authentication/authenticator.js';
import { RoutePolicies } from '../../../src/route/route.js';
import { AccessGuard, FreshGuard, RefreshGuard } from '../../../src/route/token.guards.js';
import { guardKindOf, levelOf } from '../../../src/route/policy-level.js';
import { contextOf, setContext } from '../../../src/route/request-context.js';
import { AuthenticatedToken, VerifiedToken } from '../../../src/tokens/verified-token.js';
import { wordsOf } from '../../support/faults.js';
import type { HttpRequest } from '../../../src/contracts/http.js';
import type { RoutePolicy } from '../../../src/contracts/route-policy.js';
import { JwtExtendedConfigError, oneOf, type Token } from '../../../src/index.js';
import {
  Fresh,
  JwtOptional,
  JwtRequired,
  MatchParam,
  Public,
  RequireClaims,
  RequireScope,
} from '../../../src/route/route.decorators.js';

describe('guardKindOf', () => {
  class OwnGuard extends RefreshGuard {}

  /** As it comes from another copy of the library in the same process. */
  class ForeignGuard {}
  Object.assign(ForeignGuard, { [Symbol.for('nestjs-jwt-extended:guard-kind')]: 'fresh' });

  it.each([
    ['AccessGuard', AccessGuard, 'access'],
    ['FreshGuard', FreshGuard, 'fresh'],
    ['RefreshGuard', RefreshGuard, 'refresh'],
    ['a subclass', OwnGuard, 'refresh'],
    ["another copy's guard", ForeignGuard, 'fresh'],
  ])('recognizes %s as a class and as an instance', (_title, guard, kind) => {
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
  ])('returns undefined for %s', (_title, guard) => {
    expect(guardKindOf(guard)).toBeUndefined();
  });
});

describe('Metadata of a level', () => {
  /** What another copy of the library in the same process wrote. */
  function written(name: string, value: unknown): object {
    const target = () => undefined;
    Reflect.defineMetadata(Symbol.for(`nestjs-jwt-extended:${name}`), value, target);
    return target;
  }

  it.each([
    ['fresh', { maxAge: 60 }, { fresh: { maxAge: 60 } }],
    ['fresh', false, { fresh: false }],
    ['optional', true, { optional: true }],
    ['public', true, { isPublic: true }],
    ['required', { verifyType: false }, { required: { verifyType: false } }],
    ['requirements', [{ claims: { a: 1 } }], { requirements: [{ claims: { a: 1 } }] }],
  ])('%s is read if another copy wrote it', (name, value, level) => {
    expect(levelOf('Account.close', written(name, value))).toMatchObject(level);
  });

  it.each([
    ['fresh', Fresh({ maxAge: '1m' }), { maxAge: 60 }],
    ['fresh', Fresh(), {}],
    ['optional', JwtOptional(), true],
    ['public', Public(), true],
    ['public', Public(false), false],
    ['required', JwtRequired({ cookieName: 'c' }), { cookieName: 'c', verifyType: true }],
    ['requirements', RequireClaims({ a: 1 }), [{ decorator: '@RequireClaims', claims: { a: 1 } }]],
    ['requirements', RequireScope('a b'), [{ decorator: '@RequireScope', scope: ['a', 'b'] }]],
    ['requirements', MatchParam('id'), [{ decorator: '@MatchParam', params: { id: 'id' } }]],
    ['requirements', JwtRequired({ scope: 'a' }), [{ decorator: '@JwtRequired', scope: ['a'] }]],
  ])('%s is written for another copy to find', (name, decorate, value) => {
    class Account {}
    decorate(Account);
    const found: unknown = Reflect.getMetadata(Symbol.for(`nestjs-jwt-extended:${name}`), Account);
    if (typeof value === 'object') expect(found).toMatchObject(value);
    else expect(found).toBe(value);
  });
});

describe('The context of a request', () => {
  const policy: RoutePolicy = {
    type: 'access',
    verifyType: true,
    optional: true,
    fresh: false,
    skipRevocationCheck: false,
  };
  const verified = new VerifiedToken({
    encoded: 'the.encoded.token',
    header: { alg: 'HS256' },
    claims: { sub: 'alice', csrf: 'csrf-value' },
    identity: 'alice',
    type: 'access',
    fresh: false,
  });
  const tokenOf = (user?: unknown) => new AuthenticatedToken(verified, 'headers', user);

  it.each([
    ['the user, if users are looked up', tokenOf('Alice'), true, 'Alice'],
    ['a falsy user', tokenOf(0), true, 0],
    ['undefined, if there is no token', undefined, true, undefined],
    ['undefined without a lookup too', undefined, false, undefined],
  ])('sets as the user of the request: %s', (_title, token, looksUpUsers, user) => {
    const request = { headers: {}, user: 'of another guard' };
    const context = { policy, token, looksUpUsers };
    setContext(request, context);
    expect(request.user).toBe(user);
    expect(contextOf(request)).toBe(context);
    expect(Reflect.get(request, Symbol.for('nestjs-jwt-extended:request'))).toBe(context);
  });

  it('sets the token as the user if users are not looked up', () => {
    const request: HttpRequest = { headers: {} };
    const token = tokenOf();
    setContext(request, { policy, token, looksUpUsers: false });
    expect(request.user).toBe(token);
  });

  it('is undefined before authentication, and not enumerable after it', () => {
    const request: HttpRequest = { headers: {} };
    expect(contextOf(request)).toBeUndefined();
    setContext(request, { policy, token: undefined, looksUpUsers: false });
    expect(Object.keys(request)).toEqual(['headers', 'user']);
  });

  it('has a token with its location and user, and prints no secret of it (R70)', () => {
    const token = tokenOf('the-user');
    expect(token).toMatchObject({
      encoded: 'the.encoded.token',
      identity: 'alice',
      location: 'headers',
      user: 'the-user',
    });
    const words = `${wordsOf(token)} ${JSON.stringify(token)}`;
    expect(words).toContain('headers');
    for (const secret of ['the.encoded.token', 'csrf-value', 'the-user'])
      expect(words).not.toContain(secret);
  });
});

describe('A restriction that is added', () => {
  type Decorator = ClassDecorator & MethodDecorator;
  const unlessRoot = { override: { root: true } };
  const RESTRICTIONS: readonly Decorator[] = [
    UseGuards(AccessGuard),
    UseGuards(FreshGuard),
    JwtRequired({ claims: { role: oneOf('a', 'b') } }),
    JwtRequired({ fresh: { maxAge: 60 }, scope: 'read' }),
    Fresh(),
    Fresh({ maxAge: 60 }),
    Fresh({ maxAge: 300 }),
    RequireClaims({ role: 'a' }),
    RequireClaims({ role: ['a', 'b'] }, unlessRoot),
    RequireClaims({ role: oneOf('b', 'c') }),
    RequireScope('read'),
    RequireScope('write', unlessRoot),
    MatchParam('x', { claim: 'role' }),
    MatchParam('y', { claim: 'role' }),
  ];
  const EXCEPTIONS: readonly Decorator[] = [
    JwtOptional(),
    Fresh(false),
    Public(),
    JwtRequired({ verifyType: false }),
    JwtRequired({ optional: true, skipRevocationCheck: true }),
  ];
  const ALL = [...RESTRICTIONS, ...EXCEPTIONS];

  const NOW = new Date(1_000_000);
  const TOKENS = ['access', 'refresh'].flatMap((type) =>
    [false, true].flatMap((fresh) =>
      [30, 200, 900].flatMap((age) =>
        [['a'], ['b'], ['a', 'b', 'c'], 'c'].flatMap((role) =>
          ['read', 'read write'].map((scope) => {
            const iat = NOW.getTime() / 1000 - age;
            return {
              type,
              fresh,
              claims: { iat, role, scope, root: age === 200 },
            } as never as Token;
          }),
        ),
      ),
    ),
  );
  const CALLERS = [undefined, ...TOKENS];

  /** The callers that a handler lets in, by their index; `undefined` for a mistake at start. */
  function letIn(levels: readonly (readonly number[])[]): readonly number[] | undefined {
    const [onHandler = [], onClass = [], onBase = []] = levels.map((level) =>
      level.map((index) => ALL[index] as Decorator),
    );
    class Base {}
    class Own extends Base {
      read(): void {}
    }
    const read = Object.getOwnPropertyDescriptor(Own.prototype, 'read') as PropertyDescriptor;
    let policy: RoutePolicy | undefined;
    try {
      for (const decorate of [...onBase, UseGuards(AccessGuard)]) decorate(Base);
      for (const decorate of onClass) decorate(Own);
      for (const decorate of onHandler) decorate(Own.prototype, 'read', read);
      ({ policy } = new RoutePolicies(new ApplicationConfig()).of(read.value as never, Own));
    } catch (mistake) {
      if (mistake instanceof JwtExtendedConfigError) return undefined;
      throw mistake;
    }
    return CALLERS.flatMap((token, index) => (!policy || admits(policy, token) ? index : []));
  }

  function admits(policy: RoutePolicy, token: Token | undefined): boolean {
    if (!token) return policy.optional;
    try {
      requireType(token, policy);
      requireFresh(token, policy, NOW);
    } catch {
      return false;
    }
    const { requirements = [] } = policy;
    const params = { x: 'a', y: 'b' };
    return requirements.every(
      ({ applies, isMet }) => !applies(token.claims) || isMet(token.claims, params, 'scope'),
    );
  }

  const level = fc.array(fc.nat(ALL.length - 1), { maxLength: 3 });
  it('never lets in a caller that was refused before, on any level', () => {
    let compared = 0;
    fc.assert(
      fc.property(
        fc.tuple(level, level, level),
        fc.nat(2),
        fc.nat(RESTRICTIONS.length - 1),
        fc.boolean(),
        (levels, at, added, isFirst) => {
          const before = letIn(levels);
          const after = letIn(
            levels.map((each, index) => {
              if (index !== at) return each;
              return isFirst ? [added, ...each] : [...each, added];
            }),
          );
          if (!before || !after) return;
          compared++;
          expect(after.filter((caller) => !before.includes(caller))).toEqual([]);
        },
      ),
      { seed: 20_261_201, numRuns: 3000 },
    );
    expect(compared).toBeGreaterThan(500);
  });
});
