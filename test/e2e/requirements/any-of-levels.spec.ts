import {
  All,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Inject,
  Injectable,
  Req,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
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
import { KeyGuard } from '../../support/any-of.js';
import { ADAPTERS, type AppParts, createApp, type RunningApp } from '../../support/app.js';
import { mistakeAtStart, type RouteParts, routeAt, tokensOf } from '../../support/routes.js';

/** A guard that asks another one, which stands on no level of the route. */
function asking(
  guard: Type<CanActivate>,
  contextFor = (context: ExecutionContext) => context,
): Type<CanActivate> {
  @Injectable()
  class CompositeGuard implements CanActivate {
    @Inject(guard)
    private readonly inner!: CanActivate;

    canActivate(context: ExecutionContext) {
      return this.inner.canActivate(contextFor(context));
    }
  }
  return CompositeGuard;
}

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

/** Whoever is let in: by no means at all, by a key alone, or by a token of each kind. */
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
    'one that asks it on a public handler, inside of it (A4)',
    { controller: [either], handler: [Public(), UseGuards(asking(Either))] },
    BY_TOKEN_OR_KEY,
  ],
  [
    'two that ask it on a public handler, inside of it (A4)',
    { controller: [either], handler: [Public(), UseGuards(asking(Either), asking(Either))] },
    BY_TOKEN_OR_KEY,
  ],
  [
    'one that asks it by a context of its own, on a public handler, inside of it (A4)',
    { controller: [either], handler: [Public(), UseGuards(asking(Either, copied))] },
    BY_TOKEN_OR_KEY,
  ],
  [
    'one that asks it, nested in another on a public handler, inside of it (A4)',
    { controller: [either], handler: [Public(), UseGuards(anyOf(asking(Either), RefreshGuard))] },
    'key access fresh refresh',
  ],
  [
    'one that asks it, inside of it for everybody by @JwtOptional (A4)',
    {
      controller: [UseGuards(OptionalEither), JwtOptional()],
      handler: [UseGuards(asking(OptionalEither))],
    },
    BY_TOKEN_OR_KEY,
  ],
  [
    'one that asks it beside @JwtOptional, the token last (A4)',
    { handler: [JwtOptional(), UseGuards(OptionalEither, asking(OptionalEither))] },
    'nobody key access fresh',
  ],
  [
    'one that asks AccessGuard, inside of AccessGuard for everybody by @JwtOptional (A4)',
    { controller: [access, JwtOptional()], handler: [UseGuards(asking(AccessGuard))] },
    'access fresh',
  ],
  [
    'one that asks AccessGuard, inside of @JwtRequired for either type (A4)',
    {
      controller: [JwtRequired({ verifyType: false })],
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
    { controller: [UseGuards(TrustingGuard)], handler: [Public(), UseGuards(asking(AccessGuard))] },
    'access fresh',
  ],
];

/** Under AccessGuard for the whole application. */
const UNDER_ACCESS: readonly Row[] = [
  ['nothing', {}, 'access fresh'],
  ['it on the handler', { handler: [either] }, BY_TOKEN_OR_KEY],
  ['it on the class', { controller: [either] }, BY_TOKEN_OR_KEY],
  ['it for refresh tokens', { handler: [UseGuards(anyOf(KeyGuard, RefreshGuard))] }, 'key refresh'],
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
    'one that asks it on a public handler, inside of it (A4)',
    { controller: [either], handler: [Public(), UseGuards(asking(Either))] },
    BY_TOKEN_OR_KEY,
  ],
  [
    'one that asks AccessGuard on a handler of a @JwtOptional class (A4)',
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
  ['it for refresh tokens', { handler: [UseGuards(anyOf(KeyGuard, RefreshGuard))] }, 'key refresh'],
  [
    'one that asks it, on a public handler (A4)',
    { handler: [Public(), UseGuards(asking(Either))] },
    BY_TOKEN_OR_KEY,
  ],
  [
    'one that asks it, on a @JwtOptional handler of a class with AccessGuard (A4)',
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
  any(@Req() { user }: HttpRequest, @CurrentIdentity() id?: string, @CurrentUser() one?: unknown) {
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

  it('lets OPTIONS pass as token guards do, and knows nobody then', async () => {
    const app = await createApp(adapter, { controllers: [OptionsController] });
    const nobody = { user: null, id: null, one: null };
    expect(await app.send('OPTIONS', '/options')).toMatchObject({ status: 200, body: nobody });
    expect(await app.send('GET', '/options')).toMatchObject({ status: 401 });
    await app.close();
  });

  it('makes the journey once where a guard further in asks the same', async () => {
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
