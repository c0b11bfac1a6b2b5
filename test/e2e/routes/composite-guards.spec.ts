import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  AccessGuard,
  FreshGuard,
  JwtOptional,
  Public,
  RefreshGuard,
  type Token,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { askedBy, type RouteParts, routeAt, tokensOf } from '../../support/routes.js';

/** A guard that asks another one, which stands on no level of the route. */
function asking(guard: Type<CanActivate>): Type<CanActivate> {
  @Injectable()
  class CompositeGuard implements CanActivate {
    @Inject(guard)
    private readonly inner!: CanActivate;

    canActivate(context: ExecutionContext) {
      return this.inner.canActivate(context);
    }
  }
  return CompositeGuard;
}

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

describe.each(ADAPTERS)('a guard that asks a token guard, on %s,', (adapter) => {
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

  it('makes the journey once where the route asks the same already', async () => {
    const { access } = await tokensOf(app);
    userLookup.mockClear();
    expect(await app.send('GET', '/route-6', { token: access })).toMatchObject({ status: 200 });
    expect(userLookup).toHaveBeenCalledTimes(1);
  });

  it('is not weakened by the routes that were asked before', async () => {
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

describe.each(ADAPTERS)('a guard that asks a token guard on a public route, on %s,', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: RELEASED.map(([, parts], index) => routeAt(`route-${index}`, parts)),
      extras: { globalGuard: true },
    });
  });
  afterAll(() => app.close());

  it.each(RELEASED.map(([title, , asked], index) => ({ title, asked, path: `/route-${index}` })))(
    'is enforced: @Public with $title asks: $asked (R54)',
    async ({ path, asked }) => {
      expect(await askedBy(app, path)).toBe(asked);
    },
  );
});
