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
  Options,
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
  FreshGuard,
  type HttpRequest,
  JwtExtendedConfigError,
  JwtRequired,
  RefreshGuard,
  RequireClaims,
  RequireScope,
  type Token,
  TokenService,
} from '../../../src/index.js';
import { asking, breakingGuard, KeyGuard, WAYS_TO_ANSWER, whoAt } from '../../support/any-of.js';
import {
  type AdapterName,
  ADAPTERS,
  type AppParts,
  createApp,
  type RunningApp,
  type Sent,
} from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { ErrorLog, mistakeAtStart, tokensOf } from '../../support/routes.js';
import { routesFor, type Words } from '../../support/routes-notation.js';
import { missing, refusal } from '../../support/transport.js';

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
  const MISSING = missing('Missing Authorization Header');
  const EXPIRED = refusal(401, 'TOKEN_EXPIRED', 'Token has expired');
  const REVOKED = refusal(401, 'TOKEN_REVOKED', 'Token has been revoked');
  const STALE = refusal(401, 'TOKEN_NOT_FRESH', 'Fresh token required');
  const NOT_ACCESS = refusal(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed');
  const UNSURE = refusal(503, 'CHECK_UNAVAILABLE', 'Token could not be checked');
  const GARBAGE = {
    status: 422,
    body: { msg: expect.any(String) as unknown, code: 'TOKEN_INVALID' },
  };

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

  const start = (
    routes: Record<string, readonly (Type<CanActivate> | CanActivate)[]>,
    providers: Type[] = [],
    adapter: AdapterName = 'express',
  ) =>
    createApp(adapter, {
      controllers: Object.entries(routes).map(([path, guards]) => whoAt(path, guards)),
      providers,
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
    });
  const call = async (app: RunningApp, path: string, token?: TokenName, key?: string) => {
    const headers = key === undefined ? undefined : { 'x-api-key': key };
    const { status, body } = await app.send('GET', path, {
      token: token && TOKENS[token],
      headers,
    });
    return { status, body };
  };

  const WAYS = Object.entries(WAYS_TO_ANSWER);
  const ADAPTED_WAYS = ADAPTERS.flatMap((adapter) =>
    WAYS.map(([way, guard]) => [way, adapter, guard] as const),
  );

  describe.each(ADAPTED_WAYS)('beside a guard that returns %s, on %s', (_way, adapter, guard) => {
    let app: RunningApp;
    beforeAll(async () => {
      const routes = {
        'token-first': [anyOf(AccessGuard, guard)],
        'key-first': [anyOf(guard, AccessGuard)],
      };
      app = await start(routes, [], adapter);
    });
    afterAll(() => app.close());

    describe.each(['/token-first', '/key-first'])('%s', (path) => {
      it('accepts a request that one of its guards accepts', async () => {
        expect(await call(app, path, 'access')).toEqual(ALICE);
        expect(await call(app, path, undefined, 'good')).toEqual(BY_KEY);
        expect(await call(app, path, 'access', 'bad')).toEqual(ALICE);
      });

      it('accepts a request with a valid key and an invalid token (R53)', async () => {
        for (const token of ['expired', 'garbage', 'refresh'] as const)
          expect(await call(app, path, token, 'good')).toEqual(BY_KEY);
      });

      it('reports what is wrong with the token before anything else (R53)', async () => {
        for (const key of [undefined, 'bad']) {
          expect(await call(app, path, 'expired', key)).toEqual(EXPIRED);
          expect(await call(app, path, 'garbage', key)).toEqual(GARBAGE);
          expect(await call(app, path, 'refresh', key)).toEqual(NOT_ACCESS);
          expect(await call(app, path, undefined, key)).toEqual(MISSING);
        }
      });
    });

    it('calls its guards in the order given, and keeps the user of the first that accepts', async () => {
      expect(await call(app, '/token-first', 'access', 'good')).toEqual(ALICE);
      expect(await call(app, '/key-first', 'access', 'good')).toEqual(BY_KEY);
    });
  });

  describe('of guards of every kind', () => {
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
      const faulty = FAULTS.map(([, how], index) => [
        `fault-${index}`,
        [anyOf(breakingGuard(how), KeyGuard, AccessGuard)],
      ]);
      app = await start({
        either: [anyOf(AccessGuard, RefreshGuard)],
        'fresh-or-refresh': [anyOf(FreshGuard, RefreshGuard)],
        nested: [anyOf(anyOf(KeyGuard, FreshGuard), anyOf(RefreshGuard))],
        both: [AccessGuard, anyOf(FreshGuard, KeyGuard)],
        instance: [anyOf(new KeyGuard(), AccessGuard)],
        'careless-key': [anyOf(CarelessGuard, KeyGuard, AccessGuard)],
        'careless-open': [anyOf(CarelessGuard, { canActivate: () => true })],
        'choosy-key': [anyOf(ChoosyGuard, KeyGuard, RefreshGuard)],
        'choosy-open': [anyOf(ChoosyGuard, AccessGuard, KeyGuard)],
        refusing: [anyOf(CarelessGuard, ChoosyGuard)],
        unsure: [anyOf(AccessGuard, KeyGuard)],
        ...(Object.fromEntries(faulty) as Record<string, Type<CanActivate>[]>),
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
      ['/unsure', 'unsure', 'good', UNSURE],
      // A guard that then refused had set a user or a token (R48).
      ['/careless-key', undefined, 'good', BY_KEY],
      ['/careless-key', 'access', undefined, ALICE],
      ['/choosy-key', 'access', 'good', BY_KEY],
      ['/choosy-open', 'access', undefined, ALICE],
    ])('%s responds to a token that is %s, with the key %s', async (path, token, key, expected) => {
      expect(await call(app, path, token, key)).toEqual(expected);
    });

    it('answers 403 if all guards return false', async () => {
      expect(await call(app, '/refusing', 'access')).toMatchObject({ status: 403 });
      expect(await call(app, '/refusing')).toEqual(MISSING);
    });

    it('answers 500 with a parameter decorator if none of the guards is a token guard', async () => {
      expect(await call(app, '/careless-open')).toMatchObject({ status: 500 });
    });

    it.each(FAULTS.map(([title, , status], index) => ({ title, status, index })))(
      'does not treat $title as a refusal, even with a valid token and a valid key',
      async ({ status, index }) => {
        expect(await call(app, `/fault-${index}`, 'access', 'good')).toMatchObject({ status });
      },
    );
  });

  it('creates a guard that is not a provider with the providers of the module', async () => {
    const app = await start({ '/': [anyOf(StoredKeyGuard, AccessGuard)] }, [Keys]);
    expect(await call(app, '/', undefined, 'good')).toMatchObject({ status: 200 });
    expect(await call(app, '/', undefined, 'bad')).toEqual(MISSING);
    await app.close();
  });

  it('takes a provider from the container, once per request if it is request-scoped', async () => {
    const routes = { '/': [anyOf(RequestScopedGuard, AccessGuard)] };
    const app = await start(routes, [RequestScopedGuard]);
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
  ])('reports at start a guard that %s', async (_title, guard) => {
    const controllers = [whoAt('/', [anyOf(AccessGuard, guard)])];
    const mistake = await mistakeAtStart('express', { controllers });
    expect(mistake).toBeInstanceOf(Error);
    expect((mistake as Error).message).toContain(guard.name);
  });

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

describe('anyOf on the levels of a route', () => {
  /** A token guard that accepts every request without reading a token. */
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

  /** `calling X` is a guard that calls X, which the route does not declare. */
  const words: Words = {
    either: UseGuards(Either),
    'either, token last': UseGuards(OptionalEither),
    'anyOf(fresh, key)': UseGuards(anyOf(FreshGuard, KeyGuard)),
    'anyOf(refresh, key)': UseGuards(anyOf(RefreshGuard, KeyGuard)),
    'anyOf(key, refresh)': UseGuards(anyOf(KeyGuard, RefreshGuard)),
    'anyOf(access, refresh)': UseGuards(anyOf(AccessGuard, RefreshGuard)),
    'anyOf(fresh, refresh)': UseGuards(anyOf(FreshGuard, RefreshGuard)),
    'anyOf(either)': UseGuards(anyOf(Either)),
    'anyOf(either, refresh)': UseGuards(anyOf(Either, RefreshGuard)),
    'anyOf(calling fresh, key)': UseGuards(anyOf(asking(FreshGuard), KeyGuard)),
    'anyOf(key, calling access)': UseGuards(anyOf(KeyGuard, asking(AccessGuard))),
    'anyOf(calling either, refresh)': UseGuards(anyOf(asking(Either), RefreshGuard)),
    'anyOf(trusting)': UseGuards(anyOf(TrustingGuard)),
    'calling either': UseGuards(asking(Either)),
    'calling either twice': UseGuards(asking(Either), asking(Either)),
    'calling either with a copied context': UseGuards(asking(Either, copied)),
    'calling either, token last': UseGuards(asking(OptionalEither)),
    'either, token last, and calling it': UseGuards(OptionalEither, asking(OptionalEither)),
    'calling AccessGuard': UseGuards(asking(AccessGuard)),
    'calling FreshGuard': UseGuards(asking(FreshGuard)),
    KeyGuard: UseGuards(KeyGuard),
    TrustingGuard: UseGuards(TrustingGuard),
    'a scope that tokens lack': RequireScope('read'),
    'claims that tokens have': RequireClaims({ sub: 'alice' }),
    'JwtRequired for either type': JwtRequired({ verifyType: false }),
    'fresh JwtRequired': JwtRequired({ fresh: true }),
  };

  /** The accepted requests: without anything, with a key only, or with a token of each kind. */
  type Row = readonly [route: string, accepted: string];

  const EVERY_REQUEST = 'nothing key access fresh refresh';
  const BY_TOKEN_OR_KEY = 'key access fresh';

  const ALONE: readonly Row[] = [
    ['either', BY_TOKEN_OR_KEY],
    ['either / -', BY_TOKEN_OR_KEY],
    ['either / either', BY_TOKEN_OR_KEY],
    ['either / AccessGuard', 'access fresh'],
    ['either / FreshGuard', 'fresh'],
    ['either / RefreshGuard', 'refresh'],
    ['AccessGuard / either', BY_TOKEN_OR_KEY],
    ['FreshGuard / either', 'key fresh'],
    ['RefreshGuard / either', BY_TOKEN_OR_KEY],
    ['AccessGuard + Fresh / either', 'key fresh'],
    ['either + Fresh', 'key fresh'],
    ['either + Fresh / Fresh(false)', BY_TOKEN_OR_KEY],
    ['AccessGuard + either', 'access fresh'],
    ['AccessGuard + anyOf(fresh, key)', 'fresh'],
    ['anyOf(fresh, key) / AccessGuard', 'fresh'],
    ['either / anyOf(refresh, key)', 'key refresh'],
    ['anyOf(access, refresh)', 'access fresh refresh'],
    ['anyOf(fresh, refresh)', 'fresh refresh'],
    ['either, token last + JwtOptional', 'nothing key access fresh'],
    ['AccessGuard + JwtOptional / either', BY_TOKEN_OR_KEY],
    ['either / Public', EVERY_REQUEST],
    ['Public + either', BY_TOKEN_OR_KEY],
    ['Public / either', BY_TOKEN_OR_KEY],
    ['either + a scope that tokens lack', 'key'],
    ['AccessGuard + a scope that tokens lack / either', 'key'],
    ['claims that tokens have / either', BY_TOKEN_OR_KEY],
    ['calling FreshGuard', 'fresh'],
    ['calling either', BY_TOKEN_OR_KEY],
    ['Public + calling either', BY_TOKEN_OR_KEY],
    ['AccessGuard / calling either', 'access fresh'],
    ['anyOf(either) / RefreshGuard', 'refresh'],
    ['either / Public + anyOf(either, refresh)', 'key access fresh refresh'],
    ['anyOf(access, refresh) / Public + calling AccessGuard', 'access fresh'],
    ['either + calling FreshGuard', 'fresh'],
    ['AccessGuard / either + calling FreshGuard', 'fresh'],
    ['anyOf(calling fresh, key)', 'key fresh'],
    ['either / Public + calling either', BY_TOKEN_OR_KEY],
    ['either / Public + calling either twice', BY_TOKEN_OR_KEY],
    ['either / Public + calling either with a copied context', BY_TOKEN_OR_KEY],
    ['either / Public + anyOf(calling either, refresh)', 'key access fresh refresh'],
    ['either, token last + JwtOptional / calling either, token last', BY_TOKEN_OR_KEY],
    ['JwtOptional + either, token last, and calling it', 'nothing key access fresh'],
    ['AccessGuard + JwtOptional / calling AccessGuard', 'access fresh'],
    ['JwtRequired for either type / calling AccessGuard', 'access fresh'],
    ['anyOf(trusting) + JwtOptional / calling AccessGuard', 'access fresh'],
    ['TrustingGuard / either', BY_TOKEN_OR_KEY],
    ['TrustingGuard / Public + calling AccessGuard', 'access fresh'],
  ];

  const UNDER_ACCESS: readonly Row[] = [
    ['-', 'access fresh'],
    ['either', BY_TOKEN_OR_KEY],
    ['either / -', BY_TOKEN_OR_KEY],
    ['anyOf(key, refresh)', 'key refresh'],
    ['anyOf(key, calling access)', 'access fresh'],
    ['KeyGuard', ''],
    ['either / AccessGuard', 'access fresh'],
    ['Public + either', BY_TOKEN_OR_KEY],
    ['either / Public', EVERY_REQUEST],
    ['either + a scope that tokens lack', 'key'],
    ['either + calling FreshGuard', 'fresh'],
    ['either + calling AccessGuard', 'access fresh'],
    ['either / Public + calling either', BY_TOKEN_OR_KEY],
    ['JwtOptional / calling AccessGuard', 'access fresh'],
  ];

  const UNDER_EITHER: readonly Row[] = [
    ['-', BY_TOKEN_OR_KEY],
    ['AccessGuard', 'access fresh'],
    ['RefreshGuard', 'refresh'],
    ['fresh JwtRequired / -', 'fresh'],
    ['Fresh', 'key fresh'],
    ['a scope that tokens lack', 'key'],
    ['Public', EVERY_REQUEST],
    ['Public / -', EVERY_REQUEST],
    ['Public / Public(false)', BY_TOKEN_OR_KEY],
    ['either', BY_TOKEN_OR_KEY],
    ['Public / either', BY_TOKEN_OR_KEY],
    ['anyOf(key, refresh)', 'key refresh'],
    ['Public + calling either', BY_TOKEN_OR_KEY],
    ['AccessGuard + JwtOptional / calling either', BY_TOKEN_OR_KEY],
  ];

  const accessGuard = { provide: APP_GUARD, useClass: AccessGuard };
  const globalGuard = { globalGuard: true };

  describe.each<[string, AppParts, readonly Row[]]>([
    ['no guard for the application', {}, ALONE],
    ['globalGuard', { extras: globalGuard }, UNDER_ACCESS],
    ['an APP_GUARD of AccessGuard', { providers: [accessGuard] }, UNDER_ACCESS],
    [
      'useGlobalGuards of AccessGuard',
      { configure: (nest) => nest.useGlobalGuards(nest.get(AccessGuard)) },
      UNDER_ACCESS,
    ],
    [
      'globalGuard and AccessGuard',
      { extras: globalGuard, providers: [accessGuard] },
      UNDER_ACCESS,
    ],
    [
      'an APP_GUARD of anyOf',
      { providers: [{ provide: APP_GUARD, useClass: Either }] },
      UNDER_EITHER,
    ],
    [
      'an APP_GUARD of anyOf with useExisting',
      { providers: [{ provide: APP_GUARD, useExisting: Either }] },
      UNDER_EITHER,
    ],
    [
      'useGlobalGuards of anyOf',
      { configure: (nest) => nest.useGlobalGuards(nest.get(Either)) },
      UNDER_EITHER,
    ],
  ])('with %s', (_way, parts, rows) => {
    let app: RunningApp;
    let requests: Record<string, Sent>;
    beforeAll(async () => {
      const descriptions = rows.map(([description]) => description);
      app = await createApp('express', {
        ...parts,
        controllers: routesFor(descriptions, words),
        providers: [KeyGuard, Either, OptionalEither, ...(parts.providers ?? [])],
      });
      const { access, fresh, refresh } = await tokensOf(app);
      requests = {
        nothing: {},
        key: { headers: { 'x-api-key': 'good' } },
        access: { token: access },
        fresh: { token: fresh },
        refresh: { token: refresh },
      };
    });
    afterAll(() => app.close());

    const acceptedAt = async (path: string): Promise<string> => {
      const accepted: string[] = [];
      for (const [title, sent] of Object.entries(requests)) {
        const { status, body } = await app.send('GET', path, sent);
        if (status === 200 && body === 'in') accepted.push(title);
        else if (![401, 403, 422].includes(status)) return `${status} ${JSON.stringify(body)}`;
      }
      return accepted.join(' ');
    };

    it.each(rows.map(([route, accepted], index) => ({ route, accepted, path: `/route-${index}` })))(
      '$route accepts: $accepted (R54)',
      async ({ path, accepted }) => {
        expect(await acceptedAt(path)).toBe(accepted);
        expect(await acceptedAt(path)).toBe(accepted);
      },
    );
  });

  @UseGuards(AccessGuard)
  @Controller('options')
  class OptionsController {
    @UseGuards(anyOf(KeyGuard, AccessGuard))
    @Options()
    preflight(
      @Req() { user }: HttpRequest,
      @CurrentIdentity() id?: string,
      @CurrentUser() one?: unknown,
    ) {
      return { user: user ?? null, id: id ?? null, one: one ?? null };
    }

    @UseGuards(anyOf(KeyGuard, AccessGuard))
    @All('all')
    all() {
      return 'in';
    }
  }

  it.each(ADAPTERS)(
    'accepts OPTIONS on a handler for it alone, without a user, on %s (R82)',
    async (adapter) => {
      const app = await createApp(adapter, { controllers: [OptionsController] });
      const empty = { user: null, id: null, one: null };
      expect(await app.send('OPTIONS', '/options')).toMatchObject({ status: 200, body: empty });
      expect(await app.send('OPTIONS', '/options/all')).toMatchObject({ status: 401 });
      await app.close();
    },
  );

  it.each(['either / AccessGuard', 'either / either', 'AccessGuard + calling AccessGuard'])(
    '%s authenticates once, because both guards require the same',
    async (route) => {
      const userLookup = jest.fn(({ identity }: Token) => identity);
      const app = await createApp('express', {
        controllers: routesFor([route], words),
        options: { loaders: { userLookup } },
      });
      const token = await app.get(TokenService).createAccessToken('alice');
      expect(await app.send('GET', '/route-0', { token })).toMatchObject({ status: 200 });
      expect(userLookup).toHaveBeenCalledTimes(1);
      await app.close();
    },
  );

  it.each([
    [
      'AccessGuard + anyOf(refresh, key)',
      'has RefreshGuard and a guard for access tokens, and no token is both: keep one of them',
    ],
    [
      'Fresh + anyOf(refresh, key)',
      'requires a refresh token, which is never fresh: remove @Fresh or RefreshGuard',
    ],
  ])('reports the mistake at start: %s', async (route, message) => {
    const mistake = await mistakeAtStart('express', { controllers: routesFor([route], words) });
    expect(mistake).toEqual(new JwtExtendedConfigError(`RouteController.answer ${message}`));
  });
});
