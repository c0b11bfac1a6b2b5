import { type CanActivate, Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { APP_GUARD, RouterModule } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  anyOf,
  Fresh,
  FreshGuard,
  JwtExtendedConfigError,
  JwtRequired,
  type JwtRequiredOptions,
  LogoutGuard,
  MatchParam,
  oneOf,
  Public,
  RefreshGuard,
  RequireClaims,
  RequireScope,
  type RouteDecorator,
} from '../../../src/index.js';
import { JwtPassportModule } from '../../../src/passport/index.js';
import { type AppParts, createApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { mistakeAtStart, routeAt } from '../../support/routes.js';
import { partsOf, withRoutes, type Words } from '../../support/routes-notation.js';

const guarded = UseGuards(AccessGuard);

const IDLE =
  'has no effect, because no token guard protects the route: add @UseGuards(AccessGuard), or set globalGuard: true';
const IDLE_CLASS = IDLE.replace('effect,', 'effect on RouteController.answer,');
const PUBLIC = 'has no effect, because RouteController.answer is @Public(): remove one of the two';
const PUBLIC_CLASS = PUBLIC.replace('.answer', '');

function expectMistake(mistake: unknown, message: string): void {
  expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
  expect(mistake).toHaveProperty('message', message);
}

describe('Mistakes in guards', () => {
  const BOTH =
    'has RefreshGuard and a guard for access tokens, and no token is both: keep one of them';
  const NEVER_FRESH =
    'requires a refresh token, which is never fresh: remove @Fresh or RefreshGuard';
  const TWO_WORDS = 'RouteController.answer has FreshGuard and @Fresh(false): keep one of them';

  const words: Words = {
    'Fresh(60)': Fresh({ maxAge: 60 }),
    'JwtRequired({ refresh: true })': JwtRequired({ refresh: true }),
    'JwtRequired({ fresh: false })': JwtRequired({ fresh: false }),
    'JwtRequired({ fresh: true })': JwtRequired({ fresh: true }),
    'JwtRequired({ optional: false })': JwtRequired({ optional: false }),
    'JwtRequired({ verifyType: false })': JwtRequired({ verifyType: false }),
    'JwtRequired({ skipRevocationCheck: true })': JwtRequired({ skipRevocationCheck: true }),
  };
  const exception = (option: string) =>
    `has @JwtRequired({ ${option} }) and another token guard, which makes that check: keep one of them`;

  it.each([
    ['Fresh', `@Fresh on RouteController.answer ${IDLE}`],
    ['Fresh(60)', `@Fresh on RouteController.answer ${IDLE}`],
    ['Fresh / -', `@Fresh on RouteController ${IDLE_CLASS}`],
    ['JwtOptional', `@JwtOptional on RouteController.answer ${IDLE}`],
    ['JwtOptional / -', `@JwtOptional on RouteController ${IDLE_CLASS}`],
    ['Public + Fresh', `@Fresh on RouteController.answer ${PUBLIC}`],
    ['AccessGuard + RefreshGuard', `RouteController.answer ${BOTH}`],
    ['FreshGuard + RefreshGuard / -', `RouteController ${BOTH}`],
    ['JwtRequired + RefreshGuard', `RouteController.answer ${BOTH}`],
    ['RefreshGuard + Fresh', `RouteController.answer ${NEVER_FRESH}`],
    ['RefreshGuard / Fresh', `RouteController ${NEVER_FRESH}`],
    ['JwtRequired({ refresh: true }) + Fresh', `RouteController.answer ${NEVER_FRESH}`],
    [
      'FreshGuard / RefreshGuard',
      'RouteController.answer requires a refresh token, which is never fresh, and RouteController a fresh token: ' +
        'put @Fresh(false) on RouteController.answer',
    ],
    ['AccessGuard + RefreshGuard / AccessGuard', `RouteController ${BOTH}`],
    ['FreshGuard + Fresh(false) / Public', TWO_WORDS.replace('.answer', '')],
    ['Public + Fresh / AccessGuard', `@Fresh on RouteController ${PUBLIC_CLASS}`],
    ['Fresh(false)', `@Fresh(false) on RouteController.answer ${IDLE}`],
    ['Public(false) / -', `@Public(false) on RouteController ${IDLE_CLASS}`],
    ['Public / Fresh', `@Fresh on RouteController.answer ${IDLE}`],
    ['FreshGuard + Fresh(false)', TWO_WORDS],
    ['FreshGuard + JwtRequired({ fresh: false })', TWO_WORDS],
    [
      'Fresh + JwtRequired({ fresh: false })',
      'RouteController.answer has @Fresh() and @JwtRequired with fresh: false: keep one of them',
    ],
    [
      'Fresh(false) + JwtRequired({ fresh: true }) / -',
      'RouteController has @Fresh(false) and @JwtRequired with fresh: keep one of them',
    ],
    [
      'JwtOptional + JwtRequired({ optional: false })',
      'RouteController.answer has @JwtOptional() and @JwtRequired({ optional: false }): keep one of them',
    ],
    [
      'JwtRequired({ verifyType: false }) + AccessGuard',
      `RouteController.answer ${exception('verifyType: false')}`,
    ],
    [
      'JwtRequired({ skipRevocationCheck: true }) + FreshGuard / -',
      `RouteController ${exception('skipRevocationCheck: true')}`,
    ],
  ])('"%s" is reported at start', async (description, message) => {
    const controllers = [routeAt('', partsOf(description, words))];
    expectMistake(await mistakeAtStart('express', { controllers }), message);
  });

  it.each<[string, RouteDecorator[], string]>([
    ['@Fresh', [Fresh(), Fresh(false)], '@Fresh() and @Fresh(false)'],
    ['@Fresh', [Fresh(false), Fresh({ maxAge: 60 })], '@Fresh() and @Fresh(false)'],
    ['@Public', [Public(), Public(false)], '@Public() and @Public(false)'],
    ['@JwtRequired', [JwtRequired({ fresh: true }), JwtRequired()], '@JwtRequired twice'],
  ])(
    '%s that contradicts itself on one handler or class is reported at once',
    (_name, all, what) => {
      const message = `One handler or class has ${what}: write what you mean in one decorator`;
      const mistake = new JwtExtendedConfigError(message);
      expect(() => routeAt('', { handler: all })).toThrow(mistake);
      expect(() => routeAt('', { controller: all })).toThrow(mistake);
    },
  );

  it('are reported for the routes of every module', async () => {
    @Module({ controllers: [routeAt('', partsOf('JwtOptional'))] })
    class FeatureModule {}

    const mistake = await mistakeAtStart('express', { imports: [FeatureModule] });
    expectMistake(mistake, `@JwtOptional on RouteController.answer ${IDLE}`);
  });

  it('are reported for inherited routes, with the name of the class that inherits them', async () => {
    const Base = withRoutes({ answer: [Fresh(), Get()] });
    const Inheriting = withRoutes({}, [Controller()], Base);
    const mistake = await mistakeAtStart('express', { controllers: [Inheriting] });
    expectMistake(mistake, `@Fresh on OwnController.answer ${IDLE}`);
  });

  it('are not reported for methods that are no routes', async () => {
    const routes = { helper: [Fresh()], answer: [UseGuards(AccessGuard), Get()] };
    const app = await createApp('express', { controllers: [withRoutes(routes, [Controller()])] });
    expect(await app.send('GET', '/')).toMatchObject({ status: 401 });
    await app.close();
  });

  const globalGuard: AppParts = { extras: { globalGuard: true } };
  it.each<[string, ClassDecorator & MethodDecorator, AppParts]>([
    ['@Fresh with globalGuard', Fresh(), globalGuard],
    ['@RequireScope with globalGuard', RequireScope('read'), globalGuard],
    [
      '@Fresh with useGlobalGuards',
      Fresh(),
      { configure: (nest) => nest.useGlobalGuards(nest.get(AccessGuard)) },
    ],
  ])('do not include %s', async (_title, decorator, parts) => {
    const controllers = [routeAt('', { handler: [decorator] })];
    const app = await createApp('express', { ...parts, controllers });
    expect(await app.send('GET', '/')).toMatchObject({ status: 401 });
    await app.close();
  });
});

describe('Mistakes in requirements', () => {
  class Money {
    readonly amount = 5;
  }
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const endless: unknown[] = [];
  endless.push(endless);

  const JSON_ONLY = 'give a value that JSON can hold and that is not empty';
  const CLAIMS = "give an object of claims, such as { role: 'admin' }";
  const WORDS = "give words such as 'read:users', or an object";
  const TEXT = 'give a string that is not empty';

  const IN_LIST = 'was given a oneOf inside a list; require it in a decorator of its own';
  const EMPTY = 'was given an object without members; name what the token must have';

  /** Requirements that no token can meet, or that require nothing. */
  const BAD_CLAIMS: readonly [unknown, string][] = [
    [undefined, ` was given undefined; ${CLAIMS}`],
    [null, ` was given null; ${CLAIMS}`],
    ['role', ` was given 'role'; ${CLAIMS}`],
    [[], ` was given an empty array; ${CLAIMS}`],
    [['role'], ` was given an array; ${CLAIMS}`],
    [() => true, ` was given a function; ${CLAIMS}`],
    [new Map([['role', 'admin']]), ` was given an object of type Map; ${CLAIMS}`],
    [new Money(), ` was given an object; ${CLAIMS}`],
    [Object.create({ role: 'admin' }), ` was given an object; ${CLAIMS}`],
    [{}, ` ${EMPTY}`],
    [{ __proto__: { role: 'admin' } }, ` was given an object; ${CLAIMS}`],
    [{ [Symbol('role')]: 1 }, ` ${EMPTY}`],
    [{ role: undefined }, `.role was given undefined; ${JSON_ONLY}`],
    [{ role: () => 'admin' }, `.role was given a function; ${JSON_ONLY}`],
    [{ role: Symbol('x') }, `.role was given a symbol; ${JSON_ONLY}`],
    [{ id: 5n }, `.id was given a bigint; ${JSON_ONLY}`],
    [{ id: NaN }, `.id was given NaN; ${JSON_ONLY}`],
    [{ id: Infinity }, `.id was given Infinity; ${JSON_ONLY}`],
    [{ at: new Date(0) }, `.at was given an object of type Date; ${JSON_ONLY}`],
    [{ roles: new Set(['a']) }, `.roles was given an object of type Set; ${JSON_ONLY}`],
    [{ roles: [] }, `.roles was given an empty array; ${JSON_ONLY}`],
    [{ roles: ['a', undefined] }, `.roles[1] was given undefined; ${JSON_ONLY}`],
    [{ roles: ['a', , 'b'] }, `.roles[1] was given undefined; ${JSON_ONLY}`],
    [{ org: {} }, `.org ${EMPTY}`],
    [{ org: { unit: new Money() } }, `.org.unit was given an object; ${JSON_ONLY}`],
    [oneOf('admin'), ` was given a oneOf; ${CLAIMS}`],
    [{ roles: ['a', oneOf('b')] }, `.roles[1] ${IN_LIST}`],
    [{ roles: [{ in: oneOf('b') }] }, `.roles[0].in ${IN_LIST}`],
    [{ pattern: /admin/ }, `.pattern was given an object of type RegExp; ${JSON_ONLY}`],
  ];

  const BAD_SCOPES: readonly [unknown, string][] = [
    [undefined, ` was given undefined; ${WORDS}`],
    [5, ` was given 5; ${WORDS}`],
    [[], ` was given an empty array; ${WORDS}`],
    [{}, ` ${EMPTY}`],
    [['read', ''], `[1] was given ''; ${TEXT}`],
    [['read', 5], `[1] was given 5; ${TEXT}`],
    [['read  write'], "[0] was given 'read  write'; separate words with one space"],
    [[' read'], "[0] was given ' read'; separate words with one space"],
    [['a\tb'], '[0] was given a string of 3 characters; separate words with one space'],
    [
      oneOf('read', 'write'),
      " was given a oneOf; require it as a claim: @RequireClaims({ scope: oneOf('read', 'write') })",
    ],
    [{ users: undefined }, `.users was given undefined; ${JSON_ONLY}`],
  ];

  class OwnGuard extends AccessGuard {}

  const GUARD =
    'give a class that extends AccessGuard, FreshGuard, RefreshGuard or LogoutGuard; other guards belong in @UseGuards';

  const PAIRS =
    "give an object with a claim and the route parameter that it must equal: { sub: 'username' }";

  const BAD_OPTIONS: readonly [unknown, string][] = [
    [{ params: {} }, `@JwtRequired.params was given an object; ${PAIRS}`],
    [{ params: ['username'] }, `@JwtRequired.params was given an array; ${PAIRS}`],
    [{ params: 'username' }, `@JwtRequired.params was given 'username'; ${PAIRS}`],
    [{ params: { sub: '' } }, `@JwtRequired.params.sub was given ''; ${TEXT}`],
    [{ params: { sub: 5 } }, `@JwtRequired.params.sub was given 5; ${TEXT}`],
    [
      { params: { '': 'username' } },
      `the name of a claim in @JwtRequired.params was given ''; ${TEXT}`,
    ],
    [{ claims: { '': 1 } }, `a name in @JwtRequired.claims was given ''; ${TEXT}`],
    [{ claims: { a: { '': 1 } } }, `a name in @JwtRequired.claims.a was given ''; ${TEXT}`],
    [{ scope: '' }, `@JwtRequired.scope was given ''; ${TEXT}`],
    [{ scope: null }, `@JwtRequired.scope was given null; ${WORDS}`],
    [{ claims: null }, `@JwtRequired.claims was given null; ${CLAIMS}`],
    [{ claims: { a: 1 }, override: {} }, `@JwtRequired.override ${EMPTY}`],
    [
      { claims: { a: 1 }, override: { roles: [] } },
      `@JwtRequired.override.roles was given an empty array; ${JSON_ONLY}`,
    ],
    [
      { override: { root: true } },
      '@JwtRequired.override has nothing to override: give claims, scope or params too',
    ],
    [{ guard: null }, `@JwtRequired.guard was given null; ${GUARD}`],
    [{ guard: 'jwt' }, `@JwtRequired.guard was given 'jwt'; ${GUARD}`],
    [{ guard: new OwnGuard() }, `@JwtRequired.guard was given an object; ${GUARD}`],
    [{ guard: Money }, `@JwtRequired.guard was given Money; ${GUARD}`],
    [{ guard: () => true }, `@JwtRequired.guard was given guard; ${GUARD}`],
    [
      { guard: anyOf(AccessGuard, FreshGuard) },
      `@JwtRequired.guard was given anyOf(AccessGuard, FreshGuard); ${GUARD}`,
    ],
    [
      { guard: OwnGuard, refresh: true },
      '@JwtRequired has refresh: true, but OwnGuard is no RefreshGuard: keep one of them',
    ],
    [
      { guard: LogoutGuard, refresh: true },
      '@JwtRequired has refresh: true, but LogoutGuard is no RefreshGuard: keep one of them',
    ],
    [
      { guard: LogoutGuard, allowExpired: false },
      '@JwtRequired has allowExpired, which LogoutGuard decides itself: leave it out',
    ],
    [
      { guard: LogoutGuard, verifyType: true },
      '@JwtRequired has verifyType, which LogoutGuard decides itself: leave it out',
    ],
    [
      { guard: RefreshGuard, refresh: false },
      '@JwtRequired has refresh: false, but RefreshGuard is a RefreshGuard: keep one of them',
    ],
    [
      { guard: FreshGuard, fresh: false },
      '@JwtRequired has fresh: false, but FreshGuard is a FreshGuard: keep one of them',
    ],
    [
      { guard: RefreshGuard, fresh: { maxAge: 60 } },
      '@JwtRequired has both refresh and fresh, and a refresh token is never fresh: keep one of them',
    ],
    [{ claim: { a: 1 } }, '@JwtRequired.claim is not an option; did you mean @JwtRequired.claims?'],
  ];

  function expectRefusal(decorate: () => unknown, message: unknown): void {
    expect(decorate).toThrow(expect.objectContaining({ name: 'JwtExtendedConfigError', message }));
  }

  it.each(BAD_CLAIMS)('@RequireClaims refuses %p, and so do overrides', (given, message) => {
    const override = given as never;
    expectRefusal(() => RequireClaims(override), `@RequireClaims${message}`);
    if (given === undefined) return;
    expectRefusal(() => RequireClaims({ a: 1 }, { override }), `@RequireClaims.override${message}`);
    const scoped = expect.stringMatching(/^@RequireScope\.override/);
    expectRefusal(() => RequireScope({ a: 1 }, { override }), scoped);
    expectRefusal(() => RequireScope('a', { override }), scoped);
    const matched = expect.stringMatching(/^@MatchParam\.override/);
    expectRefusal(() => MatchParam('a', { override }), matched);
  });

  it.each(BAD_SCOPES)('@RequireScope refuses %p', (scope, message) => {
    expectRefusal(() => RequireScope(scope as never), `@RequireScope${message}`);
  });

  it.each(BAD_OPTIONS)('@JwtRequired refuses %p', (options, message) => {
    expectRefusal(() => JwtRequired(options as JwtRequiredOptions), message);
  });

  it.each([
    ['requirements that contain themselves', { claims: circular }],
    ['lists that contain themselves', { claims: { roles: endless } }],
  ])('@JwtRequired refuses %s', (_title, options) => {
    expectRefusal(() => JwtRequired(options as JwtRequiredOptions), expect.any(String));
  });

  const SINGLE = "give strings, numbers, booleans or null, each as an argument: oneOf('a', 'b')";
  it.each<[given: unknown[], message: string]>([
    [[], "oneOf was given nothing; give the values of which one is enough: oneOf('a', 'b')"],
    [[undefined], `oneOf was given undefined; ${SINGLE}`],
    [['a', undefined], `oneOf was given undefined; ${SINGLE}`],
    [[['a', 'b']], `oneOf was given an array; ${SINGLE}`],
    [['a', { b: 1 }], `oneOf was given an object; ${SINGLE}`],
    [['a', oneOf('b')], `oneOf was given a oneOf; ${SINGLE}`],
    [[NaN], `oneOf was given NaN; ${SINGLE}`],
    [[() => 'a'], `oneOf was given a function; ${SINGLE}`],
    [[5n], `oneOf was given a bigint; ${SINGLE}`],
  ])('oneOf refuses %p', (given, message) => {
    expectRefusal(() => oneOf(...(given as string[])), message);
  });

  it.each<[() => unknown, string]>([
    [() => (RequireScope as () => unknown)(), `@RequireScope was given undefined; ${WORDS}`],
    [() => MatchParam(''), `@MatchParam was given ''; ${TEXT}`],
    [() => MatchParam(5 as never), `@MatchParam was given 5; ${TEXT}`],
    [() => MatchParam('a', { claim: '' }), `@MatchParam.claim was given ''; ${TEXT}`],
    [
      () => MatchParam('a', { claims: 'sub' } as never),
      '@MatchParam.claims is not an option; did you mean @MatchParam.claim?',
    ],
    [
      () => MatchParam('a', null as never),
      '@MatchParam was given null; give options such as { override: { … } }',
    ],
    [
      () => RequireClaims({ a: 1 }, { overide: { b: 1 } } as never),
      '@RequireClaims.overide is not an option; did you mean @RequireClaims.override?',
    ],
  ])('%s is refused', (decorate, message) => {
    expectRefusal(decorate, message);
  });

  it('a requirement ignores later changes of the object that was given', async () => {
    const required = { roles: ['admin'], org: { id: 7 } };
    const controller = routeAt('', { handler: [guarded, RequireClaims(required)] });
    required.roles.length = 0;
    required.org.id = 8;
    const app = await createApp('express', { controllers: [controller] });
    const statusOf = async (claims: object) => {
      const token = forgeToken(accessClaims({ ...claims }));
      return (await app.send('GET', '/', { token })).status;
    };
    expect(await statusOf({ roles: ['admin'], org: { id: 7 } })).toBe(200);
    expect(await statusOf({ org: { id: 8 } })).toBe(403);
    await app.close();
  });

  const NOT_THERE =
    "RouteController.answer requires that a claim equals the route parameter 'id', which its path does not have: " +
    'give the name of a parameter in its path, without the colon';
  const ON_A_GUARD =
    'has no effect: put it on controllers or handlers, or check every token in loaders.tokenVerification';

  @Injectable()
  class StaffGuard implements CanActivate {
    canActivate() {
      return true;
    }
  }

  @RequireClaims({ role: 'admin' })
  @Injectable()
  class AdminGuard extends AccessGuard {}

  const words: Words = {
    scope: RequireScope('read'),
    claims: RequireClaims({ role: 'admin' }),
    ':id': MatchParam('id', { claim: 'sub' }),
    ':name': MatchParam('name', { claim: 'sub' }),
    '::id': MatchParam(':id'),
    'JwtRequired with :id': JwtRequired({ params: { sub: 'id' } }),
    StaffGuard: UseGuards(StaffGuard),
    AdminGuard: UseGuards(AdminGuard),
    'anyOf(StaffGuard)': UseGuards(anyOf(StaffGuard, new StaffGuard())),
    'anyOf(AccessGuard, StaffGuard)': UseGuards(anyOf(AccessGuard, StaffGuard)),
    "AuthGuard('jwt-access')": UseGuards(AuthGuard('jwt-access')),
  };
  const adminGuard: AppParts = { providers: [{ provide: APP_GUARD, useClass: AdminGuard }] };
  const IDLE_SCOPE = `@RequireScope on RouteController.answer ${IDLE}`;

  it.each<[route: string, path: string, message: string, app: AppParts]>([
    ['scope', '', IDLE_SCOPE, {}],
    ['claims / -', '', `@RequireClaims on RouteController ${IDLE_CLASS}`, {}],
    [':id', ':id', `@MatchParam on RouteController.answer ${IDLE}`, {}],
    ['Public + scope', '', `@RequireScope on RouteController.answer ${PUBLIC}`, {}],
    ['StaffGuard + scope', '', IDLE_SCOPE, {}],
    ['anyOf(StaffGuard) + scope', '', IDLE_SCOPE, {}],
    [
      "AuthGuard('jwt-access') + scope",
      '',
      IDLE_SCOPE,
      { imports: [JwtPassportModule.register()] },
    ],
    ['AccessGuard + :id', 'users', NOT_THERE, {}],
    ['AccessGuard + :id', ':idea/:_id/x:ids', NOT_THERE, {}],
    ['AccessGuard + ::id', ':id', NOT_THERE.replace("'id'", "':id'"), {}],
    ['JwtRequired with :id', '', NOT_THERE, {}],
    ['anyOf(AccessGuard, StaffGuard) + :id', '', NOT_THERE, {}],
    [
      'AdminGuard',
      '',
      `@RequireClaims on AdminGuard, a guard of RouteController.answer, ${ON_A_GUARD}`,
      {},
    ],
    [
      '-',
      '',
      `@RequireClaims on AdminGuard, a guard of the application, ${ON_A_GUARD}`,
      adminGuard,
    ],
  ])('"%s" on the path "%s" is reported at start', async (route, path, message, app) => {
    const controllers = [routeAt(path, partsOf(route, words))];
    expectMistake(await mistakeAtStart('express', { controllers, ...app }), message);
  });

  @Module({ controllers: [routeAt('', partsOf('AccessGuard + :id', words))] })
  class OutsideModule {}
  const router = RouterModule.register([{ path: 'of/:id', module: OutsideModule }]);
  const prefixed: AppParts = { configure: (nest) => nest.setGlobalPrefix('of/:id') };

  it.each<[title: string, route: string, path: string, app: AppParts]>([
    ['the path of the handler', 'AccessGuard + :id', 'a/:id/b', {}],
    ['a path with two in one segment', 'AccessGuard + :id', ':id-:at', {}],
    ['the global prefix', 'AccessGuard + :id', '', prefixed],
    ['the path that RouterModule gives', '-', '', { imports: [OutsideModule, router] }],
    ['no path, if the handler is @Public', 'AccessGuard + :id / Public', '', {}],
  ])('a parameter that is in %s is accepted', async (_title, route, path, parts) => {
    const controllers = [routeAt(path, partsOf(route, words))];
    const app = await createApp('express', { controllers, ...parts });
    await app.close();
  });
});
