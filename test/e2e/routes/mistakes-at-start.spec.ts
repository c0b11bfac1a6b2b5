import {
  type CanActivate,
  Controller,
  Get,
  Injectable,
  Module,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, RouterModule } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  anyOf,
  Fresh,
  FreshGuard,
  JwtExtendedConfigError,
  JwtOptional,
  JwtRequired,
  type JwtRequiredOptions,
  MatchParam,
  Public,
  RefreshGuard,
  RequireClaims,
  RequireScope,
} from '../../../src/index.js';
import { type AppParts, createApp } from '../../support/app.js';
import { mistakeAtStart } from '../../support/routes.js';
import { JwtPassportModule } from '../../../src/passport/index.js';

describe('Mistakes in guards', () => {
  const guarded = UseGuards(AccessGuard);

  /** A controller `Account` with a route `close`. */
  function account({
    on = [],
    handler = [],
  }: {
    on?: ClassDecorator[];
    handler?: MethodDecorator[];
  }): Type {
    class Account {
      close() {
        return 'closed';
      }
    }
    const close = Object.getOwnPropertyDescriptor(Account.prototype, 'close');
    for (const decorate of [...handler, Get()]) decorate(Account.prototype, 'close', close ?? {});
    for (const decorate of [...on, Controller()]) decorate(Account);
    return Account;
  }

  const IDLE =
    'has no effect, because no token guard protects the route: add @UseGuards(AccessGuard), or set globalGuard: true';
  const IDLE_CLASS = IDLE.replace('effect,', 'effect on Account.close,');
  const PUBLIC = 'has no effect, because Account.close is @Public(): remove one of the two';
  const BOTH =
    'has RefreshGuard and a guard for access tokens, and no token is both: keep one of them';
  const NEVER_FRESH =
    'requires a refresh token, which is never fresh: remove @Fresh or RefreshGuard';

  const MISTAKES: readonly [string, Type, string][] = [
    [
      '@Fresh on an unprotected handler',
      account({ handler: [Fresh()] }),
      `@Fresh on Account.close ${IDLE}`,
    ],
    [
      '@Fresh with an age there',
      account({ handler: [Fresh({ maxAge: 60 })] }),
      `@Fresh on Account.close ${IDLE}`,
    ],
    [
      '@Fresh on an unprotected class',
      account({ on: [Fresh()] }),
      `@Fresh on Account ${IDLE_CLASS}`,
    ],
    [
      '@JwtOptional on an unprotected handler',
      account({ handler: [JwtOptional()] }),
      `@JwtOptional on Account.close ${IDLE}`,
    ],
    [
      '@JwtOptional on an unprotected class',
      account({ on: [JwtOptional()] }),
      `@JwtOptional on Account ${IDLE_CLASS}`,
    ],
    [
      '@Fresh beside @Public',
      account({ handler: [Public(), Fresh()] }),
      `@Fresh on Account.close ${PUBLIC}`,
    ],
    [
      'RefreshGuard beside AccessGuard',
      account({ handler: [UseGuards(AccessGuard, RefreshGuard)] }),
      `Account.close ${BOTH}`,
    ],
    [
      'RefreshGuard beside FreshGuard',
      account({ on: [UseGuards(FreshGuard, RefreshGuard)] }),
      `Account ${BOTH}`,
    ],
    [
      'RefreshGuard beside @JwtRequired',
      account({ handler: [JwtRequired(), UseGuards(RefreshGuard)] }),
      `Account.close ${BOTH}`,
    ],
    [
      'RefreshGuard beside @Fresh',
      account({ handler: [UseGuards(RefreshGuard), Fresh()] }),
      `Account.close ${NEVER_FRESH}`,
    ],
    [
      '@Fresh inside of RefreshGuard',
      account({ on: [UseGuards(RefreshGuard)], handler: [Fresh()] }),
      `Account ${NEVER_FRESH}`,
    ],
    [
      '@JwtRequired({ refresh }) beside @Fresh',
      account({ handler: [JwtRequired({ refresh: true }), Fresh()] }),
      `Account.close ${NEVER_FRESH}`,
    ],
    [
      'FreshGuard beside @Fresh(false)',
      account({ handler: [UseGuards(FreshGuard), Fresh(false)] }),
      'Account.close has FreshGuard and @Fresh(false): keep one of them',
    ],
    [
      'FreshGuard beside @JwtRequired({ fresh: false })',
      account({ handler: [UseGuards(FreshGuard), JwtRequired({ fresh: false })] }),
      'Account.close has FreshGuard and @Fresh(false): keep one of them',
    ],
  ];

  describe.each(['express'] as const)('on %s', (adapter) => {
    it.each(MISTAKES)('%s is found at start', async (_title, controller, message) => {
      const mistake = await mistakeAtStart(adapter, { controllers: [controller] });
      expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
      expect(mistake).toHaveProperty('message', message);
    });

    it.each<[string, AppParts]>([
      ['a global guard', { extras: { globalGuard: true } }],
      ['useGlobalGuards', { configure: (nest) => nest.useGlobalGuards(nest.get(AccessGuard)) }],
    ])('@Fresh on a route that %s protects is no mistake', async (_title, parts) => {
      const controllers = [account({ handler: [Fresh()] })];
      const app = await createApp(adapter, { ...parts, controllers });
      expect(await app.send('GET', '/')).toMatchObject({ status: 401 });
      await app.close();
    });
  });

  describe('routes', () => {
    it('of every module of the application are looked at', async () => {
      @Module({ controllers: [account({ handler: [JwtOptional()] })] })
      class FeatureModule {}

      const mistake = await mistakeAtStart('express', { imports: [FeatureModule] });
      expect(mistake).toHaveProperty('message', `@JwtOptional on Account.close ${IDLE}`);
    });

    it('that are inherited are looked at, under the name of the class that has them', async () => {
      abstract class Base {
        @Fresh()
        @Get()
        close() {
          return 'closed';
        }
      }
      @Controller()
      class Account extends Base {}

      const mistake = await mistakeAtStart('express', { controllers: [Account] });
      expect(mistake).toHaveProperty('message', `@Fresh on Account.close ${IDLE}`);
    });

    it('are the only methods that are looked at', async () => {
      @Injectable()
      @Controller()
      class Account {
        @Fresh()
        helper() {
          return this.close();
        }
        @guarded
        @Get()
        close() {
          return 'closed';
        }
      }
      const app = await createApp('express', { controllers: [Account] });
      expect(await app.send('GET', '/')).toMatchObject({ status: 401 });
      await app.close();
    });
  });
});

describe('Mistakes in requirements', () => {
  const guarded = UseGuards(AccessGuard);
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

  /** What no token could have, or what nothing would be asked by. */
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
    [{}, ' was given an object without members; name what the token must have'],
    [{ __proto__: { role: 'admin' } }, ` was given an object; ${CLAIMS}`],
    [
      { [Symbol('role')]: 1 },
      ' was given an object without members; name what the token must have',
    ],
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
    [{ org: {} }, '.org was given an object without members; name what the token must have'],
    [{ org: { unit: new Money() } }, `.org.unit was given an object; ${JSON_ONLY}`],
    [{ pattern: /admin/ }, `.pattern was given an object of type RegExp; ${JSON_ONLY}`],
  ];

  const BAD_SCOPES: readonly [unknown, string][] = [
    [undefined, ` was given undefined; ${WORDS}`],
    [5, ` was given 5; ${WORDS}`],
    [[], ` was given an empty array; ${WORDS}`],
    [{}, ' was given an object without members; name what the token must have'],
    [['read', ''], `[1] was given ''; ${TEXT}`],
    [['read', 5], `[1] was given 5; ${TEXT}`],
    [['read  write'], "[0] was given 'read  write'; separate words with one space"],
    [[' read'], "[0] was given ' read'; separate words with one space"],
    [['a\tb'], '[0] was given a string of 3 characters; separate words with one space'],
    [{ users: undefined }, `.users was given undefined; ${JSON_ONLY}`],
  ];

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
    [
      { claims: { a: 1 }, override: {} },
      '@JwtRequired.override was given an object without members; name what the token must have',
    ],
    [
      { claims: { a: 1 }, override: { roles: [] } },
      `@JwtRequired.override.roles was given an empty array; ${JSON_ONLY}`,
    ],
    [
      { override: { root: true } },
      '@JwtRequired.override has nothing to override: give claims, scope or params too',
    ],
    [{ claim: { a: 1 } }, '@JwtRequired.claim is not an option; did you mean @JwtRequired.claims?'],
  ];

  function mistakeOf(act: () => unknown): unknown {
    try {
      act();
    } catch (mistake) {
      return mistake;
    }
    throw new Error('There was no mistake');
  }

  function expectMistake(mistake: unknown, message: string): void {
    expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
    expect(mistake).toHaveProperty('message', message);
  }

  describe('When it is evaluated', () => {
    it.each(BAD_CLAIMS)('@RequireClaims refuses %p', (claims, message) => {
      expectMistake(
        mistakeOf(() => RequireClaims(claims as never)),
        `@RequireClaims${message}`,
      );
    });

    it.each(BAD_CLAIMS)('an override refuses %p', (override, message) => {
      if (override === undefined) return;
      for (const decorate of [
        () => RequireClaims({ a: 1 }, { override: override as never }),
        () => RequireScope({ a: 1 }, { override: override as never }),
        () => RequireScope('a', { override: override as never }),
        () => MatchParam('a', { override: override as never }),
      ])
        expect(mistakeOf(decorate)).toHaveProperty(
          'message',
          expect.stringMatching(/^@(RequireClaims|RequireScope|MatchParam)\.override/),
        );
      const { message: told } = mistakeOf(() =>
        RequireClaims({ a: 1 }, { override: override as never }),
      ) as Error;
      expect(told).toBe(`@RequireClaims.override${message}`);
    });

    it.each(BAD_SCOPES)('@RequireScope refuses %p', (scope, message) => {
      expectMistake(
        mistakeOf(() => RequireScope(scope as never)),
        `@RequireScope${message}`,
      );
    });

    it('@RequireScope refuses a call without arguments', () => {
      expectMistake(
        mistakeOf(() => (RequireScope as () => unknown)()),
        `@RequireScope was given undefined; ${WORDS}`,
      );
    });

    it.each(BAD_OPTIONS)('@JwtRequired refuses %p', (options, message) => {
      expectMistake(
        mistakeOf(() => JwtRequired(options as JwtRequiredOptions)),
        message,
      );
    });

    it.each([
      ['requirements that contain themselves', { claims: circular }],
      ['lists that contain themselves', { claims: { roles: endless } }],
    ])('@JwtRequired refuses %s', (_title, options) => {
      expect(mistakeOf(() => JwtRequired(options as JwtRequiredOptions))).toBeInstanceOf(
        JwtExtendedConfigError,
      );
    });

    it.each<[() => unknown, string]>([
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
      expectMistake(mistakeOf(decorate), message);
    });

    it('what was required does not change with the object it was given in', async () => {
      const required = { roles: ['admin'], org: { id: 7 } };
      const controller = account({ handler: [guarded, RequireClaims(required)] });
      required.roles.length = 0;
      required.org.id = 8;
      const [[requirement] = []] = [
        Reflect.getMetadata(
          Symbol.for('nestjs-jwt-extended:requirements'),
          Object.getOwnPropertyDescriptor(controller.prototype, 'close')?.value as object,
        ) as readonly { claims: unknown }[],
      ];
      expect(requirement?.claims).toEqual({ roles: ['admin'], org: { id: 7 } });
    });
  });

  /** A controller `Account` with a route `close`. */
  function account({
    path = '',
    on = [],
    handler = [],
  }: {
    path?: string;
    on?: ClassDecorator[];
    handler?: MethodDecorator[];
  }): Type {
    class Account {
      close() {
        return 'closed';
      }
    }
    const close = Object.getOwnPropertyDescriptor(Account.prototype, 'close');
    for (const decorate of [...handler, Get(path)])
      decorate(Account.prototype, 'close', close ?? {});
    for (const decorate of [...on, Controller()]) decorate(Account);
    return Account;
  }

  const IDLE =
    'has no effect, because no token guard protects the route: add @UseGuards(AccessGuard), or set globalGuard: true';
  const IDLE_CLASS = IDLE.replace('effect,', 'effect on Account.close,');
  const PUBLIC = 'has no effect, because Account.close is @Public(): remove one of the two';
  const NOT_THERE =
    "Account.close requires that a claim equals the route parameter 'id', which its path does not have: " +
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

  const scope = RequireScope('read');
  const claims = RequireClaims({ role: 'admin' });
  const param = MatchParam('id', { claim: 'sub' });

  const MISTAKES: readonly [string, AppParts, string][] = [
    [
      '@RequireScope on an open handler',
      { controllers: [account({ handler: [scope] })] },
      `@RequireScope on Account.close ${IDLE}`,
    ],
    [
      '@RequireClaims on an open class',
      { controllers: [account({ on: [claims] })] },
      `@RequireClaims on Account ${IDLE_CLASS}`,
    ],
    [
      '@MatchParam on an open handler',
      { controllers: [account({ path: ':id', handler: [param] })] },
      `@MatchParam on Account.close ${IDLE}`,
    ],
    [
      '@RequireScope beside @Public',
      { controllers: [account({ handler: [Public(), scope] })] },
      `@RequireScope on Account.close ${PUBLIC}`,
    ],
    [
      '@RequireScope beside a guard of another kind',
      { controllers: [account({ handler: [UseGuards(StaffGuard), scope] })] },
      `@RequireScope on Account.close ${IDLE}`,
    ],
    [
      '@RequireScope beside anyOf without a token guard',
      {
        controllers: [
          account({ handler: [UseGuards(anyOf(StaffGuard, new StaffGuard())), scope] }),
        ],
      },
      `@RequireScope on Account.close ${IDLE}`,
    ],
    [
      "@RequireScope beside passport's guard, which knows no handler",
      {
        controllers: [account({ handler: [UseGuards(AuthGuard('jwt-access')), scope] })],
        imports: [JwtPassportModule.register()],
      },
      `@RequireScope on Account.close ${IDLE}`,
    ],
    [
      '@MatchParam for a parameter that is not in the path',
      { controllers: [account({ path: 'users', handler: [guarded, param] })] },
      NOT_THERE,
    ],
    [
      '@MatchParam for half of a name',
      { controllers: [account({ path: ':idea/:_id/x:ids', handler: [guarded, param] })] },
      NOT_THERE,
    ],
    [
      'a parameter with its colon',
      { controllers: [account({ path: ':id', handler: [guarded, MatchParam(':id')] })] },
      NOT_THERE.replace("'id'", "':id'"),
    ],
    [
      '@JwtRequired for a parameter that is not in the path',
      { controllers: [account({ handler: [JwtRequired({ params: { sub: 'id' } })] })] },
      NOT_THERE,
    ],
    [
      'anyOf with a parameter that is not in the path',
      { controllers: [account({ handler: [UseGuards(anyOf(AccessGuard, StaffGuard)), param] })] },
      NOT_THERE,
    ],
    [
      'a requirement on a guard',
      { controllers: [account({ handler: [UseGuards(AdminGuard)] })] },
      `@RequireClaims on AdminGuard, a guard of Account.close, ${ON_A_GUARD}`,
    ],
    [
      'a requirement on a global guard',
      {
        controllers: [account({})],
        providers: [{ provide: APP_GUARD, useClass: AdminGuard }],
      },
      `@RequireClaims on AdminGuard, a guard of the application, ${ON_A_GUARD}`,
    ],
  ];

  describe.each(['express'] as const)('on %s', (adapter) => {
    it.each(MISTAKES)('%s is found at start', async (_title, parts, message) => {
      expectMistake(await mistakeAtStart(adapter, parts), message);
    });

    @Module({ controllers: [account({ handler: [guarded, param] })] })
    class OutsideModule {}

    it.each<[string, AppParts]>([
      [
        'the path of the handler',
        { controllers: [account({ path: 'a/:id/b', handler: [guarded, param] })] },
      ],
      [
        'a path with two in one segment',
        { controllers: [account({ path: ':id-:at', handler: [guarded, param] })] },
      ],
      [
        'the global prefix',
        {
          controllers: [account({ handler: [guarded, param] })],
          configure: (nest) => nest.setGlobalPrefix('of/:id'),
        },
      ],
      [
        'the path that RouterModule gives',
        {
          imports: [
            OutsideModule,
            RouterModule.register([{ path: 'of/:id', module: OutsideModule }]),
          ],
        },
      ],
      [
        'a path that is not its own, if the handler is @Public',
        {
          controllers: [account({ on: [guarded, param], handler: [Public()] })],
        },
      ],
      [
        'a path that is not its own, if the handler names another one',
        {
          controllers: [
            account({
              path: ':name',
              on: [guarded, param],
              handler: [MatchParam('name', { claim: 'sub' })],
            }),
          ],
        },
      ],
    ])('a parameter that is in %s is no mistake', async (_title, parts) => {
      const app = await createApp(adapter, parts);
      await app.close();
    });

    it('a requirement on a route that a global guard protects is no mistake', async () => {
      const controllers = [account({ handler: [scope] })];
      const app = await createApp(adapter, { controllers, extras: { globalGuard: true } });
      expect(await app.send('GET', '/')).toMatchObject({ status: 401 });
      await app.close();
    });
  });
});
