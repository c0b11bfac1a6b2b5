import {
  All,
  type CanActivate,
  Controller,
  Delete,
  type ExecutionContext,
  Get,
  Head,
  Inject,
  Injectable,
  type INestApplication,
  MessageEvent,
  Module,
  Options,
  Patch,
  Post,
  type Provider,
  Put,
  Scope,
  Sse,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, ContextIdFactory, ModuleRef, REQUEST, RouterModule } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { of } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  anyOf,
  CurrentUser,
  Fresh,
  type HttpRequest,
  type JwtContext,
  JwtExtendedModule,
  JwtOptional,
  MatchParam,
  Public,
  RefreshGuard,
  RequireScope,
  TokenService,
} from '../../../src/index.js';
import { KeyGuard } from '../../support/any-of.js';
import { ADAPTERS, type AppParts, createApp, RunningApp } from '../../support/app.js';
import { DEVELOPMENT, environments } from '../../support/environment.js';
import { SECRET } from '../../support/forge.js';
import { ErrorLog } from '../../support/routes.js';
import { withRoutes } from '../../support/routes-notation.js';

/** Is created for each request. */
@Injectable({ scope: Scope.REQUEST })
class Visit {
  constructor(@Inject(REQUEST) readonly request: HttpRequest) {}

  userOf(identity: string) {
    return { identity, agent: this.request.headers['x-agent'] };
  }
}

@Module({ providers: [Visit], exports: [Visit] })
class VisitsModule {}

@Injectable()
class OpenGuard implements CanActivate {
  canActivate() {
    return true;
  }
}

const Crud = withRoutes({
  list: [Get()],
  one: [Get(':id')],
  create: [Post()],
  replace: [Put(':id')],
  change: [Patch(':id')],
  remove: [Delete(':id')],
});

/** Its `list` is inherited, and public only here. */
const BooksController = withRoutes(
  { published: [Public(), Get('published')], list: [Public(), Get()] },
  [Controller('books')],
  Crud,
);

const PagesController = withRoutes(
  {
    create: [Public(false), Post()],
    remove: [UseGuards(AccessGuard), Delete(':id')],
    replace: [Fresh(), Put(':id')],
    change: [RequireScope('write'), Patch(':id')],
  },
  [Public(), Controller('pages')],
  Crud,
);

/** Inherits that it is public, and revokes it. */
const DraftsController = withRoutes({}, [Public(false), Controller('drafts')], PagesController);

const ReportsController = withRoutes(
  {
    all: [Get()],
    latest: [Version('3'), Get(['latest', 'newest'])],
    neutral: [Public(), Version(VERSION_NEUTRAL), Get('neutral')],
  },
  [Controller({ path: ['reports', 'statistics'], version: ['1', '2'] })],
);

const OddController = withRoutes(
  {
    any: [All('any')],
    head: [Head('head')],
    file: [Get('files/:name.txt')],
    refresh: [UseGuards(RefreshGuard), Post('refresh')],
    otherGuard: [UseGuards(OpenGuard), Get('other-guard')],
    either: [UseGuards(anyOf(AccessGuard, KeyGuard)), Get('either')],
    own: [MatchParam('name', { claim: 'sub' }), Get('own/:name')],
    optional: [JwtOptional(), Get('optional')],
    options: [Options('options')],
  },
  [Controller()],
);

@Controller({ path: 'visits', scope: Scope.REQUEST })
class VisitsController {
  constructor(private readonly visit: Visit) {}

  @Get()
  agent() {
    return this.visit.request.headers['x-agent'] ?? 'in';
  }

  @Public()
  @Get('open')
  open() {
    return 'in';
  }
}

@Controller()
class UserController {
  @Sse('events')
  events() {
    return of<MessageEvent>({ data: 'in' });
  }

  /** The user of the loader, which uses a request-scoped provider. */
  @Get('me')
  me(@CurrentUser() user: unknown) {
    return user;
  }
}

@Module({ controllers: [DraftsController] })
class DraftsModule {}

@Module({
  imports: [
    VisitsModule,
    DraftsModule,
    RouterModule.register([{ path: 'of/:author', module: DraftsModule }]),
    JwtExtendedModule.forRootAsync({
      globalGuard: true,
      inject: [ModuleRef],
      useFactory: (modules: ModuleRef) => ({
        secret: SECRET,
        loaders: {
          userLookup: async ({ identity }, { request }) => {
            const id = ContextIdFactory.getByRequest(request as object);
            modules.registerRequestByContextId(request, id);
            const visit = await modules.resolve(Visit, id, { strict: false });
            return visit.userOf(identity);
          },
        },
      }),
    }),
  ],
  controllers: [
    BooksController,
    PagesController,
    VisitsController,
    ReportsController,
    OddController,
    UserController,
  ],
})
class LibraryModule {}

/** The routes that are declared as open. */
const OPEN = [
  'GET /api/books',
  'GET /api/books/published',
  'GET /api/pages',
  'GET /api/pages/x',
  'GET /api/reports/neutral',
  'GET /api/statistics/neutral',
  'GET /api/visits/open',
  'GET /api/optional',
  'OPTIONS /api/options',
];

function crud(path: string): string[] {
  const ofOne = ['GET', 'PUT', 'PATCH', 'DELETE'].map((method) => `${method} ${path}/x`);
  return [`GET ${path}`, `POST ${path}`, ...ofOne];
}

/** Every route of the application, with its method. */
const ROUTES = [
  ...crud('/api/books'),
  ...crud('/api/pages'),
  ...crud('/api/of/x/drafts'),
  ...['reports', 'statistics'].flatMap((name) => [
    `GET /api/v1/${name}`,
    `GET /api/v2/${name}`,
    `GET /api/v3/${name}/latest`,
    `GET /api/v3/${name}/newest`,
    `GET /api/${name}/neutral`,
  ]),
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE'].map((method) => `${method} /api/any`),
  'GET /api/books/published',
  'GET /api/visits',
  'GET /api/visits/open',
  'HEAD /api/head',
  'GET /api/events',
  'GET /api/files/x.txt',
  'POST /api/refresh',
  'GET /api/other-guard',
  'GET /api/either',
  'GET /api/own/x',
  'GET /api/optional',
  'OPTIONS /api/options',
  'GET /api/me',
].map((route) => {
  const [method = '', path = ''] = route.split(' ');
  return { method, path };
});

describe.each(ADAPTERS)('an application with globalGuard, on %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    const testing = await Test.createTestingModule({ imports: [LibraryModule] }).compile();
    const nest: INestApplication =
      adapter === 'fastify'
        ? testing.createNestApplication(new FastifyAdapter())
        : testing.createNestApplication();
    nest.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI });
    app = await RunningApp.start(nest);
  });
  afterAll(() => app.close());

  it('serves each of its many routes of every kind', async () => {
    const token = await app.get(TokenService).createAccessToken('x', {
      fresh: true,
      additionalClaims: { scope: 'write' },
    });
    const unserved = [];
    for (const { method, path } of ROUTES) {
      if (path === '/api/events') continue;
      const { status } = await app.send(method, path, { token });
      const isIn = status === 200 || status === 201 || (path === '/api/refresh' && status === 422);
      if (!isIn) unserved.push(`${method} ${path} ${status}`);
    }

    expect(unserved).toEqual([]);
  });

  it('refuses each request without a token with 401, except on open routes (R54)', async () => {
    const open = [];
    for (const { method, path } of ROUTES) {
      const { status, body } = await app.send(method, path);
      if (status !== 401) open.push(`${method} ${path}`);
      else if (method === 'HEAD') expect(body).toBe('');
      else expect(body).toEqual({ msg: 'Missing Authorization Header' });
    }

    expect(open.sort()).toEqual([...OPEN].sort());
  });

  it('refuses HEAD on every route on which it refuses GET (R54)', async () => {
    for (const { path } of ROUTES.filter(({ method }) => method === 'GET')) {
      const { status } = await app.send('HEAD', path);
      expect({ path, isClosed: status === 401 }).toEqual({
        path,
        isClosed: !OPEN.includes(`GET ${path}`),
      });
    }
  });

  it('refuses an invalid token on every route that reads it (R53)', async () => {
    const unread = OPEN.filter((route) => route !== 'GET /api/optional');
    for (const { method, path } of ROUTES) {
      const { status } = await app.send(method, path, { token: 'a.b.c' });
      const isIn = unread.includes(`${method} ${path}`);
      expect({ method, path, status }).toEqual({ method, path, status: isIn ? 200 : 422 });
    }
  });

  it.each(['/api/books/', '/api//books/x', '/API/books/x', '/api/books/x?', '/api/./books/x'])(
    'opens no route for another spelling of its address: %s',
    async (path) => {
      const { status } = await app.send('DELETE', path);
      expect([401, 404, 308, 301]).toContain(status);
    },
  );

  it('calls request-scoped loaders for each request', async () => {
    const token = await app.get(TokenService).createAccessToken('alice');
    for (const agent of ['one', 'two']) {
      const headers = { 'x-agent': agent };
      const { body } = await app.send('GET', '/api/me', { token, headers });
      expect(body).toEqual({ identity: 'alice', agent });
      expect((await app.send('GET', '/api/visits', { token, headers })).body).toBe(agent);
    }
  });
});

describe('Global guards of the application', () => {
  const log = new ErrorLog();
  const enter = environments();
  /** What each guard has seen of the user, in the order of the calls. */
  const seen: [string, unknown][] = [];

  abstract class SeeingGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      const { user } = context.switchToHttp().getRequest<HttpRequest>();
      seen.push([this.constructor.name, (user as JwtContext | undefined)?.identity]);
      return true;
    }
  }
  @Injectable()
  class RolesGuard extends SeeingGuard {}
  @Injectable()
  class PlanGuard extends SeeingGuard {}
  @Injectable({ scope: Scope.REQUEST })
  class ScopedGuard extends SeeingGuard {}
  /** Has the name of the one in @nestjs/throttler, which Jest cannot load. */
  @Injectable()
  class ThrottlerGuard extends SeeingGuard {}

  const roles: Provider = { provide: APP_GUARD, useClass: RolesGuard };
  const plan: Provider = { provide: APP_GUARD, useValue: new PlanGuard() };
  const scoped: Provider = { provide: APP_GUARD, useClass: ScopedGuard, scope: Scope.REQUEST };
  const ours: Provider = { provide: APP_GUARD, useExisting: AccessGuard };
  const throttler: Provider = { provide: APP_GUARD, useClass: ThrottlerGuard };

  @Module({ providers: [roles] })
  class FeatureModule {}

  const before = (names: string) =>
    `globalGuard: ${names} before AccessGuard, so there is no user yet. If a user is needed there, remove globalGuard and ` +
    'list { provide: APP_GUARD, useExisting: AccessGuard } first among the providers of the root module; if not, list it ' +
    'after those guards';

  it.each<[string, AppParts, users: unknown[], warnings: string[]]>([
    [
      'of the root module run before globalGuard',
      { providers: [roles] },
      [undefined],
      [before('RolesGuard runs')],
    ],
    [
      'are all named in one warning',
      { providers: [roles, plan] },
      [undefined, undefined],
      [before('RolesGuard, PlanGuard run')],
    ],
    ['of a module imported later run after it', { imports: [FeatureModule] }, ['x'], []],
    ['that are request-scoped run after it', { providers: [scoped] }, ['x'], []],
    [
      'from useGlobalGuards run after it',
      { configure: (nest) => nest.useGlobalGuards(new RolesGuard()) },
      ['x'],
      [],
    ],
    [
      'that limit the rate run before it without a warning',
      { providers: [throttler] },
      [undefined],
      [],
    ],
    [
      'find the user after AccessGuard as the first APP_GUARD',
      { providers: [ours, roles, plan] },
      ['x', 'x'],
      [],
    ],
  ])('%s', async (_title, parts, users, warnings) => {
    enter(DEVELOPMENT);
    seen.length = log.warnings.length = 0;
    const app = await createApp('express', {
      ...parts,
      controllers: [withRoutes({ list: [Get()], open: [Public(), Get('open')] }, [Controller()])],
      extras: { globalGuard: !parts.providers?.includes(ours) },
      configure: async (nest) => {
        nest.useLogger(log);
        await parts.configure?.(nest);
      },
    });
    expect(log.warnings.filter((line) => line.startsWith('globalGuard'))).toEqual(warnings);
    const token = await app.get(TokenService).createAccessToken('x');
    expect((await app.send('GET', '/', { token })).status).toBe(200);
    expect(seen.map(([, user]) => user)).toEqual(users);
    expect((await app.send('GET', '/')).status).toBe(401);
    expect((await app.send('GET', '/open')).status).toBe(200);
    await app.close();
  });
});
