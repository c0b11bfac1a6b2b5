import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Post, Res, UseGuards } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { type MeterProvider, metrics } from '@opentelemetry/api';
import {
  AccessGuard,
  BlocklistService,
  CurrentIdentity,
  CurrentUser,
  type HttpResponse,
  type JwtExtendedOptions,
  RefreshGuard,
  SessionService,
  TokenCookies,
  TokenService,
} from '../../src/index.js';
import { AccountController } from '../../sample/01-quickstart/examples/account.controller.js';
import { allowPage } from '../../sample/01-quickstart/examples/cors.js';
import { ReportsController } from '../../sample/01-quickstart/examples/reports.controller.js';
import { tokensFor } from '../../sample/01-quickstart/examples/tokens.js';
import { WhoAmIController } from '../../sample/01-quickstart/examples/who-am-i.controller.js';
import type { User } from '../../sample/01-quickstart/src/users/user.js';
import { UsersModule } from '../../sample/01-quickstart/src/users/users.module.js';
import { actFor } from '../../sample/03-sessions/examples/act-for.js';
import { login as loginWithNote } from '../../sample/03-sessions/examples/login-with-note.js';
import { refresh } from '../../sample/03-sessions/examples/refresh-in-browser.js';
import { ArticlesController } from '../../sample/04-scopes/examples/articles.controller.js';
import { TenantsController } from '../../sample/04-scopes/examples/tenants.controller.js';
import { login as loginWithRemember } from '../../sample/05-login-endpoint/examples/login-with-remember.js';
import { createApp, type RunningApp, serve } from '../support/app.js';
import { accessClaims, forgeToken, SECRET } from '../support/forge.js';
import { claimsOf } from '../support/tokens.js';

/** Returns the user of a token. */
@UseGuards(AccessGuard)
@Controller('me')
class MeController {
  @Get()
  me(@CurrentUser() user: unknown) {
    return user;
  }
}

const alice: User = { username: 'alice', name: 'Alice', roles: ['admin'], passwordHash: '' };
const ALICE = { username: 'alice', password: 'wonderland' };

let app: RunningApp | undefined;
beforeAll(() => {
  process.env.JWT_SECRET = SECRET;
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});
afterAll(() => {
  delete process.env.JWT_SECRET;
});

/** Status and body of the answer to a request. */
async function ask(...request: Parameters<RunningApp['send']>): Promise<[number, unknown]> {
  const { status, body } = await app!.send(...request);
  return [status, body];
}

function token(changes: Record<string, unknown> = {}): string {
  return forgeToken(accessClaims(changes));
}

/** An application with one of the controllers. */
async function serveController(controller: new () => object, options?: JwtExtendedOptions) {
  app = await createApp('express', { controllers: [controller], options });
}

describe('The examples of the guide to routes, users and answers', () => {
  it('configure lifetimes', async () => {
    const { jwt } = await import('../../sample/01-quickstart/examples/for-root.js');
    app = await serve({ imports: [jwt] });

    const { exp, iat } = claimsOf(await app.get(TokenService).createAccessToken('alice'));

    expect(Number(exp) - Number(iat)).toBe(600);
  });

  it('get a service from ModuleRef to look users up', async () => {
    const { jwt } = await import('../../sample/01-quickstart/examples/module-ref.js');
    app = await serve({ imports: [jwt, UsersModule], controllers: [MeController] });

    expect(await ask('GET', '/me', { token: token() })).toEqual([
      200,
      expect.objectContaining({ name: 'Alice Liddell' }),
    ]);
    expect(await ask('GET', '/me', { token: token({ sub: 'mallory' }) })).toEqual([
      401,
      { msg: 'Error loading the user mallory' },
    ]);
  });

  it('make tokens of several kinds', async () => {
    await serveController(MeController);

    const made = Object.entries(await tokensFor('alice', app!.get(TokenService)));

    const parts = made.map(([name, encoded]) => {
      const { type, exp, iat, fresh, plan } = claimsOf(encoded);
      const seconds = (moment: unknown) => Number(moment) - Number(iat);
      const lives = exp === undefined ? 'for ever' : seconds(exp);
      return [name, type, lives, typeof fresh === 'number' ? seconds(fresh) : fresh, plan];
    });
    expect(parts).toEqual([
      ['short', 'access', 120, false, undefined],
      ['freshForAWhile', 'access', 900, 300, undefined],
      ['withClaims', 'access', 900, false, 'pro'],
      ['refresh', 'refresh', 604_800, false, undefined],
      ['forever', 'access', 'for ever', false, undefined],
    ]);
  });

  it('ask for a recent login, and find the token in the query string', async () => {
    await serveController(ReportsController);
    const iat = Math.floor(Date.now() / 1000);
    const at = (ago: number) => token({ fresh: true, auth_time: iat - ago });

    expect(await ask('GET', `/reports/latest?jwt=${at(0)}`)).toEqual([200, { reader: 'alice' }]);
    expect(await ask('GET', '/reports/latest', { token: at(700) })).toEqual([
      401,
      { msg: 'Fresh token required' },
    ]);
  });

  it('read identity, claims, user and token', async () => {
    await serveController(WhoAmIController, { loaders: { userLookup: () => alice } });
    const sent = { token: token({ roles: ['admin'], jti: 'id' }) };

    expect(await ask('GET', '/whoami/identity', sent)).toEqual([200, { username: 'alice' }]);
    expect(await ask('GET', '/whoami/claims', sent)).toEqual([
      200,
      { roles: ['admin'], issuedAt: expect.any(Number) },
    ]);
    expect(await ask('GET', '/whoami/user', sent)).toEqual([200, { name: 'Alice' }]);
    expect(await ask('GET', '/whoami/token', sent)).toEqual([
      200,
      {
        jti: 'id',
        type: 'access',
        fresh: false,
        expiresAt: expect.any(String),
        location: 'headers',
      },
    ]);
  });

  it('ask for a fresh token on one handler only', async () => {
    await serveController(AccountController);
    const recent = { fresh: true, auth_time: Math.floor(Date.now() / 1000) };

    expect(await ask('GET', '/account', { token: token() })).toEqual([200, { username: 'alice' }]);
    expect(await ask('DELETE', '/account', { token: token() })).toEqual([
      401,
      { msg: 'Fresh token required' },
    ]);
    expect(await ask('DELETE', '/account', { token: token(recent) })).toEqual([
      200,
      { removed: 'alice' },
    ]);
  });

  it('close all routes but the public one', async () => {
    const { ClosedModule } = await import('../../sample/01-quickstart/examples/closed.module.js');
    app = await serve({ imports: [ClosedModule] });

    expect(await ask('GET', '/health')).toEqual([200, { ok: true }]);
    expect(await ask('GET', '/home')).toEqual([401, { msg: 'Missing Authorization Header' }]);
    expect(await ask('GET', '/home', { token: token() })).toEqual([200, { welcome: 'alice' }]);
  });

  it('run AccessGuard before another global guard', async () => {
    const { GuardedModule, RolesGuard } =
      await import('../../sample/01-quickstart/examples/guarded.module.js');
    const seen = jest.spyOn(RolesGuard.prototype, 'canActivate');
    @Controller()
    class HomeController {
      @Get('home')
      home() {
        return { home: true };
      }
    }
    app = await serve({ imports: [GuardedModule], controllers: [HomeController] });

    expect((await ask('GET', '/home'))[0]).toBe(401);
    expect(seen).not.toHaveBeenCalled();
    expect((await ask('GET', '/home', { token: token() }))[0]).toBe(200);
    expect(seen).toHaveBeenCalledTimes(1);
  });

  it('answer refusals in their own way', async () => {
    const { jwt } = await import('../../sample/01-quickstart/examples/responses.js');
    app = await serve({ imports: [jwt], controllers: [MeController] });

    const { status, headers } = await app.send('GET', '/me');
    expect([status, headers.get('location')]).toEqual([
      302,
      '/login?reason=Missing%20Authorization%20Header',
    ]);
    expect(await ask('GET', '/me', { token: token({ exp: 1 }) })).toEqual([
      401,
      { sub_status: 101, msg: 'The token has expired' },
    ]);
  });
});

describe('The examples of the guide to sessions', () => {
  it('refresh once for several callers, with the CSRF value of the cookie', async () => {
    let refreshed = 0;
    @Controller()
    class RefreshController {
      @UseGuards(RefreshGuard)
      @Post('refresh')
      refresh() {
        return { refreshed: (refreshed += 1) };
      }
    }
    await serveController(RefreshController, { locations: ['cookies'] });
    const encoded = await app!.get(TokenService).createRefreshToken('alice');
    const page = { cookie: `csrf_refresh_token=${claimsOf(encoded)['csrf'] as string}` };
    Object.defineProperty(globalThis, 'document', { value: page, configurable: true });
    const send = globalThis.fetch;
    const browser = jest.spyOn(globalThis, 'fetch').mockImplementation((path, init) => {
      const headers = { ...init?.headers, cookie: `refresh_token_cookie=${encoded}` };
      return send(app!.url + String(path), { ...init, headers });
    });

    const [one, other] = await Promise.all([refresh(), refresh()]);
    const later = await refresh();
    browser.mockRestore();
    Reflect.deleteProperty(globalThis, 'document');

    expect(other).toBe(one);
    expect([one.status, later.status, refreshed]).toEqual([201, 201, 2]);
  });

  it('keep the limits of a support session, and the note of a login', async () => {
    await serveController(MeController, {
      loaders: { userIdentity: (user: User) => user.username, userLookup: () => alice },
      sessions: { list: true },
    });
    const tokens = app!.get(TokenService);

    const { refreshToken } = await actFor(alice, 'bob', tokens);
    const next = await tokens.rotateRefreshToken(refreshToken);
    const { sessionId } = await loginWithNote(alice, 'x'.repeat(300), tokens);

    expect(claimsOf(next.accessToken)).toMatchObject({ scope: 'read', act: { sub: 'bob' } });
    const { exp, iat } = claimsOf(next.refreshToken);
    expect(Number(exp) - Number(iat)).toBeLessThanOrEqual(3600);
    const listed = await app!.get(SessionService).list('alice');
    expect(listed.find(({ id }) => id === sessionId)?.note).toEqual({
      userAgent: 'x'.repeat(200),
    });
  });

  it('count refusals with a meter of OpenTelemetry', async () => {
    const add = jest.fn();
    const meter = { createCounter: () => ({ add }) };
    metrics.setGlobalMeterProvider({ getMeter: () => meter } as unknown as MeterProvider);
    await import('../../sample/03-sessions/examples/count-refusals.js');
    await serveController(MeController);

    await ask('GET', '/me');

    expect(add.mock.calls).toEqual([[1, { code: 'TOKEN_MISSING' }]]);
  });

  it('emit events', async () => {
    const { jwt } = await import('../../sample/03-sessions/examples/event-emitter.js');
    app = await serve({ imports: [EventEmitterModule.forRoot(), jwt] });
    const heard = jest.fn();
    app.get(EventEmitter2).on('jwt.minted', heard);

    await app.get(TokenService).createAccessToken('alice');

    expect(heard).toHaveBeenCalledWith(expect.objectContaining({ identity: 'alice' }));
  });
});

describe('The examples of roles and scopes', () => {
  it('ask for a scope, claims and a parameter, or for the override', async () => {
    await serveController(TenantsController);
    const own = { scope: 'read:invoices', plan: 'pro', org: { verified: true }, tenant: 'acme' };
    const statusWith = async (claims: object) =>
      (await ask('GET', '/tenants/acme/invoices', { token: token({ ...claims }) }))[0];

    expect(await statusWith(own)).toBe(200);
    expect(await statusWith({ roles: ['support'] })).toBe(200);
    for (const name of Object.keys(own))
      expect(await statusWith({ ...own, [name]: 'other' })).toBe(403);
  });

  it('ask for one of several roles, and for the own name', async () => {
    await serveController(ArticlesController);
    const status = async (method: string, path: string, claims: object) =>
      (await ask(method, path, { token: token({ scope: 'read:articles', ...claims }) }))[0];

    expect(await status('DELETE', '/articles/1', { roles: ['editor'] })).toBe(200);
    expect(await status('DELETE', '/articles/1', { roles: ['author'] })).toBe(403);
    expect(await status('DELETE', '/articles/1', { roles: ['editor'], scope: '' })).toBe(403);
    expect(await status('GET', '/articles/of/alice', {})).toBe(200);
    expect(await status('GET', '/articles/of/bob', {})).toBe(403);
    expect(await status('GET', '/articles/of/bob', { roles: 'admin' })).toBe(200);
  });
});

describe('The examples of cookies', () => {
  it('allow the page of another origin, and send the refresh cookie to /auth only', async () => {
    const { jwt } = await import('../../sample/01-quickstart/examples/cookies.js');
    @Controller('auth')
    class AuthController {
      constructor(
        private readonly tokens: TokenService,
        private readonly cookies: TokenCookies,
      ) {}

      @Post()
      async login(@Res({ passthrough: true }) response: HttpResponse) {
        this.cookies.setPair(response, await this.tokens.createTokenPair('alice'));
      }
    }
    app = await serve({ imports: [jwt], controllers: [AuthController, MeController] }, allowPage);

    const origin = 'https://app.example.com';
    const { headers } = await app.send('GET', '/me', { headers: { origin } });
    const { cookies } = await app.send('POST', '/auth');
    const paths = cookies.map((cookie) => [
      /^\w+/.exec(cookie)?.[0],
      /Path=([^;]+)/.exec(cookie)?.[1],
    ]);

    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(paths).toContainEqual(['refresh_token_cookie', '/auth']);
    expect(paths).toContainEqual(['access_token_cookie', '/']);
  });
});

describe('The examples of ready-made endpoints', () => {
  it('log in, refresh and log out', async () => {
    const { MembersModule } =
      await import('../../sample/05-login-endpoint/examples/members.module.js');
    app = await serve({ imports: [MembersModule] });
    const joe = { username: 'joe', password: 'pass' };

    const [status, pair] = await ask('POST', '/auth', { json: joe });
    const { refresh_token: first } = pair as { refresh_token: string };
    const [again, renewed] = await ask('POST', '/auth/refresh', { token: first });
    const { refresh_token: second } = renewed as { refresh_token: string };
    const logout = await ask('POST', '/auth/logout', { token: second });
    const after = await ask('POST', '/auth/refresh', { token: second });
    const bad = await ask('POST', '/auth', { json: { ...joe, password: 'x' } });

    expect([status, again]).toEqual([200, 200]);
    expect(logout).toEqual([200, { msg: 'Successfully logged out' }]);
    expect(after).toEqual([401, { msg: 'Token has been revoked' }]);
    expect(bad).toEqual([401, { msg: 'Bad username or password' }]);
  });

  it('remember a login if the body says so', async () => {
    app = await createApp('express', {
      options: { login: loginWithRemember, locations: ['cookies'] },
      extras: { endpoints: { login: true } },
    });

    const cookies = async (extra: object) =>
      (await app!.send('POST', '/auth', { json: { ...ALICE, ...extra } })).cookies;

    expect(await cookies({ remember: true })).toContainEqual(expect.stringMatching(/Max-Age/));
    expect(await cookies({})).not.toContainEqual(expect.stringMatching(/Max-Age/));
  });

  it('deliver the access token in the body and the refresh token in a cookie', async () => {
    const { SplitModule } = await import('../../sample/05-login-endpoint/examples/split.module.js');
    app = await serve({ imports: [SplitModule] });

    const { status, body, cookies } = await app.send('POST', '/auth', { json: ALICE });

    expect([status, body]).toEqual([200, { access_token: expect.any(String) }]);
    expect(cookies[0]).toMatch(/^refresh_token_cookie=.*Path=\/auth;/);
  });
});

describe('The example of ids that are numbers', () => {
  @UseGuards(AccessGuard)
  @Controller()
  class ProfileController {
    @Get('profile')
    profile(@CurrentIdentity() identity: unknown, @CurrentUser('username') username: string) {
      return { identity, username };
    }
  }

  it('lets old tokens in beside new ones, and revokes both', async () => {
    const { jwt } = await import('../../sample/10-from-passport/examples/numeric-ids.js');
    app = await serve({ imports: [jwt], controllers: [ProfileController] });
    const made = await app.get(TokenService).createAccessToken({ userId: 1, username: 'john' });
    const old = token({ sub: 1, jti: undefined, type: undefined, csrf: undefined });
    const profiles = async () => [
      await ask('GET', '/profile', { token: made }),
      await ask('GET', '/profile', { token: old }),
    ];

    expect(await profiles()).toEqual([
      [200, { identity: '1', username: 'john' }],
      [200, { identity: 1, username: 'john' }],
    ]);
    await app.get(BlocklistService).revokeAllFor('1');
    expect(await profiles()).toEqual(Array(2).fill([401, { msg: 'Token has been revoked' }]));
    expect((await ask('GET', '/profile', { token: token({ sub: 2 }) }))[0]).toBe(401);
  });
});
