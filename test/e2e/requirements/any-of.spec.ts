import {
  All,
  type CanActivate,
  Controller,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  InternalServerErrorException,
  NotFoundException,
  Req,
  Scope,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, REQUEST } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  anyOf,
  CurrentIdentity,
  CurrentUser,
  Fresh,
  FreshGuard,
  type HttpRequest,
  JwtExtendedConfigError,
  JwtOptional,
  JwtRequired,
  Public,
  RefreshGuard,
  RequireClaims,
  RequireScope,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { asking, breakingGuard, KeyGuard, WAYS_TO_ANSWER, whoAt } from '../../support/any-of.js';
import { ADAPTERS, type AppParts, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import {
  ErrorLog,
  mistakeAtStart,
  routeAt,
  type RouteParts,
  tokensOf,
} from '../../support/routes.js';

describe('The members of anyOf', () => {
  const TOKENS = {
    access: forgeToken(accessClaims()),
    fresh: forgeToken(accessClaims({ fresh: true })),
    refresh: forgeToken(accessClaims({ type: 'refresh' })),
    expired: forgeToken(accessClaims({ exp: 1 })),
    revoked: forgeToken(accessClaims({ type: 'refresh', revoked: true })),
    unsure: forgeToken(accessClaims({ unsure: true })),
    garbage: 'a.b.c',
  };
  type TokenName = keyof typeof TOKENS;

  const ALICE = { status: 200, body: { identity: 'alice', type: 'access', user: 'alice' } };
  const REFRESHING = { status: 200, body: { identity: 'alice', type: 'refresh', user: 'alice' } };
  const BY_KEY = { status: 200, body: { identity: null, type: null, user: 'key' } };
  const MISSING = refused(401, 'TOKEN_MISSING', 'Missing Authorization Header');
  const EXPIRED = refused(401, 'TOKEN_EXPIRED', 'Token has expired');
  const REVOKED = refused(401, 'TOKEN_REVOKED', 'Token has been revoked');
  const STALE = refused(401, 'TOKEN_NOT_FRESH', 'Fresh token required');
  const NOT_ACCESS = refused(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed');
  const UNSURE = refused(503, 'CHECK_UNAVAILABLE', 'Token could not be checked');
  const GARBAGE = {
    status: 422,
    body: { msg: expect.any(String) as unknown, code: 'TOKEN_INVALID' },
  };

  function refused(status: number, code: string, msg: string): object {
    return { status, body: { msg, code } };
  }

  /** Leaves a user on the request, and then refuses after all. */
  @Injectable()
  class CarelessGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      context.switchToHttp().getRequest<HttpRequest>().user = { name: 'impostor' };
      return false;
    }
  }

  /** Asks for a token, and then refuses after all. */
  @Injectable()
  class ChoosyGuard implements CanActivate {
    constructor(private readonly access: AccessGuard) {}

    async canActivate(context: ExecutionContext): Promise<boolean> {
      return (await this.access.canActivate(context)) && false;
    }
  }

  @Injectable()
  class Keys {
    readonly good = 'good';
  }

  /** No provider: it is made with those of its module. */
  @Injectable()
  class StoredKeyGuard implements CanActivate {
    constructor(private readonly keys: Keys) {}

    canActivate(context: ExecutionContext): boolean {
      const { headers } = context.switchToHttp().getRequest<HttpRequest>();
      return headers['x-api-key'] === this.keys.good;
    }
  }

  @Injectable({ scope: Scope.REQUEST })
  class RequestScopedGuard implements CanActivate {
    static made = 0;
    readonly number = ++RequestScopedGuard.made;

    canActivate(context: ExecutionContext): boolean {
      const request = context.switchToHttp().getRequest<HttpRequest>();
      request.user = { name: `request ${this.number}` };
      return request.headers['x-api-key'] === 'good';
    }
  }

  /** No provider, and in need of a request when it is made. */
  @Injectable()
  class NeedsRequestGuard implements CanActivate {
    constructor(@Inject(REQUEST) private readonly request: HttpRequest) {}

    canActivate(): boolean {
      return this.request.headers['x-api-key'] === 'good';
    }
  }

  describe.each(ADAPTERS)('anyOf on %s', (adapter) => {
    const start = (
      routes: Record<string, readonly (Type<CanActivate> | CanActivate)[]>,
      more = {},
    ) =>
      createApp(adapter, {
        controllers: Object.entries(routes).map(([path, guards]) => whoAt(path, guards)),
        options: {
          errorCodeKey: 'code',
          loaders: {
            userLookup: ({ identity }) => ({ name: identity }),
            isTokenRevoked: ({ claims }) => claims.revoked === true,
            tokenVerification: ({ claims }) => {
              if (claims.unsure === true) throw new Error('The directory is down');
              return true;
            },
          },
        },
        configure: (nest) => nest.useLogger(new ErrorLog()),
        ...more,
      });
    const call = async (app: RunningApp, path: string, token?: TokenName, key?: string) => {
      const headers = key === undefined ? undefined : { 'x-api-key': key };
      const { status, body } = await app.send('GET', path, {
        token: token && TOKENS[token],
        headers,
      });
      return { status, body };
    };

    describe.each(Object.entries(WAYS_TO_ANSWER))('beside a guard that gives %s', (_way, guard) => {
      let app: RunningApp;
      beforeAll(async () => {
        app = await start({
          'token-first': [anyOf(AccessGuard, guard)],
          'key-first': [anyOf(guard, AccessGuard)],
        });
      });
      afterAll(() => app.close());

      it.each(['/token-first', '/key-first'])(
        'lets a request in that one of its guards lets in: %s',
        async (path) => {
          expect(await call(app, path, 'access')).toEqual(ALICE);
          expect(await call(app, path, undefined, 'good')).toEqual(BY_KEY);
          expect(await call(app, path, 'access', 'bad')).toEqual(ALICE);
        },
      );

      it('calls its guards in the order given, and keeps the user of the first that lets the request in', async () => {
        expect(await call(app, '/token-first', 'access', 'good')).toEqual(ALICE);
        expect(await call(app, '/key-first', 'access', 'good')).toEqual(BY_KEY);
      });

      it.each(['/token-first', '/key-first'])(
        'lets a request with a valid key and an invalid token in (R53): %s',
        async (path) => {
          for (const token of ['expired', 'garbage', 'refresh'] as const)
            expect(await call(app, path, token, 'good')).toEqual(BY_KEY);
        },
      );

      it.each(['/token-first', '/key-first'])(
        'reports what is wrong with the token before anything else (R53): %s',
        async (path) => {
          for (const key of [undefined, 'bad']) {
            expect(await call(app, path, 'expired', key)).toEqual(EXPIRED);
            expect(await call(app, path, 'garbage', key)).toEqual(GARBAGE);
            expect(await call(app, path, 'refresh', key)).toEqual(NOT_ACCESS);
            expect(await call(app, path, undefined, key)).toEqual(MISSING);
          }
        },
      );
    });

    describe('of token guards', () => {
      let app: RunningApp;
      beforeAll(async () => {
        app = await start({
          either: [anyOf(AccessGuard, RefreshGuard)],
          'fresh-or-refresh': [anyOf(FreshGuard, RefreshGuard)],
          nested: [anyOf(anyOf(KeyGuard, FreshGuard), anyOf(RefreshGuard))],
          both: [AccessGuard, anyOf(FreshGuard, KeyGuard)],
          instance: [anyOf(new KeyGuard(), AccessGuard)],
        });
      });
      afterAll(() => app.close());

      it.each<[string, TokenName | undefined, string | undefined, object]>([
        ['/either', 'access', undefined, ALICE],
        ['/either', 'refresh', undefined, REFRESHING],
        ['/either', 'revoked', undefined, REVOKED],
        ['/either', 'expired', undefined, EXPIRED],
        ['/either', undefined, undefined, MISSING],
        ['/fresh-or-refresh', 'fresh', undefined, ALICE],
        ['/fresh-or-refresh', 'refresh', undefined, REFRESHING],
        ['/fresh-or-refresh', 'access', undefined, STALE],
        ['/nested', 'fresh', undefined, ALICE],
        ['/nested', 'refresh', undefined, REFRESHING],
        ['/nested', 'access', undefined, STALE],
        ['/nested', 'access', 'good', BY_KEY],
        ['/nested', undefined, 'bad', MISSING],
        ['/both', 'fresh', undefined, ALICE],
        ['/both', 'access', undefined, STALE],
        ['/both', 'access', 'good', { status: 200, body: { ...ALICE.body, user: 'key' } }],
        ['/both', undefined, 'good', MISSING],
        ['/instance', 'access', undefined, ALICE],
        ['/instance', undefined, 'good', BY_KEY],
      ])('%s answers a token that is %s, with the key %s', async (path, token, key, expected) => {
        expect(await call(app, path, token, key)).toEqual(expected);
      });
    });

    describe('and the request', () => {
      let app: RunningApp;
      beforeAll(async () => {
        app = await start({
          'careless-key': [anyOf(CarelessGuard, KeyGuard, AccessGuard)],
          'careless-open': [anyOf(CarelessGuard, { canActivate: () => true })],
          'choosy-key': [anyOf(ChoosyGuard, KeyGuard, RefreshGuard)],
          'choosy-open': [anyOf(ChoosyGuard, AccessGuard, KeyGuard)],
          refusing: [anyOf(CarelessGuard, ChoosyGuard)],
        });
      });
      afterAll(() => app.close());

      it('keep no user of a guard that then refused (R48)', async () => {
        expect(await call(app, '/careless-key', undefined, 'good')).toEqual(BY_KEY);
        expect(await call(app, '/careless-key', 'access')).toEqual(ALICE);
      });

      it('keep no token of a guard that then refused (R48)', async () => {
        expect(await call(app, '/choosy-key', 'access', 'good')).toEqual(BY_KEY);
        expect(await call(app, '/choosy-open', 'access')).toEqual(ALICE);
      });

      it('answer 403 if all guards refuse by false', async () => {
        expect(await call(app, '/refusing', 'access')).toMatchObject({ status: 403 });
        expect(await call(app, '/refusing')).toEqual(MISSING);
      });

      it('answer 500 with a parameter decorator if none of the guards is a token guard', async () => {
        expect(await call(app, '/careless-open')).toMatchObject({ status: 500 });
      });
    });

    describe('does not take a fault for a refusal', () => {
      const FAULTS: readonly [string, unknown, number][] = [
        ['an error', new Error('The database is down'), 500],
        ['a rejection', 'rejects', 500],
        ['an Observable without an answer', 'nothing', 500],
        ['text', 'text', 500],
        ['500', new InternalServerErrorException(), 500],
        ['503', new HttpException('Unavailable', 503), 503],
        ['404', new NotFoundException(), 404],
        ['429', new HttpException('Too many requests', 429), 429],
        ['400', new HttpException('Bad request', 400), 400],
      ];
      let app: RunningApp;
      beforeAll(async () => {
        app = await start({
          ...Object.fromEntries(
            FAULTS.map(([, how], index) => [
              `fault-${index}`,
              [anyOf(breakingGuard(how), KeyGuard, AccessGuard)],
            ]),
          ),
          unsure: [anyOf(AccessGuard, KeyGuard)],
        });
      });
      afterAll(() => app.close());

      it.each(FAULTS.map(([title, , status], index) => ({ title, status, index })))(
        'of $title, even with a valid token and a valid key',
        async ({ status, index }) => {
          expect(await call(app, `/fault-${index}`, 'access', 'good')).toMatchObject({ status });
        },
      );

      it('of a token that could not be checked', async () => {
        expect(await call(app, '/unsure', 'unsure', 'good')).toEqual(UNSURE);
      });
    });

    it('creates a guard that is not a provider with the providers of the module', async () => {
      const app = await start({ '/': [anyOf(StoredKeyGuard, AccessGuard)] }, { providers: [Keys] });
      expect(await call(app, '/', undefined, 'good')).toMatchObject({ status: 200 });
      expect(await call(app, '/', undefined, 'bad')).toEqual(MISSING);
      await app.close();
    });

    it('takes a provider from the container, once per request if it is request-scoped', async () => {
      const app = await start(
        { '/': [anyOf(RequestScopedGuard, AccessGuard)] },
        { providers: [RequestScopedGuard] },
      );
      RequestScopedGuard.made = 0;
      const names = [];
      for (let request = 0; request < 3; request++) {
        const { body } = await call(app, '/', undefined, 'good');
        names.push((body as { user: string }).user);
      }
      expect(names).toEqual(['request 1', 'request 2', 'request 3']);
      expect(await call(app, '/', 'access')).toEqual(ALICE);
      await app.close();
    });

    it.each<[string, Type<CanActivate>]>([
      ['lacks a provider', StoredKeyGuard],
      ['needs a request', NeedsRequestGuard],
    ])('finds a guard at start that %s', async (_title, guard) => {
      const controllers = [whoAt('/', [anyOf(AccessGuard, guard)])];
      const mistake = await mistakeAtStart(adapter, { controllers });
      expect(mistake).toBeInstanceOf(Error);
      expect((mistake as Error).message).toContain(guard.name);
    });
  });

  describe('anyOf', () => {
    it('has the names of its guards in its name', () => {
      expect(anyOf(AccessGuard, new KeyGuard()).name).toBe('anyOf(AccessGuard, ApiKeyGuard)');
    });

    it.each<[unknown[], string]>([
      [[], 'anyOf needs at least one guard'],
      [[undefined], 'anyOf takes guards, but was given undefined'],
      [[AccessGuard, null], 'anyOf takes guards, but was given null'],
      [['jwt-access'], "anyOf takes guards, but was given 'jwt-access'"],
      [[{}], 'anyOf takes guards, but was given an object'],
      [[Keys], 'anyOf takes guards, but was given a function'],
      [[() => true], 'anyOf takes guards, but was given a function'],
    ])('refuses %p', (guards, message) => {
      expect(() => (anyOf as (...given: unknown[]) => unknown)(...guards)).toThrow(
        new JwtExtendedConfigError(message),
      );
    });
  });
});

describe('anyOf on the levels of a route', () => {
  /** A token guard that lets everybody in without asking for a token, as one may for a network of one's own. */
  @Injectable()
  class TrustingGuard extends AccessGuard {
    override canActivate(): boolean {
      return true;
    }
  }

  /** The context of the same call, as GqlExecutionContext.create makes one. */
  function copied(context: ExecutionContext): ExecutionContext {
    return new ExecutionContextHost(context.getArgs(), context.getClass(), context.getHandler());
  }

  const OptionalEither = anyOf(KeyGuard, AccessGuard);
  const Either = anyOf(AccessGuard, KeyGuard);
  const either = UseGuards(Either);
  const access = UseGuards(AccessGuard);
  const fresh = UseGuards(FreshGuard);
  const refresh = UseGuards(RefreshGuard);

  /** The callers that are let in: without anything, with a key only, or with a token of each kind. */
  type Row = readonly [title: string, parts: RouteParts, letsIn: string];

  const EVERYBODY = 'nobody key access fresh refresh';
  const BY_TOKEN_OR_KEY = 'key access fresh';

  const ALONE: readonly Row[] = [
    ['anyOf', { handler: [either] }, BY_TOKEN_OR_KEY],
    ['it on the class', { controller: [either] }, BY_TOKEN_OR_KEY],
    ['it on both', { controller: [either], handler: [either] }, BY_TOKEN_OR_KEY],
    ['AccessGuard inside of it', { controller: [either], handler: [access] }, 'access fresh'],
    ['FreshGuard inside of it', { controller: [either], handler: [fresh] }, 'fresh'],
    ['RefreshGuard inside of it', { controller: [either], handler: [refresh] }, 'refresh'],
    ['it inside of AccessGuard', { controller: [access], handler: [either] }, BY_TOKEN_OR_KEY],
    ['it inside of FreshGuard', { controller: [fresh], handler: [either] }, 'key fresh'],
    ['it inside of RefreshGuard', { controller: [refresh], handler: [either] }, BY_TOKEN_OR_KEY],
    ['it inside of @Fresh', { controller: [access, Fresh()], handler: [either] }, 'key fresh'],
    ['it beside @Fresh', { handler: [either, Fresh()] }, 'key fresh'],
    [
      '@Fresh(false) inside of it',
      { controller: [either, Fresh()], handler: [Fresh(false)] },
      BY_TOKEN_OR_KEY,
    ],
    ['AccessGuard beside it', { handler: [access, either] }, 'access fresh'],
    [
      'it, with FreshGuard in it, beside AccessGuard',
      { handler: [access, UseGuards(anyOf(FreshGuard, KeyGuard))] },
      'fresh',
    ],
    [
      'it, with FreshGuard in it, outside of AccessGuard',
      { controller: [UseGuards(anyOf(FreshGuard, KeyGuard))], handler: [access] },
      'fresh',
    ],
    [
      'it for refresh tokens, inside of it for access tokens',
      { controller: [either], handler: [UseGuards(anyOf(RefreshGuard, KeyGuard))] },
      'key refresh',
    ],
    [
      'it for either type',
      { handler: [UseGuards(anyOf(AccessGuard, RefreshGuard))] },
      'access fresh refresh',
    ],
    [
      'it for fresh or refresh tokens',
      { handler: [UseGuards(anyOf(FreshGuard, RefreshGuard))] },
      'fresh refresh',
    ],
    [
      'it beside @JwtOptional, the token last',
      { handler: [UseGuards(anyOf(KeyGuard, AccessGuard)), JwtOptional()] },
      'nobody key access fresh',
    ],
    [
      'it inside of @JwtOptional',
      { controller: [access, JwtOptional()], handler: [either] },
      BY_TOKEN_OR_KEY,
    ],
    ['@Public inside of it', { controller: [either], handler: [Public()] }, EVERYBODY],
    ['@Public beside it', { handler: [Public(), either] }, BY_TOKEN_OR_KEY],
    ['it inside of @Public', { controller: [Public()], handler: [either] }, BY_TOKEN_OR_KEY],
    ['it beside a scope that tokens lack', { handler: [either, RequireScope('read')] }, 'key'],
    [
      'it inside of a scope that tokens lack',
      { controller: [access, RequireScope('read')], handler: [either] },
      'key',
    ],
    [
      'it inside of claims that tokens have',
      { controller: [RequireClaims({ sub: 'alice' })], handler: [either] },
      BY_TOKEN_OR_KEY,
    ],
    ['one that asks it', { handler: [UseGuards(asking(Either))] }, BY_TOKEN_OR_KEY],
    [
      'one that asks it, on a public route',
      { handler: [Public(), UseGuards(asking(Either))] },
      BY_TOKEN_OR_KEY,
    ],
    [
      'one that asks it, inside of AccessGuard',
      { controller: [access], handler: [UseGuards(asking(Either))] },
      'access fresh',
    ],
    [
      'it, nested in another, outside of RefreshGuard',
      { controller: [UseGuards(anyOf(Either))], handler: [refresh] },
      'refresh',
    ],
    [
      'it, nested in another on a public handler, inside of itself',
      { controller: [either], handler: [Public(), UseGuards(anyOf(Either, RefreshGuard))] },
      'key access fresh refresh',
    ],
    [
      'one that asks AccessGuard on a public route, inside of it',
      {
        controller: [UseGuards(anyOf(AccessGuard, RefreshGuard))],
        handler: [Public(), UseGuards(asking(AccessGuard))],
      },
      'access fresh',
    ],
    [
      'one that asks FreshGuard beside it',
      { handler: [either, UseGuards(asking(FreshGuard))] },
      'fresh',
    ],
    [
      'one that asks FreshGuard beside it, inside of AccessGuard',
      { controller: [access], handler: [either, UseGuards(asking(FreshGuard))] },
      'fresh',
    ],
    [
      'one that asks FreshGuard in it',
      { handler: [UseGuards(anyOf(asking(FreshGuard), KeyGuard))] },
      'key fresh',
    ],
    [
      'one that asks it on a public handler, inside of it',
      { controller: [either], handler: [Public(), UseGuards(asking(Either))] },
      BY_TOKEN_OR_KEY,
    ],
    [
      'two that ask it on a public handler, inside of it',
      { controller: [either], handler: [Public(), UseGuards(asking(Either), asking(Either))] },
      BY_TOKEN_OR_KEY,
    ],
    [
      'one that asks it by a context of its own, on a public handler, inside of it',
      { controller: [either], handler: [Public(), UseGuards(asking(Either, copied))] },
      BY_TOKEN_OR_KEY,
    ],
    [
      'one that asks it, nested in another on a public handler, inside of it',
      { controller: [either], handler: [Public(), UseGuards(anyOf(asking(Either), RefreshGuard))] },
      'key access fresh refresh',
    ],
    [
      'one that asks it, inside of it for everybody by @JwtOptional',
      {
        controller: [UseGuards(OptionalEither), JwtOptional()],
        handler: [UseGuards(asking(OptionalEither))],
      },
      BY_TOKEN_OR_KEY,
    ],
    [
      'one that asks it beside @JwtOptional, the token last',
      { handler: [JwtOptional(), UseGuards(OptionalEither, asking(OptionalEither))] },
      'nobody key access fresh',
    ],
    [
      'one that asks AccessGuard, inside of AccessGuard for everybody by @JwtOptional',
      { controller: [access, JwtOptional()], handler: [UseGuards(asking(AccessGuard))] },
      'access fresh',
    ],
    [
      'one that asks AccessGuard, inside of @JwtRequired for either type',
      {
        controller: [JwtRequired({ verifyType: false })],
        handler: [UseGuards(asking(AccessGuard))],
      },
      'access fresh',
    ],
    [
      'one that asks AccessGuard, inside of it with a member that does not ask, for everybody by @JwtOptional',
      {
        controller: [UseGuards(anyOf(TrustingGuard)), JwtOptional()],
        handler: [UseGuards(asking(AccessGuard))],
      },
      'access fresh',
    ],
    [
      'it inside of a guard that trusts everybody',
      { controller: [UseGuards(TrustingGuard)], handler: [either] },
      BY_TOKEN_OR_KEY,
    ],
    [
      'one that asks AccessGuard on a public route, inside of a guard that trusts everybody',
      {
        controller: [UseGuards(TrustingGuard)],
        handler: [Public(), UseGuards(asking(AccessGuard))],
      },
      'access fresh',
    ],
  ];

  /** Under AccessGuard for the whole application. */
  const UNDER_ACCESS: readonly Row[] = [
    ['nothing', {}, 'access fresh'],
    ['it on the handler', { handler: [either] }, BY_TOKEN_OR_KEY],
    ['it on the class', { controller: [either] }, BY_TOKEN_OR_KEY],
    [
      'it for refresh tokens',
      { handler: [UseGuards(anyOf(KeyGuard, RefreshGuard))] },
      'key refresh',
    ],
    [
      'it without a token guard',
      { handler: [UseGuards(anyOf(KeyGuard, asking(AccessGuard)))] },
      'access fresh',
    ],
    ['a guard of another kind', { handler: [UseGuards(KeyGuard)] }, ''],
    ['AccessGuard inside of it', { controller: [either], handler: [access] }, 'access fresh'],
    ['@Public beside it', { handler: [Public(), either] }, BY_TOKEN_OR_KEY],
    ['@Public inside of it', { controller: [either], handler: [Public()] }, EVERYBODY],
    ['a scope that tokens lack beside it', { handler: [either, RequireScope('read')] }, 'key'],
    [
      'one that asks FreshGuard beside it',
      { handler: [either, UseGuards(asking(FreshGuard))] },
      'fresh',
    ],
    [
      'one that asks AccessGuard beside it',
      { handler: [either, UseGuards(asking(AccessGuard))] },
      'access fresh',
    ],
    [
      'one that asks it on a public handler, inside of it',
      { controller: [either], handler: [Public(), UseGuards(asking(Either))] },
      BY_TOKEN_OR_KEY,
    ],
    [
      'one that asks AccessGuard on a handler of a @JwtOptional class',
      { controller: [JwtOptional()], handler: [UseGuards(asking(AccessGuard))] },
      'access fresh',
    ],
  ];

  /** Under anyOf itself for the whole application. */
  const UNDER_EITHER: readonly Row[] = [
    ['nothing', {}, BY_TOKEN_OR_KEY],
    ['AccessGuard', { handler: [access] }, 'access fresh'],
    ['RefreshGuard', { handler: [refresh] }, 'refresh'],
    ['@JwtRequired', { controller: [JwtRequired({ fresh: true })] }, 'fresh'],
    ['@Fresh', { handler: [Fresh()] }, 'key fresh'],
    ['a scope that tokens lack', { handler: [RequireScope('read')] }, 'key'],
    ['@Public', { handler: [Public()] }, EVERYBODY],
    ['@Public on the class', { controller: [Public()] }, EVERYBODY],
    [
      '@Public(false) inside of @Public',
      { controller: [Public()], handler: [Public(false)] },
      BY_TOKEN_OR_KEY,
    ],
    ['itself', { handler: [either] }, BY_TOKEN_OR_KEY],
    ['itself on a public class', { controller: [Public()], handler: [either] }, BY_TOKEN_OR_KEY],
    [
      'it for refresh tokens',
      { handler: [UseGuards(anyOf(KeyGuard, RefreshGuard))] },
      'key refresh',
    ],
    [
      'one that asks it, on a public handler',
      { handler: [Public(), UseGuards(asking(Either))] },
      BY_TOKEN_OR_KEY,
    ],
    [
      'one that asks it, on a @JwtOptional handler of a class with AccessGuard',
      { controller: [access, JwtOptional()], handler: [UseGuards(asking(Either))] },
      BY_TOKEN_OR_KEY,
    ],
  ];

  const WAYS: readonly [string, AppParts, readonly Row[]][] = [
    ['no guard for the application', {}, ALONE],
    ['globalGuard', { extras: { globalGuard: true } }, UNDER_ACCESS],
    [
      'an APP_GUARD of AccessGuard',
      { providers: [{ provide: APP_GUARD, useClass: AccessGuard }] },
      UNDER_ACCESS,
    ],
    [
      'useGlobalGuards of AccessGuard',
      { configure: (nest) => nest.useGlobalGuards(nest.get(AccessGuard)) },
      UNDER_ACCESS,
    ],
    [
      'globalGuard and AccessGuard',
      {
        extras: { globalGuard: true },
        providers: [{ provide: APP_GUARD, useClass: AccessGuard }],
      },
      UNDER_ACCESS,
    ],
    [
      'an APP_GUARD of anyOf',
      { providers: [{ provide: APP_GUARD, useClass: Either }] },
      UNDER_EITHER,
    ],
    [
      'an APP_GUARD of anyOf that exists already',
      {
        providers: [Either, { provide: APP_GUARD, useExisting: Either }],
      },
      UNDER_EITHER,
    ],
    [
      'useGlobalGuards of anyOf',
      {
        providers: [Either],
        configure: (nest) => nest.useGlobalGuards(nest.get(Either)),
      },
      UNDER_EITHER,
    ],
  ];

  @UseGuards(AccessGuard)
  @Controller('options')
  class OptionsController {
    @UseGuards(anyOf(KeyGuard, AccessGuard))
    @All()
    any(
      @Req() { user }: HttpRequest,
      @CurrentIdentity() id?: string,
      @CurrentUser() one?: unknown,
    ) {
      return { user: user ?? null, id: id ?? null, one: one ?? null };
    }
  }

  describe.each(ADAPTERS)('anyOf on %s', (adapter) => {
    const whoIsIn = async (app: RunningApp, path: string): Promise<string> => {
      const { access, fresh, refresh } = await tokensOf(app);
      const callers = { nobody: {}, key: { headers: { 'x-api-key': 'good' } } };
      const byToken = {
        access: { token: access },
        fresh: { token: fresh },
        refresh: { token: refresh },
      };
      const admitted: string[] = [];
      for (const [caller, sent] of Object.entries({ ...callers, ...byToken })) {
        const { status, body } = await app.send('GET', path, sent);
        if (status === 200 && body === 'in') admitted.push(caller);
        else if (![401, 403, 422].includes(status)) return `${status} ${JSON.stringify(body)}`;
      }
      return admitted.join(' ');
    };

    describe.each(WAYS)('with %s', (_way, parts, rows) => {
      let app: RunningApp;
      beforeAll(async () => {
        app = await createApp(adapter, {
          ...parts,
          controllers: rows.map(([, decorators], index) => routeAt(`route-${index}`, decorators)),
          providers: [KeyGuard, Either, OptionalEither, ...(parts.providers ?? [])],
        });
      });
      afterAll(() => app.close());

      it.each(rows.map(([title, , letsIn], index) => ({ title, letsIn, path: `/route-${index}` })))(
        '$title lets in: $letsIn (R54)',
        async ({ path, letsIn }) => {
          expect(await whoIsIn(app, path)).toBe(letsIn);
          expect(await whoIsIn(app, path)).toBe(letsIn);
        },
      );
    });

    it('lets OPTIONS pass as token guards do, without a user', async () => {
      const app = await createApp(adapter, { controllers: [OptionsController] });
      const nobody = { user: null, id: null, one: null };
      expect(await app.send('OPTIONS', '/options')).toMatchObject({ status: 200, body: nobody });
      expect(await app.send('GET', '/options')).toMatchObject({ status: 401 });
      await app.close();
    });

    it('authenticates once if a guard further in requires the same', async () => {
      const userLookup = jest.fn(({ identity }: Token) => identity);
      const app = await createApp(adapter, {
        controllers: [
          routeAt('inner', { controller: [either], handler: [access] }),
          routeAt('both', { controller: [either], handler: [either] }),
        ],
        options: { loaders: { userLookup } },
      });
      const token = await app.get(TokenService).createAccessToken('alice');
      for (const path of ['/inner', '/both']) {
        userLookup.mockClear();
        expect(await app.send('GET', path, { token })).toMatchObject({ status: 200 });
        expect(userLookup).toHaveBeenCalledTimes(1);
      }
      await app.close();
    });

    it.each<[string, RouteParts, string]>([
      [
        'a guard for access tokens beside it that asks for refresh tokens',
        { handler: [access, UseGuards(anyOf(RefreshGuard, KeyGuard))] },
        'RouteController.answer has RefreshGuard and a guard for access tokens, and no token is both: keep one of them',
      ],
      [
        '@Fresh beside it that asks for refresh tokens',
        { handler: [Fresh(), UseGuards(anyOf(RefreshGuard, KeyGuard))] },
        'RouteController.answer requires a refresh token, which is never fresh: remove @Fresh or RefreshGuard',
      ],
    ])('finds a mistake at start: %s', async (_title, parts, message) => {
      const mistake = await mistakeAtStart(adapter, { controllers: [routeAt('/', parts)] });
      expect(mistake).toEqual(new JwtExtendedConfigError(message));
    });
  });
});
