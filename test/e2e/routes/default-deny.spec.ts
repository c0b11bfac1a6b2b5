import {
  All,
  type CanActivate,
  Controller,
  Delete,
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
  Put,
  RequestMethod,
  Scope,
  Sse,
  type Type,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import {
  ContextIdFactory,
  DiscoveryModule,
  DiscoveryService,
  MetadataScanner,
  ModuleRef,
  REQUEST,
  RouterModule,
} from '@nestjs/core';
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
  JwtExtendedModule,
  JwtOptional,
  MatchParam,
  Public,
  RefreshGuard,
  RequireScope,
  TokenService,
} from '../../../src/index.js';
import { KeyGuard } from '../../support/any-of.js';
import { ADAPTERS, RunningApp } from '../../support/app.js';
import { SECRET } from '../../support/forge.js';

/** Belongs to one request, and so does whatever it is injected into. */
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

abstract class Crud {
  @Get()
  list() {
    return 'in';
  }

  @Get(':id')
  one() {
    return 'in';
  }

  @Post()
  create() {
    return 'in';
  }

  @Put(':id')
  replace() {
    return 'in';
  }

  @Patch(':id')
  change() {
    return 'in';
  }

  @Delete(':id')
  remove() {
    return 'in';
  }
}

@Controller('books')
class BooksController extends Crud {
  @Public()
  @Get('published')
  published() {
    return 'in';
  }

  /** Inherited, and opened here. */
  @Public()
  @Get()
  override list() {
    return 'in';
  }
}

@Public()
@Controller('pages')
class PagesController extends Crud {
  @Public(false)
  @Post()
  override create() {
    return 'in';
  }

  @UseGuards(AccessGuard)
  @Delete(':id')
  override remove() {
    return 'in';
  }

  @Fresh()
  @Put(':id')
  override replace() {
    return 'in';
  }

  @RequireScope('write')
  @Patch(':id')
  override change() {
    return 'in';
  }
}

/** Inherits that it is public, and says otherwise. */
@Public(false)
@Controller('drafts')
class DraftsController extends PagesController {}

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

@Controller({ path: ['reports', 'statistics'], version: ['1', '2'] })
class ReportsController {
  @Get()
  all() {
    return 'in';
  }

  @Version('3')
  @Get(['latest', 'newest'])
  latest() {
    return 'in';
  }

  @Public()
  @Version(VERSION_NEUTRAL)
  @Get('neutral')
  neutral() {
    return 'in';
  }
}

@Controller()
class OddController {
  @All('any')
  any() {
    return 'in';
  }

  @Head('head')
  head() {
    return 'in';
  }

  @Sse('events')
  events() {
    return of<MessageEvent>({ data: 'in' });
  }

  @Get('files/:name.txt')
  file() {
    return 'in';
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  refresh() {
    return 'in';
  }

  @UseGuards(OpenGuard)
  @Get('other-guard')
  otherGuard() {
    return 'in';
  }

  @UseGuards(anyOf(AccessGuard, KeyGuard))
  @Get('either')
  either() {
    return 'in';
  }

  @MatchParam('name', { claim: 'sub' })
  @Get('own/:name')
  own() {
    return 'in';
  }

  @JwtOptional()
  @Get('optional')
  optional() {
    return 'in';
  }

  @Options('options')
  options() {
    return 'in';
  }

  /** The user of the loader, which uses a request-scoped provider. */
  @Get('me')
  me(@CurrentUser() user: unknown) {
    return user;
  }

  notARoute() {
    return 'in';
  }
}

@Module({ controllers: [DraftsController] })
class DraftsModule {}

@Module({
  imports: [
    VisitsModule,
    DraftsModule,
    DiscoveryModule,
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
  ],
})
class LibraryModule {}

/** What says that it is open, and nothing else is. */
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

interface FoundRoute {
  readonly method: string;
  readonly path: string;
}

/** All routes of an application, found as Nest itself finds them. */
function routesOf(app: INestApplication): readonly FoundRoute[] {
  const scanner = new MetadataScanner();
  return app
    .get(DiscoveryService)
    .getControllers()
    .flatMap(({ metatype, host }) => {
      const { prototype } = metatype as Type<Record<string, object>>;
      const module = read<string>(`__module_path__${applicationId(app)}`, host?.metatype) ?? '';
      return scanner
        .getAllMethodNames(prototype)
        .map((name) => prototype[name] as object)
        .filter((handler) => read('path', handler) !== undefined)
        .flatMap((handler) => {
          const versions = listed<string | symbol>(
            read<string | symbol>('__version__', handler) ??
              read('__version__', metatype) ??
              VERSION_NEUTRAL,
          );
          return pathsOf(
            versions.map(inAddress),
            [module],
            listed(read('path', metatype)),
            listed(read('path', handler)),
          ).flatMap((path) => methodsOf(handler).map((method) => ({ method, path })));
        });
    });
}

function methodsOf(handler: object): readonly string[] {
  const method = RequestMethod[read<RequestMethod>('method', handler) ?? RequestMethod.GET];
  return method === 'ALL' ? ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'] : [method];
}

function pathsOf(...parts: readonly (readonly string[])[]): readonly string[] {
  const joined = parts.reduce(
    (heads, tails) => heads.flatMap((head) => tails.map((tail) => `${head}/${tail}`)),
    ['/api'],
  );
  return joined.map((path) => path.replace(/\/+/g, '/').replace(/\/$/, '').replace(/:\w+/g, 'x'));
}

function inAddress(version: string | symbol): string {
  return typeof version === 'string' ? `v${version}` : '';
}

function listed<T>(value: T | readonly T[] | undefined): readonly T[] {
  return value === undefined ? [] : ([value].flat() as T[]);
}

function read<T>(key: string, target: unknown): T | undefined {
  return Reflect.getMetadata(key, target as object) as T | undefined;
}

function applicationId(app: INestApplication): string {
  return (
    app as unknown as { container: { getModules(): { applicationId: string } } }
  ).container.getModules().applicationId;
}

describe.each(ADAPTERS)('an application with globalGuard, on %s', (adapter) => {
  let app: RunningApp;
  let routes: readonly FoundRoute[];
  beforeAll(async () => {
    const testing = await Test.createTestingModule({ imports: [LibraryModule] }).compile();
    const nest: INestApplication =
      adapter === 'fastify'
        ? testing.createNestApplication(new FastifyAdapter())
        : testing.createNestApplication();
    nest.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI });
    app = await RunningApp.start(nest);
    routes = routesOf(nest);
  });
  afterAll(() => app.close());

  it('has many routes of every kind, each of them served', async () => {
    const token = await app.get(TokenService).createAccessToken('x', {
      fresh: true,
      additionalClaims: { scope: 'write' },
    });
    const unserved = [];
    for (const { method, path } of routes) {
      if (path === '/api/events') continue;
      const { status } = await app.send(method, path, { token });
      const isIn = status === 200 || status === 201 || (path === '/api/refresh' && status === 422);
      if (!isIn) unserved.push(`${method} ${path} ${status}`);
    }

    expect(unserved).toEqual([]);
    expect(routes.length).toBe(new Set(routes.map(({ method, path }) => `${method} ${path}`)).size);
    expect(routes.length).toBeGreaterThanOrEqual(45);
  });

  it('closes each of them with 401 unless it says otherwise (R54)', async () => {
    const open = [];
    for (const { method, path } of routes) {
      const { status, body } = await app.send(method, path);
      if (status !== 401) open.push(`${method} ${path}`);
      else
        expect(method === 'HEAD' ? '' : body).toEqual(
          method === 'HEAD' ? '' : { msg: 'Missing Authorization Header' },
        );
    }

    expect(open.sort()).toEqual([...OPEN].sort());
  });

  it('closes HEAD wherever it closes GET (R54)', async () => {
    for (const { path } of routes.filter(({ method }) => method === 'GET')) {
      const { status } = await app.send('HEAD', path);
      expect({ path, isClosed: status === 401 }).toEqual({
        path,
        isClosed: !OPEN.includes(`GET ${path}`),
      });
    }
  });

  it('refuses an invalid token on every route that reads it (R53)', async () => {
    const looksAway = OPEN.filter((route) => route !== 'GET /api/optional');
    for (const { method, path } of routes) {
      const { status } = await app.send(method, path, { token: 'a.b.c' });
      const isIn = looksAway.includes(`${method} ${path}`);
      expect({ method, path, status }).toEqual({ method, path, status: isIn ? 200 : 422 });
    }
  });

  it.each(['/api/books/', '/api//books/x', '/API/books/x', '/api/books/x?', '/api/./books/x'])(
    'has no other spelling of an address that opens a route: %s',
    async (path) => {
      const { status } = await app.send('DELETE', path);
      expect([401, 404, 308, 301]).toContain(status);
    },
  );

  it('asks loaders that belong to the request, each time anew', async () => {
    const token = await app.get(TokenService).createAccessToken('alice');
    for (const agent of ['one', 'two']) {
      const headers = { 'x-agent': agent };
      const { body } = await app.send('GET', '/api/me', { token, headers });
      expect(body).toEqual({ identity: 'alice', agent });
      expect((await app.send('GET', '/api/visits', { token, headers })).body).toBe(agent);
    }
  });
});
