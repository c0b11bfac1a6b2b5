import { describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  Get,
  Logger,
  Module,
  Post,
  RequestMethod,
  type Type,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import { NestFactory, RouterModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  AccessGuard,
  anyOf,
  JwtExtendedModule,
  type JwtExtendedOptions,
  JwtRequired,
  LogoutGuard,
  RefreshGuard,
} from '../../../src/index.js';
import { type AppParts } from '../../support/app.js';
import { SECRET } from '../../support/forge.js';
import { mistakeAtStart } from '../../support/routes.js';
import { start } from './endpoint-apps.js';

type Configure = NonNullable<AppParts['configure']>;

/** The options of an application that reads tokens from cookies. */
const inCookies = (cookies: JwtExtendedOptions['cookies']): JwtExtendedOptions => ({
  locations: ['headers', 'cookies'],
  cookies,
});

const uri =
  (more: object = {}): Configure =>
  (nest) =>
    nest.enableVersioning({ type: VersioningType.URI, ...more });

const prefixed =
  (...given: Parameters<Parameters<Configure>[0]['setGlobalPrefix']>): Configure =>
  (nest) =>
    nest.setGlobalPrefix(...given);

const messageOf = async (parts: AppParts) => {
  const mistake = (await mistakeAtStart('express', parts)) as Error;
  expect(mistake.name).toBe('JwtExtendedConfigError');
  return mistake.message;
};

const POST = RequestMethod.POST;

describe('cookies.refreshPath', () => {
  it.each<
    [what: string, parts: AppParts, wrong: string, refreshedAt: readonly string[], right: string]
  >([
    ['of another path', {}, '/account', ['/auth/refresh'], '/auth'],
    ['of a path that only begins alike', {}, '/aut', ['/auth/refresh'], '/auth'],
    ['in capitals', {}, '/Auth', ['/auth/refresh'], '/auth'],
    ['that ends in a slash behind the endpoint', {}, '/auth/refresh/', ['/auth/refresh'], '/auth'],
    ['of the other endpoint', {}, '/auth/logout', ['/auth/refresh'], '/auth'],
    [
      'without the global prefix',
      { configure: prefixed('api') },
      '/auth',
      ['/api/auth/refresh'],
      '/api/auth',
    ],
    [
      'without a global prefix of slashes and steps',
      { configure: prefixed('/api/x/') },
      '/auth',
      ['/api/x/auth/refresh'],
      '/api/x/auth',
    ],
    [
      'with a global prefix that a string excludes',
      { configure: prefixed('api', { exclude: ['auth/refresh', 'auth/logout'] }) },
      '/api/auth',
      ['/auth/refresh'],
      '/auth',
    ],
    [
      'with a global prefix that a string with a final slash excludes',
      { configure: prefixed('api', { exclude: ['auth/refresh/', '/auth/logout/'] }) },
      '/api/auth',
      ['/auth/refresh'],
      '/auth',
    ],
    [
      'with a global prefix that a wildcard excludes',
      { configure: prefixed('api', { exclude: ['auth/*path'] }) },
      '/api/auth',
      ['/auth/refresh'],
      '/auth',
    ],
    [
      'with a global prefix that a pattern excludes for the method',
      { configure: prefixed('api', { exclude: [{ path: 'auth/:step', method: POST }] }) },
      '/api/auth',
      ['/auth/refresh'],
      '/auth',
    ],
    [
      'without a global prefix that is excluded for another method',
      {
        configure: prefixed('api', {
          exclude: [{ path: 'auth/*path', method: RequestMethod.GET }],
        }),
      },
      '/auth',
      ['/api/auth/refresh'],
      '/api/auth',
    ],
    [
      'that covers one endpoint only, as the other one is excluded from the prefix',
      { configure: prefixed('api', { exclude: ['auth/refresh'] }) },
      '/api/auth',
      ['/auth/refresh'],
      '/',
    ],
    [
      'without the version',
      { configure: uri({ defaultVersion: '1' }) },
      '/auth',
      ['/v1/auth/refresh'],
      '/v1/auth',
    ],
    [
      'with a version that the application does not have',
      { configure: uri() },
      '/v1/auth',
      ['/auth/refresh'],
      '/auth',
    ],
    [
      'with a version of an application that is neutral',
      { configure: uri({ defaultVersion: VERSION_NEUTRAL }) },
      '/v1/auth',
      ['/auth/refresh'],
      '/auth',
    ],
    [
      'of one version of two',
      { configure: uri({ defaultVersion: ['1', '2'] }) },
      '/v1/auth',
      ['/v1/auth/refresh', '/v2/auth/refresh'],
      '/',
    ],
    [
      'of one version beside none',
      { configure: uri({ defaultVersion: ['1', VERSION_NEUTRAL] }) },
      '/v1/auth',
      ['/v1/auth/refresh', '/auth/refresh'],
      '/',
    ],
    [
      'without a version of its own prefix',
      { configure: uri({ defaultVersion: '1', prefix: 'version-' }) },
      '/v1/auth',
      ['/version-1/auth/refresh'],
      '/version-1/auth',
    ],
    [
      'without a version that has no prefix',
      { configure: uri({ defaultVersion: '1', prefix: false }) },
      '/auth',
      ['/1/auth/refresh'],
      '/1/auth',
    ],
    [
      'without prefix and version',
      {
        configure: (nest) => {
          nest.setGlobalPrefix('api', { exclude: ['auth'] });
          nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        },
      },
      '/api/auth',
      ['/api/v1/auth/refresh'],
      '/api/v1/auth',
    ],
    [
      'with a prefix that is excluded whatever the version',
      {
        configure: (nest) => {
          nest.setGlobalPrefix('api', { exclude: ['auth/refresh', 'auth/logout'] });
          nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        },
      },
      '/api/v1/auth',
      ['/v1/auth/refresh'],
      '/v1/auth',
    ],
    [
      'without the path that RouterModule gives the module',
      { imports: [RouterModule.register([{ path: 'members', module: JwtExtendedModule }])] },
      '/auth',
      ['/members/auth/refresh'],
      '/members/auth',
    ],
    [
      'of the usual path, while the endpoint has another one',
      { extras: { endpoints: { login: true, refresh: { path: '/session/renew' } } } },
      '/auth',
      ['/session/renew'],
      '/session/renew',
    ],
  ])('is found at start: one %s', async (_what, parts, wrong, at, right) => {
    expect(await messageOf({ ...parts, ...partsOf(parts, { refreshPath: wrong }) })).toBe(
      `cookies.refreshPath was given '${wrong}'; the refresh endpoint is at ${at.join(' and ')}: ` +
        `set it to '${right}', or browsers do not send the cookie there`,
    );

    const app = await start('express', { ...parts, options: inCookies({ refreshPath: right }) });
    const answers = await Promise.all(at.map((path) => app.send('POST', path)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
  });

  const AUTH = { refreshPath: '/auth' };
  const OUTSIDE = { refreshPath: '/elsewhere' };

  it.each<[what: string, parts: AppParts]>([
    ['covers the endpoints', { options: inCookies(AUTH) }],
    ['covers them with a slash at its end', { options: inCookies({ refreshPath: '/auth/' }) }],
    ['is the path of the endpoint', { options: inCookies({ refreshPath: '/auth/refresh' }) }],
    ['is the default', { options: inCookies({}), configure: prefixed('api') }],
    [
      'names a version that is in a header',
      {
        options: inCookies(AUTH),
        configure: (nest) =>
          nest.enableVersioning({ type: VersioningType.HEADER, header: 'v', defaultVersion: '1' }),
      },
    ],
    ['is not in use', { options: { cookies: OUTSIDE } }],
    [
      'is not in use at the endpoint',
      {
        options: inCookies(OUTSIDE),
        extras: {
          endpoints: { login: true, refresh: { locations: ['headers'] }, logout: true },
        },
      },
    ],
    [
      'is not in use, as both tokens are in the body',
      {
        options: inCookies(OUTSIDE),
        extras: {
          endpoints: {
            login: { deliver: { access: 'body', refresh: 'body' } },
            refresh: true,
            logout: true,
          },
        },
      },
    ],
    [
      'belongs to no endpoint',
      { options: { ...inCookies(OUTSIDE), login: undefined }, extras: { endpoints: {} } },
    ],
  ])('is accepted if it %s', async (_what, parts) => {
    expect((await start('express', parts)).url).toMatch(/^http/);
  });

  it('is checked on Fastify, and if the application is initialized before it listens', async () => {
    const configure: Configure = async (nest) => {
      nest.setGlobalPrefix('api');
      await nest.init();
    };
    for (const adapter of ['express', 'fastify'] as const) {
      const options = inCookies(AUTH);
      expect(await mistakeAtStart(adapter, { configure, ...partsOf({}, AUTH) })).toMatchObject({
        message: expect.stringContaining("set it to '/api/auth'"),
      });
      const app = await start(adapter, {
        options: { ...options, cookies: { refreshPath: '/api/auth' } },
        configure,
      });
      expect((await app.send('POST', '/api/auth/refresh')).status).toBe(401);
    }
  });

  it('is not checked without an HTTP server, in which there is no global prefix', async () => {
    const module = JwtExtendedModule.forRoot({
      secret: SECRET,
      ...inCookies({ refreshPath: '/api/auth' }),
      endpoints: { refresh: true },
    });
    const testing = await Test.createTestingModule({ imports: [module] }).compile();
    await testing.init();
    await testing.close();
    const context = await NestFactory.createApplicationContext(module, { logger: false });
    await context.close();
  });
});

describe('The cookie paths', () => {
  const apart = { accessPath: '/app', refreshPath: '/auth/refresh' };

  it.each<[what: string, parts: AppParts, named: string, given: string, fix: string]>([
    [
      'of both cookies, of which neither covers the logout endpoint',
      { options: inCookies(apart) },
      'cookies.accessPath and cookies.refreshPath',
      "'/app' and '/auth/refresh'",
      "set cookies.refreshPath to '/auth'",
    ],
    [
      'of both cookies without the global prefix',
      {
        options: inCookies({ accessPath: '/auth', refreshPath: '/auth' }),
        configure: prefixed('api'),
        extras: { endpoints: { logout: true } },
      },
      'cookies.accessPath and cookies.refreshPath',
      "'/auth' and '/auth'",
      "set cookies.refreshPath to '/api/auth/logout'",
    ],
    [
      'of the only cookie that is delivered',
      {
        options: { cookies: { refreshPath: '/auth/refresh' } },
        extras: {
          endpoints: { login: { deliver: { refresh: 'cookie' } }, refresh: true, logout: true },
        },
      },
      'cookies.refreshPath',
      "'/auth/refresh'",
      "set cookies.refreshPath to '/auth'",
    ],
  ])('are found at start: those %s', async (_what, parts, named, given, fix) => {
    const prefix = parts.configure ? '/api' : '';
    const login = parts.extras ? parts.extras.endpoints?.login : true;
    const cookies = parts.options?.cookies;
    expect(await messageOf({ ...parts, ...partsOf(parts, cookies, login !== undefined) })).toBe(
      `${named} was given ${given}; the logout endpoint is at ${prefix}/auth/logout: ${fix}, ` +
        'or browsers send no token there',
    );
  });

  it.each<[what: string, parts: AppParts]>([
    ['the access cookie is sent there', { options: inCookies({ refreshPath: '/auth/refresh' }) }],
    [
      'the refresh cookie is sent there',
      { options: inCookies({ accessPath: '/app', refreshPath: '/auth' }) },
    ],
    [
      'the endpoint reads no cookie',
      {
        options: inCookies(apart),
        extras: { endpoints: { login: true, refresh: true, logout: { locations: ['headers'] } } },
      },
    ],
  ])('are accepted if %s', async (_what, parts) => {
    expect((await start('express', parts)).url).toMatch(/^http/);
  });
});

describe('A warning about a cookie path', () => {
  const warn = jest.spyOn(Logger.prototype, 'warn');

  /** The warnings of an application that has started. */
  async function warningsOf(parts: AppParts): Promise<readonly unknown[]> {
    warn.mockReset();
    await start('express', parts);
    return warn.mock.calls.map(([message]) => message);
  }

  @Controller('sessions')
  class SessionsController {
    @UseGuards(RefreshGuard)
    @Post('renew')
    renew() {}

    @UseGuards(anyOf(AccessGuard, RefreshGuard))
    @Version('3')
    @Get('either')
    either() {}

    @JwtRequired({ refresh: true, cookieName: 'another' })
    @Post('other-cookie')
    otherCookie() {}

    @JwtRequired({ refresh: true, locations: ['headers'] })
    @Post('header')
    header() {}

    @UseGuards(LogoutGuard)
    @Post('end')
    end() {}
  }

  @Controller(['auth/own', ':tenant/renew'])
  class CoveredController {
    @UseGuards(RefreshGuard)
    @Post()
    renew() {}
  }

  @Module({ controllers: [SessionsController] })
  class SessionsModule {}

  const AUTH = inCookies({ refreshPath: '/api/auth' });
  const api = prefixed('api');
  const of = (
    handler: string,
    at: string,
    cookie = 'refresh',
    paths = "cookies.refreshPath is '/api/auth'",
  ) =>
    `SessionsController.${handler} at ${at} reads the ${cookie} cookie, which browsers do not send there: ${paths}`;

  const alone = (route: string, at: string, path: string, right: string) =>
    `${route} at ${at} gets the access cookie alone, and no token once that cookie has expired: ` +
    `cookies.refreshPath is '${path}'; set it to '${right}'`;

  it('is logged for each route that reads the refresh cookie outside of cookies.refreshPath', async () => {
    const controllers: Type[] = [SessionsController, CoveredController];
    expect(await warningsOf({ options: AUTH, configure: api, controllers })).toEqual([
      of('renew', '/api/sessions/renew'),
      of('either', '/api/sessions/either'),
      alone('SessionsController.end', '/api/sessions/end', '/api/auth', '/api'),
    ]);
  });

  it('names the path at which Nest mounts the route, whatever an exclusion with a final slash seems to say', async () => {
    warn.mockReset();
    const app = await start('express', {
      options: AUTH,
      configure: prefixed('api', { exclude: ['sessions/renew/'] }),
      controllers: [SessionsController],
    });
    const statusAt = async (path: string) => (await app.send('POST', path)).status;
    expect([await statusAt('/api/sessions/renew'), await statusAt('/sessions/renew')]).toEqual([
      401, 404,
    ]);
    expect(warn.mock.calls.flat()).toContain(of('renew', '/api/sessions/renew'));
  });

  it('names the version of the route and the path of its module', async () => {
    const imports = [
      SessionsModule,
      RouterModule.register([{ path: 'members', module: SessionsModule }]),
    ];
    const options = inCookies({ refreshPath: '/auth' });
    expect(await warningsOf({ options, configure: uri(), imports })).toEqual([
      of('renew', '/members/sessions/renew').replace('/api/auth', '/auth'),
      of('either', '/v3/members/sessions/either').replace('/api/auth', '/auth'),
      alone('SessionsController.end', '/members/sessions/end', '/auth', '/'),
    ]);
  });

  it('is logged for a LogoutGuard where browsers send neither cookie', async () => {
    const options = inCookies({ refreshPath: '/api/auth', accessPath: '/api/auth' });
    expect(
      await warningsOf({ options, configure: api, controllers: [SessionsController] }),
    ).toContain(
      of(
        'end',
        '/api/sessions/end',
        'access or refresh',
        "cookies.accessPath is '/api/auth', and cookies.refreshPath is '/api/auth'",
      ),
    );
  });

  @Controller('session')
  class EndController {
    @UseGuards(LogoutGuard)
    @Post('end')
    end() {}
  }

  it('is logged for a LogoutGuard to which browsers send the access cookie alone', async () => {
    const options = inCookies({ refreshPath: '/session/refresh' });
    const noEndpoints = { controllers: [EndController], options: { ...options, login: undefined } };
    expect(await warningsOf({ ...noEndpoints, extras: { endpoints: {} } })).toEqual([
      alone('EndController.end', '/session/end', '/session/refresh', '/session'),
    ]);
  });

  it.each<[what: string, parts: AppParts, expected: readonly string[]]>([
    [
      'is logged for a logout endpoint to which browsers send the access cookie alone',
      { options: inCookies({ refreshPath: '/auth/refresh' }) },
      [alone('the logout endpoint', '/auth/logout', '/auth/refresh', '/auth')],
    ],
    [
      'is not logged for a logout endpoint if no refresh token is in a cookie',
      {
        options: inCookies({ refreshPath: '/elsewhere' }),
        extras: {
          endpoints: {
            login: { deliver: { access: 'cookie', refresh: 'body' } },
            refresh: { locations: ['headers'] },
            logout: true,
          },
        },
      },
      [],
    ],
  ])('%s', async (_what, parts, expected) => {
    expect(await warningsOf(parts)).toEqual(expected);
  });

  it.each<[what: string, parts: AppParts]>([
    ['cookies are not in use', { options: { cookies: { refreshPath: '/api/auth' } } }],
    ['the path is the default', { options: inCookies({}) }],
    [
      'the guards may belong to another module',
      {
        options: AUTH,
        imports: [JwtExtendedModule.forRoot({ secret: `${SECRET}2`, isGlobal: false })],
      },
    ],
  ])('is not logged if %s', async (_what, parts) => {
    expect(
      await warningsOf({ ...parts, configure: api, controllers: [SessionsController] }),
    ).toEqual([]);
  });

  it('is logged instead of a mistake if only a proxy can make the path right', async () => {
    const behind = (at: string, endpoint: string) =>
      `cookies.refreshPath is '${at}', and the ${endpoint} endpoint is at /auth/${endpoint}: ` +
      'that is right only if a proxy removes the rest of the path';
    const refreshPath = '/shop/auth';
    expect(
      await warningsOf({
        options: inCookies({ refreshPath, accessPath: '/shop' }),
        controllers: [CoveredController],
      }),
    ).toEqual([behind(refreshPath, 'refresh'), behind(refreshPath, 'logout')]);
  });
});

/** The parts of an application that {@link mistakeAtStart} starts with endpoints. */
function partsOf(
  { extras, options }: AppParts,
  cookies: JwtExtendedOptions['cookies'],
  hasLogin = true,
): AppParts {
  const login = { authenticate: () => 'alice' };
  return {
    options: {
      ...inCookies(cookies),
      ...options,
      ...(hasLogin && { login }),
    },
    extras: { endpoints: { login: true, refresh: true, logout: true }, ...extras },
  };
}
