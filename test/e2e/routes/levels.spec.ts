import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  BlocklistService,
  Fresh,
  FreshGuard,
  JwtOptional,
  JwtRequired,
  Public,
  RefreshGuard,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { asking } from '../../support/any-of.js';
import { createApp, type RunningApp } from '../../support/app.js';
import {
  askedBy,
  type Presented,
  routeAt,
  type RouteParts,
  tokensOf,
} from '../../support/routes.js';
import { accessClaims, forgeToken } from '../../support/forge.js';

describe('Guards on levels', () => {
  const GUARDS = { none: undefined, AccessGuard, FreshGuard, RefreshGuard };
  type GuardName = keyof typeof GUARDS;
  const NAMES = Object.keys(GUARDS) as GuardName[];

  const CASES = NAMES.flatMap((controller) =>
    NAMES.map((handler) => ({ controller, handler, path: `/${controller}/${handler}` })),
  );

  /** The rule, said once more in other words: the nearest guard decides the type, and freshness adds up. */
  function rule(...outwards: GuardName[]): string {
    const nearest = outwards.find((name) => name !== 'none');
    if (nearest === undefined) return 'lets everybody in';
    if (nearest === 'RefreshGuard') return 'refresh token';
    return outwards.includes('FreshGuard') ? 'fresh token' : 'access token';
  }

  function guarding(name: GuardName): (ClassDecorator & MethodDecorator)[] {
    const guard = GUARDS[name];
    return guard ? [UseGuards(guard)] : [];
  }

  describe.each(['express'] as const)('levels of guards on %s', (adapter) => {
    describe.each(NAMES)('with %s on the application (R54)', (name) => {
      let app: RunningApp;
      let tokens: Presented;
      beforeAll(async () => {
        const guard: Type | undefined = GUARDS[name];
        app = await createApp(adapter, {
          controllers: CASES.map(({ path, controller, handler }) =>
            routeAt(path, { controller: guarding(controller), handler: guarding(handler) }),
          ),
          configure: (nest) => guard && nest.useGlobalGuards(nest.get(guard)),
        });
        tokens = await tokensOf(app);
      });
      afterAll(() => app.close());

      it.each(CASES)(
        'asks for what the levels add up to: $controller on the controller, $handler on the handler',
        async ({ path, controller, handler }) => {
          expect(await askedBy(app, path, tokens)).toBe(rule(handler, controller, name));
        },
      );
    });
  });
});

describe('Inheritance', () => {
  abstract class Base {
    @Get('bare')
    bare() {
      return 'in';
    }

    @UseGuards(RefreshGuard)
    @Get('refresh')
    refresh() {
      return 'in';
    }

    @UseGuards(AccessGuard)
    @Fresh()
    @Get('fresh')
    fresh() {
      return 'in';
    }

    @UseGuards(AccessGuard)
    @Get('overridden')
    overridden() {
      return 'in';
    }
  }

  @Controller('open')
  class Open extends Base {}

  @UseGuards(AccessGuard)
  @Controller('guarded')
  class Guarded extends Base {}

  @UseGuards(FreshGuard)
  @Controller('more')
  class More extends Guarded {}

  @Public()
  @Controller('released')
  class Released extends Guarded {
    @JwtOptional()
    @Get('overridden')
    override overridden() {
      return 'in';
    }
  }

  @Fresh(false)
  @Controller('relaxed')
  class Relaxed extends More {
    @UseGuards(RefreshGuard)
    @Get('overridden')
    override overridden() {
      return 'in';
    }
  }

  describe.each(['express'] as const)('inherited handlers on %s', (adapter) => {
    let app: RunningApp;
    let tokens: Presented;
    beforeAll(async () => {
      app = await createApp(adapter, { controllers: [Open, Guarded, More, Released] });
      tokens = await tokensOf(app);
    });
    afterAll(() => app.close());

    it.each([
      ['/open/bare', 'lets everybody in'],
      ['/open/refresh', 'refresh token'],
      ['/open/fresh', 'fresh token'],
      ['/open/overridden', 'access token'],
      ['/guarded/bare', 'access token'],
      ['/guarded/refresh', 'refresh token'],
      ['/guarded/fresh', 'fresh token'],
      ['/guarded/overridden', 'access token'],
      ['/more/bare', 'fresh token'],
      ['/more/refresh', 'refresh token'],
      ['/more/overridden', 'fresh token'],
      ['/released/overridden', 'optional access token'],
    ])('are judged by the class they are called on: %s asks: %s (R54)', async (path, asked) => {
      expect(await askedBy(app, path, tokens)).toBe(asked);
    });
  });

  describe('a decorator of a subclass', () => {
    it('that contradicts the guards it inherits is found at start', async () => {
      await expect(createApp('express', { controllers: [Relaxed] })).rejects.toThrow(
        'Relaxed has FreshGuard and @Fresh(false): keep one of them',
      );
    });
  });
});

describe('@JwtOptional and @Public', () => {
  type Case = readonly [title: string, parts: RouteParts, asked: string];

  const access = UseGuards(AccessGuard);
  const fresh = UseGuards(FreshGuard);
  const refresh = UseGuards(RefreshGuard);

  /** In an application without a global guard. */
  const OPTIONAL: readonly Case[] = [
    ['it beside AccessGuard', { handler: [access, JwtOptional()] }, 'optional access token'],
    ['it beside FreshGuard', { handler: [fresh, JwtOptional()] }, 'optional fresh token'],
    ['it beside RefreshGuard', { handler: [refresh, JwtOptional()] }, 'optional refresh token'],
    [
      'it beside @Fresh and a guard',
      { handler: [access, Fresh(), JwtOptional()] },
      'optional fresh token',
    ],
    [
      'it on the class, beside the guard',
      { controller: [access, JwtOptional()] },
      'optional access token',
    ],
    [
      'it inside of a guard',
      { controller: [access], handler: [JwtOptional()] },
      'optional access token',
    ],
    [
      'it inside of FreshGuard',
      { controller: [fresh], handler: [JwtOptional()] },
      'optional fresh token',
    ],
    [
      'it inside of @Fresh',
      { controller: [access, Fresh()], handler: [JwtOptional()] },
      'optional fresh token',
    ],
    [
      '@Fresh(false) inside of it',
      { controller: [access, JwtOptional()], handler: [Fresh(false)] },
      'optional access token',
    ],
    [
      'a guard inside of it',
      { controller: [access, JwtOptional()], handler: [access] },
      'access token',
    ],
    [
      'RefreshGuard inside of it',
      { controller: [access, JwtOptional()], handler: [refresh] },
      'refresh token',
    ],
    [
      '@Fresh inside of it',
      { controller: [access, JwtOptional()], handler: [Fresh()] },
      'fresh token',
    ],
    [
      '@JwtRequired inside of it',
      { controller: [access, JwtOptional()], handler: [JwtRequired()] },
      'access token',
    ],
    [
      '@JwtRequired({ optional: false }) inside of it',
      { controller: [access, JwtOptional()], handler: [JwtRequired({ optional: false })] },
      'access token',
    ],
    [
      'it and a guard inside of it',
      { controller: [access, JwtOptional()], handler: [fresh, JwtOptional()] },
      'optional fresh token',
    ],
    [
      '@Public inside of it',
      { controller: [access, JwtOptional()], handler: [Public()] },
      'lets everybody in',
    ],
  ];

  /** In an application that is closed by a global guard. */
  const PUBLIC: readonly Case[] = [
    ['nothing at all', {}, 'access token'],
    ['it on the handler', { handler: [Public()] }, 'lets everybody in'],
    ['it on the class', { controller: [Public()] }, 'lets everybody in'],
    ['it on both', { controller: [Public()], handler: [Public()] }, 'lets everybody in'],
    [
      'it on a handler inside of a guard',
      { controller: [fresh], handler: [Public()] },
      'lets everybody in',
    ],
    [
      'it on a handler inside of @Fresh',
      { controller: [Fresh()], handler: [Public()] },
      'lets everybody in',
    ],
    [
      '@Fresh(false) inside of it',
      { controller: [Public()], handler: [Fresh(false)] },
      'lets everybody in',
    ],
    ['AccessGuard inside of it', { controller: [Public()], handler: [access] }, 'access token'],
    ['FreshGuard inside of it', { controller: [Public()], handler: [fresh] }, 'fresh token'],
    ['RefreshGuard inside of it', { controller: [Public()], handler: [refresh] }, 'refresh token'],
    [
      '@JwtRequired inside of it',
      { controller: [Public()], handler: [JwtRequired({ fresh: true })] },
      'fresh token',
    ],
    ['@Fresh inside of it', { controller: [Public()], handler: [Fresh()] }, 'fresh token'],
    [
      '@JwtOptional inside of it',
      { controller: [Public()], handler: [JwtOptional()] },
      'optional access token',
    ],
    [
      '@Public(false) inside of it',
      { controller: [Public()], handler: [Public(false)] },
      'access token',
    ],
    ['@Public(false) alone', { handler: [Public(false)] }, 'access token'],
    ['a guard beside it', { handler: [Public(), refresh] }, 'refresh token'],
    ['@JwtOptional on the handler', { handler: [JwtOptional()] }, 'optional access token'],
    ['@JwtOptional on the class', { controller: [JwtOptional()] }, 'optional access token'],
    [
      'a guard inside of @JwtOptional',
      { controller: [JwtOptional()], handler: [access] },
      'access token',
    ],
    [
      '@Fresh inside of @JwtOptional',
      { controller: [JwtOptional()], handler: [Fresh()] },
      'fresh token',
    ],
  ];

  describe.each(['express'] as const)('on %s', (adapter) => {
    describe.each([
      ['@JwtOptional', OPTIONAL, false],
      ['@Public', PUBLIC, true],
    ] as const)('%s', (_name, cases, globalGuard) => {
      let app: RunningApp;
      let tokens: Presented;
      beforeAll(async () => {
        app = await createApp(adapter, {
          controllers: cases.map(([, parts], index) => routeAt(`route-${index}`, parts)),
          extras: { globalGuard },
        });
        tokens = await tokensOf(app);
      });
      afterAll(() => app.close());

      it.each(cases.map(([title, , asked], index) => ({ title, asked, path: `/route-${index}` })))(
        'with $title asks: $asked (R54)',
        async ({ path, asked }) => {
          expect(await askedBy(app, path, tokens)).toBe(asked);
        },
      );
    });

    describe('an optional route', () => {
      let app: RunningApp;
      beforeAll(async () => {
        app = await createApp(adapter, {
          controllers: [routeAt('/', { handler: [access, JwtOptional()] })],
          options: {
            locations: ['headers', 'cookies'],
            csrf: { methods: ['GET', 'POST'] },
            errorCodeKey: 'code',
            loaders: {
              tokenVerification: ({ claims }) => claims.verified !== false,
              userLookup: ({ identity }) => (identity === 'nobody' ? null : { identity }),
            },
          },
        });
      });
      afterAll(() => app.close());

      it.each([
        ['is no token', 'a.b.c', 422, 'TOKEN_INVALID'],
        [
          'is signed with another secret',
          forgeToken(accessClaims(), undefined, 'x'),
          422,
          'TOKEN_INVALID',
        ],
        ['has expired', forgeToken(accessClaims({ exp: 1 })), 401, 'TOKEN_EXPIRED'],
        [
          'is a refresh token',
          forgeToken(accessClaims({ type: 'refresh' })),
          422,
          'TOKEN_WRONG_TYPE',
        ],
        ['is not accepted', forgeToken(accessClaims({ verified: false })), 400, 'TOKEN_REJECTED'],
        [
          'is of an unknown user',
          forgeToken(accessClaims({ sub: 'nobody' })),
          401,
          'USER_NOT_FOUND',
        ],
      ])('refuses a token that %s (R53)', async (_title, token, status, code) => {
        const answer = await app.send('GET', '/', { token });
        expect(answer).toMatchObject({ status, body: { code } });
      });

      it('refuses a revoked token (R53)', async () => {
        const token = await app.get(TokenService).createAccessToken('alice');
        await app.get(BlocklistService).revoke(token);
        expect(await app.send('GET', '/', { token })).toMatchObject({
          status: 401,
          body: { msg: 'Token has been revoked', code: 'TOKEN_REVOKED' },
        });
      });

      it('refuses a cookie without its csrf value, and with another (R53)', async () => {
        const cookie = `access_token_cookie=${forgeToken(accessClaims())}`;
        expect(await app.send('GET', '/', { headers: { cookie } })).toMatchObject({
          status: 401,
          body: { msg: 'Missing CSRF token', code: 'CSRF_FAILED' },
        });
        const headers = { cookie, 'x-csrf-token': 'other' };
        expect(await app.send('GET', '/', { headers })).toMatchObject({
          status: 401,
          body: { msg: 'CSRF double submit tokens do not match', code: 'CSRF_FAILED' },
        });
      });

      it('refuses a header that is not as it should be (R53)', async () => {
        const headers = { authorization: 'Bearer' };
        expect(await app.send('GET', '/', { headers })).toMatchObject({
          status: 422,
          body: { code: 'TOKEN_INVALID' },
        });
      });

      it('ignores credentials of another scheme', async () => {
        const headers = { authorization: 'Basic YTpi' };
        expect(await app.send('GET', '/', { headers })).toMatchObject({ status: 200, body: 'in' });
      });
    });

    it('a public route does not read the token', async () => {
      const userLookup = () => {
        throw new Error('asked');
      };
      const app = await createApp(adapter, {
        controllers: [routeAt('/', { handler: [Public()] })],
        extras: { globalGuard: true },
        options: { loaders: { userLookup } },
      });
      const token = await app.get(TokenService).createAccessToken('alice');
      expect(await app.send('GET', '/', { token })).toMatchObject({ status: 200, body: 'in' });
      await app.close();
    });
  });

  describe('@Public', () => {
    it.each(['no', 0, null])('refuses %j when it is evaluated', (value) => {
      expect(() => Public(value as never)).toThrow(
        expect.objectContaining({ name: 'JwtExtendedConfigError' }),
      );
    });
  });
});

describe('Guards that call guards', () => {
  /** Lets in whoever one of two guards lets in: a route for either kind of token. */
  @Injectable()
  class EitherGuard implements CanActivate {
    constructor(
      private readonly access: AccessGuard,
      private readonly refresh: RefreshGuard,
    ) {}

    async canActivate(context: ExecutionContext) {
      try {
        return await this.access.canActivate(context);
      } catch {
        return this.refresh.canActivate(context);
      }
    }
  }

  const ROUTES: readonly [string, RouteParts, string][] = [
    ['one that asks AccessGuard', { handler: [UseGuards(asking(AccessGuard))] }, 'access token'],
    ['one that asks FreshGuard', { handler: [UseGuards(asking(FreshGuard))] }, 'fresh token'],
    ['one that asks RefreshGuard', { handler: [UseGuards(asking(RefreshGuard))] }, 'refresh token'],
    ['one on the class', { controller: [UseGuards(asking(RefreshGuard))] }, 'refresh token'],
    ['one that asks either', { handler: [UseGuards(EitherGuard)] }, 'either token'],
    [
      'AccessGuard and one that asks FreshGuard',
      { handler: [UseGuards(AccessGuard, asking(FreshGuard))] },
      'fresh token',
    ],
    [
      'AccessGuard and one that asks AccessGuard',
      { handler: [UseGuards(AccessGuard, asking(AccessGuard))] },
      'access token',
    ],
    [
      'AccessGuard on the class and one that asks FreshGuard',
      { controller: [UseGuards(AccessGuard)], handler: [UseGuards(asking(FreshGuard))] },
      'fresh token',
    ],
    [
      '@JwtOptional on the class and one that asks FreshGuard',
      {
        controller: [UseGuards(AccessGuard), JwtOptional()],
        handler: [UseGuards(asking(FreshGuard))],
      },
      'fresh token',
    ],
  ];

  describe.each(['express'] as const)('a guard that asks a token guard, on %s,', (adapter) => {
    const userLookup = jest.fn(({ identity }: Token) => identity);
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: ROUTES.map(([, parts], index) => routeAt(`route-${index}`, parts)),
        options: { loaders: { userLookup } },
      });
    });
    afterAll(() => app.close());

    it.each(ROUTES.map(([title, , asked], index) => ({ title, asked, path: `/route-${index}` })))(
      'is enforced: $title asks: $asked (R54)',
      async ({ path, asked }) => {
        expect(await askedBy(app, path)).toBe(asked);
      },
    );

    it('authenticates once if the route requires the same already', async () => {
      const { access } = await tokensOf(app);
      userLookup.mockClear();
      expect(await app.send('GET', '/route-6', { token: access })).toMatchObject({ status: 200 });
      expect(userLookup).toHaveBeenCalledTimes(1);
    });

    it('is not weakened by earlier requests', async () => {
      expect(await askedBy(app, '/route-1')).toBe('fresh token');
      expect(await askedBy(app, '/route-1')).toBe('fresh token');
    });
  });

  /** Where the application's own guard stands aside, and another guard stands in for it. */
  const RELEASED: readonly [string, RouteParts, string][] = [
    ['nothing else', { handler: [Public()] }, 'lets everybody in'],
    [
      'one that asks AccessGuard',
      { handler: [Public(), UseGuards(asking(AccessGuard))] },
      'access token',
    ],
    [
      'one that asks FreshGuard',
      { handler: [Public(), UseGuards(asking(FreshGuard))] },
      'fresh token',
    ],
    ['one that asks either', { handler: [Public(), UseGuards(EitherGuard)] }, 'either token'],
    [
      'one inside that asks AccessGuard',
      { controller: [Public()], handler: [UseGuards(asking(AccessGuard))] },
      'access token',
    ],
  ];

  describe.each(['express'] as const)(
    'a guard that asks a token guard on a public route, on %s,',
    (adapter) => {
      let app: RunningApp;
      beforeAll(async () => {
        app = await createApp(adapter, {
          controllers: RELEASED.map(([, parts], index) => routeAt(`route-${index}`, parts)),
          extras: { globalGuard: true },
        });
      });
      afterAll(() => app.close());

      it.each(
        RELEASED.map(([title, , asked], index) => ({ title, asked, path: `/route-${index}` })),
      )('is enforced: @Public with $title asks: $asked (R54)', async ({ path, asked }) => {
        expect(await askedBy(app, path)).toBe(asked);
      });
    },
  );
});
