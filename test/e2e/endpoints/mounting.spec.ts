import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  All,
  type CanActivate,
  Controller,
  Get,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
  Post,
  ValidationPipe,
  Version,
  VersioningType,
} from '@nestjs/common';
import {
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  DiscoveryModule,
  DiscoveryService,
  RouterModule,
} from '@nestjs/core';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { map } from 'rxjs';
import {
  type EndpointOptions,
  FreshGuard,
  JwtExtendedModule,
  type JwtExtendedOptions,
  TokenService,
} from '../../../src/index.js';
import {
  type AdapterName,
  ADAPTERS,
  type AppParts,
  createApp,
  type RunningApp,
  type Sent,
} from '../../support/app.js';
import { ALICE, pairIn, RoomsController, Users } from '../../support/endpoints.js';
import { SECRET } from '../../support/forge.js';
import { compiled, pageAt } from '../../support/readme.js';
import { mistakeAtStart } from '../../support/routes.js';
import { keysOf } from '../../support/tokens.js';
import { start } from './endpoint-apps.js';

const { authenticate } = new Users();
const ALL: EndpointOptions = { login: true, refresh: true, logout: true };

/** The paths out of these that answer a POST, which means that they exist. */
async function mounted(app: RunningApp, ...paths: readonly string[]): Promise<readonly string[]> {
  const answers = await Promise.all(paths.map((path) => app.send('POST', path)));
  return paths.filter((_path, index) => answers[index]?.status !== 404);
}

const USUAL = ['/auth', '/auth/refresh', '/auth/logout'];
const below = (base: string) => USUAL.map((path) => base + path);

/** Logs in, refreshes and logs out at these paths, and optionally calls a route in between. */
async function expectUse(app: RunningApp, paths: readonly string[], room?: string) {
  const [login = '', refreshing = '', logout = ''] = paths;
  const statusOf = async (path: string, sent: Sent, method = 'POST') =>
    (await app.send(method, path, sent)).status;
  const { access, refresh } = pairIn((await app.send('POST', login, { json: ALICE })).body);
  if (room !== undefined) expect(await statusOf(room, { token: access }, 'GET')).toBe(200);
  expect(await statusOf(refreshing, { token: refresh })).toBe(200);
  expect(await statusOf(logout, { token: access })).toBe(200);
}

describe.each(ADAPTERS)('The endpoints on %s', (adapter) => {
  it('refresh and log out without a fresh token, also under a FreshGuard of the application', async () => {
    const app = await start(adapter, {
      extras: { endpoints: ALL },
      configure: (nest) => nest.useGlobalGuards(nest.get<CanActivate>(FreshGuard)),
    });
    const login = pairIn((await app.send('POST', '/auth', { json: ALICE })).body);
    const refreshed = await app.send('POST', '/auth/refresh', { token: login.refresh });
    const { access } = pairIn(refreshed.body);

    expect((await app.send('GET', '/room', { token: access })).status).toBe(401);
    expect((await app.send('POST', '/auth/logout', { token: access })).status).toBe(200);
    await app.close();
  });

  it.each<[what: string, endpoints: EndpointOptions | undefined, paths: string[]]>([
    ['none', undefined, []],
    ['nothing', {}, []],
    ['false', { login: false, refresh: false, logout: false, jwks: false }, []],
    ['only a path', { path: 'auth' }, []],
    ['login', { login: true }, ['/auth']],
    ['refresh', { refresh: true }, ['/auth/refresh']],
    ['logout', { logout: true }, ['/auth/logout']],
    ['all', { login: true, refresh: true, logout: true, jwks: true }, USUAL],
  ])('are mounted only if they are named: %s', async (_what, endpoints, paths) => {
    const login = endpoints?.login ? { authenticate } : undefined;
    const app = await start(adapter, { options: { login }, extras: { endpoints } });
    expect(await mounted(app, ...USUAL)).toEqual(paths);
  });

  it.each<[what: string, endpoints: EndpointOptions, paths: string[]]>([
    [
      'below another path',
      { path: 'session' },
      ['/session', '/session/refresh', '/session/logout'],
    ],
    ['below a path in slashes', { path: '/api/x/' }, ['/api/x', '/api/x/refresh', '/api/x/logout']],
    ['at the root', { path: '' }, ['/', '/refresh', '/logout']],
    [
      'at their own paths below the common path',
      { login: 'sign-in', refresh: 'token/new', logout: 'sign-out' },
      ['/auth/sign-in', '/auth/token/new', '/auth/sign-out'],
    ],
    [
      'at their own paths anywhere',
      { login: '/sign-in', refresh: '/token' },
      ['/sign-in', '/token', '/auth/logout'],
    ],
  ])('are mounted %s', async (_what, changes, paths) => {
    const app = await start(adapter, { extras: { endpoints: { ...ALL, ...changes } } });
    await expectUse(app, paths);
    expect(await mounted(app, ...USUAL.filter((path) => !paths.includes(path)))).toEqual([]);
  });

  it('follow the global prefix and the version of the application like any controller', async () => {
    const app = await start(adapter, {
      extras: { endpoints: { ...ALL, jwks: true } },
      configure: (nest) => {
        nest.setGlobalPrefix('api');
        nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    });

    expect(await mounted(app, ...USUAL, ...below('/api'))).toEqual([]);
    await expectUse(app, below('/api/v1'), '/api/v1/room');
    expect((await app.send('GET', '/.well-known/jwks.json')).status).toBe(200);
  });

  const members = RouterModule.register([{ path: 'members', module: JwtExtendedModule }]);

  it.each<[what: string, parts: AppParts, paths: string[]]>([
    [
      'have no version if the application has no default version',
      { configure: (nest) => nest.enableVersioning({ type: VersioningType.URI }) },
      USUAL,
    ],
    [
      'follow the path that RouterModule gives the module',
      { imports: [members] },
      below('/members'),
    ],
    [
      'can be excluded from the prefix like any route',
      { configure: (nest) => nest.setGlobalPrefix('api', { exclude: ['auth'] }) },
      ['/auth', '/api/auth/refresh', '/api/auth/logout'],
    ],
  ])('%s', async (_what, parts, paths) => {
    const app = await start(adapter, parts);
    const possible = [...USUAL, ...below('/members'), ...below('/api')];
    expect(await mounted(app, ...possible)).toEqual(paths);
  });

  it('stay reachable under a global guard', async () => {
    const app = await start(adapter, { extras: { globalGuard: true, endpoints: ALL } });

    expect((await app.send('GET', '/garden')).status).toBe(401);
    for (const token of [undefined, 'a.b.c']) {
      expect((await app.send('POST', '/auth', { json: ALICE, token })).status).toBe(200);
    }
    await expectUse(app, USUAL, '/garden');
    expect((await app.send('POST', '/auth/logout')).status).toBe(401);
  });

  it('are found by DiscoveryService', async () => {
    const app = await start(adapter, { imports: [DiscoveryModule] });
    const found = app.get(DiscoveryService).getControllers();
    const expected = ['LoginController', 'RefreshController', 'LogoutController'];
    expect(found.map(({ name }) => name as string)).toEqual(expect.arrayContaining(expected));
  });

  it('appear in the document of @nestjs/swagger', async () => {
    const endpoints = { ...ALL, path: 'session' };
    const document = await documentOf(adapter, { extras: { endpoints } });

    const described = Object.entries(document).filter(([path]) => path.includes('session'));
    expect(
      described.map(([path, { post, ...others }]) => [path, post?.operationId, others]),
    ).toEqual([
      ['/api/session', 'LoginController_login', {}],
      ['/api/session/refresh', 'RefreshController_refresh', {}],
      ['/api/session/logout', 'LogoutController_logout', {}],
    ]);
    expect(document['/api/session']?.post?.responses).toEqual({ 200: expect.anything() });
  });

  it('describe the body of the login for @nestjs/swagger, with the names of each module', async () => {
    const second = JwtExtendedModule.forRootAsync({
      isGlobal: false,
      endpoints: { path: 'second', login: true },
      useFactory: async () => ({
        secret: SECRET,
        login: { authenticate, usernameKey: 'email', passwordKey: 'pin', fields: ['remember'] },
      }),
    });

    const document = await documentOf(adapter, { imports: [second] });

    const bodyAt = (path: string) => document[`/api/${path}`]?.post?.requestBody;
    expect(bodyAt('auth')).toEqual(bodyOf('username', 'password'));
    expect(bodyAt('second')).toEqual(bodyOf('email', 'pin', { remember: {} }));
    expect([bodyAt('auth/refresh'), bodyAt('auth/logout')]).toEqual([undefined, undefined]);
  });

  it("run through the application's own guards, interceptors and pipes", async () => {
    const seen: string[] = [];

    const canActivate: CanActivate['canActivate'] = (context) => {
      seen.push(`guard ${context.getClass().name}.${context.getHandler().name}`);
      return true;
    };
    const intercept: NestInterceptor['intercept'] = (_context, next) =>
      next.handle().pipe(map((data: unknown) => ({ data })));
    const transform: PipeTransform['transform'] = (value: typeof ALICE, { type }) =>
      type === 'body' ? { ...value, username: value.username.trim() } : value;
    const app = await start(adapter, {
      providers: [
        { provide: APP_GUARD, useValue: { canActivate } },
        { provide: APP_INTERCEPTOR, useValue: { intercept } },
        { provide: APP_PIPE, useValue: { transform } },
      ],
    });

    const answer = await app.send('POST', '/auth', { json: { ...ALICE, username: ' alice ' } });

    expect(answer.status).toBe(200);
    expect(pairIn((answer.body as { data: unknown }).data).access).toMatch(/^eyJ/);
    expect(seen).toEqual(['guard LoginController.login']);
  });

  it('work with a strict ValidationPipe', async () => {
    const warnings: string[] = [];
    const app = await start(adapter, {
      configure: (nest) => {
        const warn = (message: string) => warnings.push(message);
        nest.useLogger({ log() {}, error() {}, warn });
        // Its constructor needs a package that is not installed here.
        const pipe = Object.create(ValidationPipe.prototype) as ValidationPipe;
        const validatorOptions = { whitelist: true, forbidNonWhitelisted: true };
        nest.useGlobalPipes(Object.assign(pipe, { isTransformEnabled: true, validatorOptions }));
      },
    });

    expect((await app.send('POST', '/auth', { json: ALICE })).status).toBe(200);
    const ours = warnings.filter((line) => /(Login|Refresh|Logout)Controller/.test(line));
    expect(ours).toEqual([]);
  });

  it('belong to their module, with its own keys and users', async () => {
    const second = JwtExtendedModule.forRoot({
      secret: `${SECRET}-of-the-second`,
      isGlobal: false,
      login: { authenticate: (username) => username === 'carol' && 'carol' },
      endpoints: { path: 'second', login: true, logout: true },
    });
    const app = await start(adapter, { imports: [second] });
    const carol = { username: 'carol', password: 'x' };

    const post = async (path: string, sent: Sent) => (await app.send('POST', path, sent)).status;

    expect(await post('/auth', { json: ALICE })).toBe(200);
    expect(await post('/auth', { json: carol })).toBe(401);
    expect(await post('/second', { json: ALICE })).toBe(401);
    const answer = await app.send('POST', '/second', { json: carol });
    expect(answer.status).toBe(200);
    const token = pairIn(answer.body).access;
    expect(await post('/auth/logout', { token })).toBe(422);
    expect(await post('/second/logout', { token })).toBe(200);
  });

  it('can be named beside useFactory', async () => {
    const module = JwtExtendedModule.forRootAsync({
      isGlobal: false,
      endpoints: { path: 'later', login: true },
      useFactory: () => ({ secret: SECRET, login: { authenticate } }),
    });
    const app = await start(adapter, { imports: [module] });

    expect((await app.send('POST', '/later', { json: ALICE })).status).toBe(200);
  });
});

const NO_KEY = 'there is no key to sign them: give secret, privateKey or loaders.encodeKey';

// Fastify itself refuses a second route at a path, before modules are initialized.
describe('An endpoint on express', () => {
  @Controller('members')
  class MembersController {
    @Post()
    enter() {}

    @All('refresh')
    anything() {}

    @Version('2')
    @Post(['logout', 'leave'])
    leave() {}
  }

  @Controller({ path: 'members', host: 'other.example' })
  class OtherHostController {
    @Post()
    enter() {}
  }

  @Controller('members')
  class ReadingController {
    @Get()
    get() {}
  }

  const uri = (nest: INestApplication) =>
    nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' });
  const other = (endpoints: EndpointOptions): AppParts['imports'] => [
    JwtExtendedModule.forRoot({ secret: `${SECRET}2`, isGlobal: false, endpoints }),
  ];
  const partsOf = (endpoints: EndpointOptions): AppParts => ({
    options: { login: endpoints.login ? { authenticate } : undefined },
    extras: { endpoints: { path: 'members', ...endpoints } },
  });

  const beside = (name: string, handler: string, path: string) =>
    `endpoints.${name} and MembersController.${handler} are both at POST ${path}, and only one of them would get the ` +
    `requests: leave out endpoints.${name}, or give either another path, the endpoint with endpoints.path`;
  const twice = (name: string, path: string) =>
    `two JwtExtendedModules have an endpoint at POST ${path}, and only one of them would get the requests: give one of the ` +
    `modules another path, such as endpoints: { path: 'staff' }, or this endpoint alone, such as endpoints: { ${name}: '/staff/${name}' }`;

  const controllers = [MembersController];

  it.each<[what: string, endpoints: EndpointOptions, parts: AppParts, message: string]>([
    ['a handler', { login: true }, { controllers }, beside('login', 'enter', '/members')],
    [
      'a handler for all methods',
      { refresh: true },
      { controllers },
      beside('refresh', 'anything', '/members/refresh'),
    ],
    [
      'a handler of the same version',
      { logout: true },
      { controllers, configure: uri },
      beside('logout', 'leave', '/v2/members/logout'),
    ],
    [
      'an endpoint of another module',
      { refresh: true },
      { imports: other({ path: 'members', refresh: true }) },
      twice('refresh', '/members/refresh'),
    ],
    [
      'another endpoint of another module',
      { logout: true },
      { imports: other({ refresh: '/members/logout' }) },
      twice('logout', '/members/logout'),
    ],
  ])('cannot have the path of %s', async (_what, endpoints, parts, message) => {
    const mistake = await mistakeAtStart('express', { ...partsOf(endpoints), ...parts });
    expect(mistake).toMatchObject({ name: 'JwtExtendedConfigError', message });
  });

  it.each<[what: string, endpoints: EndpointOptions, parts: AppParts]>([
    ['a handler for another method', { login: true }, { controllers: [ReadingController] }],
    ['a handler for another host', { login: true }, { controllers: [OtherHostController] }],
    [
      'an endpoint of another module, below another path',
      { refresh: true },
      { imports: other({ path: 'staff', refresh: true }) },
    ],
    [
      'a handler of another version in a header',
      { logout: true },
      {
        controllers,
        configure: (nest) =>
          nest.enableVersioning({ type: VersioningType.HEADER, header: 'v', defaultVersion: '1' }),
      },
    ],
  ])('may be beside %s', async (_what, endpoints, parts) => {
    const app = await createApp('express', { ...partsOf(endpoints), ...parts });
    await app.close();
  });
});

describe('A mistake in endpoints', () => {
  const login = { authenticate };

  it.each<[what: string, EndpointOptions, JwtExtendedOptions, ...message: string[]]>([
    [
      'a login without login.authenticate',
      { login: true },
      {},
      'endpoints.login needs login.authenticate: the function that checks a username and a password',
    ],
    [
      'a login without its endpoint',
      { refresh: true },
      { login },
      'login is given without its endpoint: add endpoints: { login: true } beside the options of forRoot, or beside useFactory',
    ],
    [
      'a refresh with a store that cannot claim a token',
      { refresh: true },
      { blocklist: { store: looseStore() } },
      'endpoints.refresh needs a store whose add and replace are atomic, or two clients could spend one token: ',
      'use Redis, SQL or the memory store as blocklist.store',
    ],
    [
      'a refresh of subjects without a user lookup',
      { refresh: true },
      { loaders: { userIdentity: () => 'alice', additionalClaims: () => ({}) } },
      'loaders.additionalClaims needs the subject, but a token holds only the identity that loaders.userIdentity gives: ',
      'add loaders.userLookup, so that tokens can be refreshed',
    ],
    [
      'a login of a service that only verifies',
      { login: true },
      { ...verifying(), login },
      `endpoints.login creates tokens, and ${NO_KEY}`,
    ],
    [
      'a refresh of a service that only verifies',
      { refresh: true },
      verifying(),
      `endpoints.refresh creates tokens, and ${NO_KEY}`,
    ],
  ])('is found at start: %s', async (_what, endpoints, options, ...message) => {
    const mistake = await mistakeAtStart('express', { options, extras: { endpoints } });
    expect(mistake).toMatchObject({ name: 'JwtExtendedConfigError', message: message.join('') });
  });

  it('does not include a logout with a store that cannot rotate or in a service that only verifies', async () => {
    for (const options of [{ blocklist: { store: looseStore() } }, verifying()]) {
      const app = await createApp('express', { options, extras: { endpoints: { logout: true } } });
      expect(await mounted(app, '/auth/logout')).toEqual(['/auth/logout']);
      await app.close();
    }
  });

  it('does not include a login whose keys come from a loader', async () => {
    const loaders = { encodeKey: () => SECRET, decodeKey: () => SECRET };
    const app = await createApp('express', {
      controllers: [RoomsController],
      options: { secret: undefined, algorithm: 'HS256', loaders, login: { authenticate } },
      extras: { endpoints: { login: true } },
    });

    const { access } = pairIn((await app.send('POST', '/auth', { json: ALICE })).body);

    expect(await app.get(TokenService).verifyToken(access)).toBe(true);
    await app.close();
  });
});

/** The paths in the document of an application. It is made before the start, as @nestjs/swagger requires. */
async function documentOf(adapter: AdapterName, parts: AppParts): Promise<OpenAPIObject['paths']> {
  let document: OpenAPIObject['paths'] = {};
  await start(adapter, {
    ...parts,
    configure: (nest: INestApplication) => {
      nest.setGlobalPrefix('api');
      document = SwaggerModule.createDocument(nest, new DocumentBuilder().build()).paths;
    },
  });
  return document;
}

function bodyOf(username: string, password: string, more: object = {}): object {
  const schema = {
    type: 'object',
    properties: {
      [username]: { type: 'string', minLength: 1 },
      [password]: { type: 'string', minLength: 1, format: 'password' },
      ...more,
    },
    required: [username, password],
    additionalProperties: false,
  };
  return { required: true, content: { 'application/json': { schema } } };
}

/** A store of which only the shape matters. */
function looseStore() {
  return {
    isAtomic: false,
    add: () => true,
    replace: () => true,
    get: (keys: readonly string[]) => keys.map(() => null),
    delete: () => undefined,
  };
}

function verifying(): JwtExtendedOptions {
  return { secret: undefined, publicKey: keysOf('ES256').verifying, algorithm: 'ES256' };
}

describe.each(ADAPTERS)('@nestjs/throttler on %s', (adapter) => {
  let process: ChildProcess;
  let url: string;

  beforeAll(async () => {
    const program = join(import.meta.dirname, 'throttled-app.mjs');
    const module = join(import.meta.dirname, `dist/slow-guesses-${adapter}.mjs`);
    mkdirSync(dirname(module), { recursive: true });
    writeFileSync(
      module,
      compiled(pageAt('sample/05-login-endpoint/examples/slow-guesses.module.ts')),
    );
    process = fork(program, [adapter, SECRET, module], { execArgv: [] });
    const ended = once(process, 'exit').then(() => {
      throw new Error('The application ended');
    });
    ended.catch(() => undefined);
    [url] = (await Promise.race([once(process, 'message'), ended])) as [string];
  });
  afterAll(async () => {
    const ended = once(process, 'exit');
    if (process.kill()) await ended;
  });

  it('limits the login by the name of its handler, and no other endpoint', async () => {
    const headers = { 'content-type': 'application/json' };
    const post = async (path: string, json: object) =>
      (await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(json) })).status;
    const statuses = [];
    for (const password of ['1', '2', '3', '4', 'wonderland', '5', 'wonderland'])
      statuses.push(await post('/auth', { ...ALICE, password }));
    const others = [];
    for (let round = 0; round < 10; round += 1) others.push(await post('/auth/logout', {}));

    expect(statuses).toEqual([401, 401, 401, 401, 200, 429, 429]);
    expect(new Set(others)).toEqual(new Set([401]));
  });
});
