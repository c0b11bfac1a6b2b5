import { Controller, Get, Injectable, Options, Req, type Type, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import passport, { Strategy } from 'passport';
import {
  AccessGuard,
  anyOf,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  Fresh,
  type HttpRequest,
  type JwtContext,
  JwtExtendedConfigError,
  JwtExtendedModule,
  type JwtExtendedOptions,
  JwtOptional,
  RequireClaims,
  type Token,
} from '../../../src/index.js';
import { JwtPassportModule } from '../../../src/passport/index.js';
import { KeyGuard } from '../../support/any-of.js';
import { ADAPTERS, createApp, type RunningApp, type Sent } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { mistakeAtStart, routeAt } from '../../support/routes.js';
import { refusal } from '../../support/transport.js';

/** A passport strategy of the application, which accepts an API key. */
class ApiKey extends Strategy {
  override readonly name = 'api-key';

  override authenticate({ headers }: HttpRequest): void {
    if (headers['x-api-key'] === 'good') this.success({ name: 'key' });
    else this.fail('Unknown API key', 401);
  }
}

@Injectable()
class ApiKeyStrategy extends PassportStrategy(ApiKey, 'api-key') {
  override validate(): void {}
}

abstract class NameController {
  @Get()
  answer(@Req() { user }: { user: { name?: string; identity?: string } }): object {
    return { name: user.name ?? user.identity };
  }
}

abstract class TokenController extends NameController {
  @Get()
  override answer(
    @Req() { user }: { user: { name?: string; identity?: string } },
    @CurrentIdentity() identity?: string,
    @CurrentToken() token?: JwtContext,
  ) {
    const { type = null, location = null, fresh = null } = token ?? {};
    return { ...super.answer({ user }), identity: identity ?? null, type, location, fresh };
  }
}

const CONTROLLERS = (
  [
    ['access', AuthGuard('jwt-access'), TokenController],
    ['fresh', AuthGuard('jwt-fresh'), TokenController],
    ['refresh', AuthGuard('jwt-refresh'), TokenController],
    ['access-or-key', AuthGuard(['jwt-access', 'api-key']), TokenController],
    ['key-or-access', AuthGuard(['api-key', 'jwt-access']), NameController],
    ['any-of-guards', anyOf(AuthGuard('jwt-access'), KeyGuard), NameController],
    ['any-of-types', anyOf(AuthGuard('jwt-access'), AuthGuard('jwt-refresh')), TokenController],
  ] as const
).map(([path, guard, parent]) => {
  @UseGuards(guard)
  @Controller(path)
  class GuardedController extends (parent as Type<NameController>) {}
  return GuardedController;
});

@UseGuards(AuthGuard('jwt-access'))
@Controller('user')
class UserController {
  @Get()
  user(@Req() { user }: HttpRequest, @CurrentUser() current: unknown) {
    return { user, current };
  }

  @Options()
  options(@Req() { user }: HttpRequest, @CurrentIdentity() identity?: string) {
    return { user: user ?? null, identity: identity ?? null };
  }
}

@UseGuards(AccessGuard)
@Controller('own')
class OwnController {
  @Get()
  get(@CurrentIdentity() identity: string, @Req() request: HttpRequest & { account?: unknown }) {
    return { identity, account: request.account ?? null };
  }
}

const access = forgeToken(accessClaims());
const fresh = forgeToken(accessClaims({ fresh: true }));
const refresh = forgeToken(accessClaims({ type: 'refresh' }));
const expired = forgeToken(accessClaims({ exp: 1 }));

const UNAUTHORIZED = { status: 401, body: { statusCode: 401, message: 'Unauthorized' } };
const EXPIRED = refusal(401, 'TOKEN_EXPIRED', 'Token has expired');
const STALE = refusal(401, 'TOKEN_NOT_FRESH', 'Fresh token required');
const NO_TOKEN = refusal(422, 'TOKEN_INVALID', 'Not enough segments');
const NOT_ACCESS = refusal(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed');
const NOT_REFRESH = refusal(422, 'TOKEN_WRONG_TYPE', 'Only refresh tokens are allowed');

function alice(type = 'access', isFresh = false): object {
  const token = { identity: 'alice', type, location: 'headers', fresh: isFresh };
  return { status: 200, body: { name: 'alice', ...token } };
}

const BY_KEY = {
  status: 200,
  body: { name: 'key', identity: null, type: null, location: null, fresh: null },
};

const named = (name: string) => ({ status: 200, body: { name } });

/** The names of the strategies that passport has under this prefix. */
function registered(prefix: string): string[] {
  const { _strategies } = passport as unknown as { _strategies: Record<string, unknown> };
  return Object.keys(_strategies).filter((name) => name.startsWith(prefix));
}

describe.each(ADAPTERS)('Passport on %s', (adapter) => {
  const start = (options: JwtExtendedOptions = {}) =>
    createApp(adapter, {
      controllers: [...CONTROLLERS, UserController],
      providers: [ApiKeyStrategy],
      imports: [JwtPassportModule.register()],
      options: { errorCodeKey: 'code', ...options },
    });
  const call = async (app: RunningApp, path: string, sent: Sent, method = 'GET') => {
    const { status, body } = await app.send(method, path, sent);
    return { status, body };
  };
  const headers = { 'x-api-key': 'good' };

  describe('The strategies of JwtPassportModule', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await start();
    });
    afterAll(() => app.close());

    it.each<[string, string, string | undefined, string | undefined, object]>([
      ['accepts an access token', '/access', access, undefined, alice()],
      ['accepts a fresh token', '/access', fresh, undefined, alice('access', true)],
      ['accepts a fresh token', '/fresh', fresh, undefined, alice('access', true)],
      ['accepts a refresh token', '/refresh', refresh, undefined, alice('refresh')],
      ['refuses a refresh token', '/access', refresh, undefined, NOT_ACCESS],
      ['refuses a refresh token', '/fresh', refresh, undefined, NOT_ACCESS],
      ['refuses an access token', '/refresh', access, undefined, NOT_REFRESH],
      ['refuses a stale token', '/fresh', access, undefined, STALE],
      ['refuses an expired token', '/access', expired, undefined, EXPIRED],
      ['refuses text that is no token', '/access', 'a.b', undefined, NO_TOKEN],
      ['lets AuthGuard refuse no token', '/access', undefined, undefined, UNAUTHORIZED],
      ['lets AuthGuard refuse no token', '/fresh', undefined, undefined, UNAUTHORIZED],
      ['lets AuthGuard refuse no token', '/refresh', undefined, undefined, UNAUTHORIZED],

      ['lets AuthGuard refuse no token', '/access-or-key', undefined, undefined, UNAUTHORIZED],
      ['lets AuthGuard refuse a bad key', '/access-or-key', undefined, 'bad', UNAUTHORIZED],
      ['accepts a key', '/access-or-key', undefined, 'good', BY_KEY],
      ['accepts a key', '/key-or-access', undefined, 'good', named('key')],
      ['accepts a token', '/access-or-key', access, undefined, alice()],
      ['accepts a token', '/key-or-access', access, undefined, named('alice')],
      ['prefers a token to a key', '/access-or-key', access, 'good', alice()],
      ['refuses an expired token with a key', '/access-or-key', expired, 'good', EXPIRED],
      ['refuses text with a key', '/access-or-key', 'a.b', 'good', NO_TOKEN],
      ['refuses a wrong type with a key', '/access-or-key', refresh, 'good', NOT_ACCESS],

      ['accepts a token', '/any-of-guards', access, undefined, named('alice')],
      ['accepts a key', '/any-of-guards', undefined, 'good', named('key')],
      ['refuses a bad key', '/any-of-guards', undefined, 'bad', UNAUTHORIZED],
      ['accepts an expired token with a key', '/any-of-guards', expired, 'good', named('key')],
      ['refuses a bad token alone', '/any-of-guards', refresh, undefined, NOT_ACCESS],
      ['accepts an access token', '/any-of-types', access, undefined, alice()],
      ['accepts a refresh token', '/any-of-types', refresh, undefined, alice('refresh')],
      ['refuses an expired token', '/any-of-types', expired, undefined, EXPIRED],
    ])('%s on %s', async (_title, path, token, key, expected) => {
      const sent = key === undefined ? { token } : { token, headers: { 'x-api-key': key } };
      expect(await call(app, path, sent)).toEqual(expected);
    });

    it('need a token for OPTIONS, because passport does not know what the handler is for (R82)', async () => {
      expect((await call(app, '/user', {}, 'OPTIONS')).status).toBe(401);
      expect((await call(app, '/user', { token: access }, 'OPTIONS')).status).toBe(200);
    });
  });

  it('userLookup is called once, and its result becomes request.user', async () => {
    const userLookup = jest.fn(({ identity }: Token) => ({ name: identity }));
    const app = await start({ loaders: { userLookup } });
    const user = { name: 'alice' };
    const body = { user, current: user };
    expect(await call(app, '/user', { token: access })).toEqual({ status: 200, body });
    expect(userLookup).toHaveBeenCalledTimes(1);
    await app.close();
  });

  it('a token of a deleted user is refused, and no other strategy accepts the request', async () => {
    const app = await start({ loaders: { userLookup: () => null } });
    expect(await call(app, '/access-or-key', { token: access, headers })).toEqual(
      refusal(401, 'USER_NOT_FOUND', 'Error loading the user alice'),
    );
    await app.close();
  });

  it('the options of PassportModule do not change the guards of this library (F25)', async () => {
    const app = await createApp(adapter, {
      controllers: [OwnController],
      providers: [ApiKeyStrategy],
      imports: [PassportModule.register({ defaultStrategy: 'api-key', property: 'account' })],
    });
    expect(await call(app, '/own', { headers })).toMatchObject({ status: 401 });
    const body = { identity: 'alice', account: null };
    expect(await call(app, '/own', { token: access })).toEqual({ status: 200, body });
    await app.close();
  });
});

describe('JwtPassportModule', () => {
  const own = () => JwtPassportModule.register({ prefix: 'own' });

  it('registers strategies until the application closes, and can do it again', async () => {
    for (let time = 0; time < 2; time++) {
      const app = await createApp('express', { imports: [own()] });
      expect(registered('own-')).toEqual(['own-access', 'own-fresh', 'own-refresh']);
      await app.close();
      expect(registered('own-')).toEqual([]);
    }
  });

  it('is the only module that registers strategies', async () => {
    const before = registered('');
    const app = await createApp('express', {});
    expect(registered('')).toEqual(before);
    await app.close();
  });

  it('refuses to start twice with one prefix (R23, F17)', async () => {
    const mistake = await mistakeAtStart('express', { imports: [own(), own()] });
    expect(mistake).toEqual(
      new JwtExtendedConfigError(
        "JwtPassportModule.prefix 'own': passport has a strategy 'own-access' already; give each module a prefix of its own",
      ),
    );
    expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
    for (const name of registered('own-')) passport.unuse(name);
  });

  it('refuses the prefix of an application that is running (R23, F17)', async () => {
    const app = await createApp('express', {
      controllers: CONTROLLERS,
      providers: [ApiKeyStrategy],
      imports: [JwtPassportModule.register()],
    });
    const mistake = await mistakeAtStart('express', { imports: [JwtPassportModule.register()] });
    expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
    expect(await app.send('GET', '/access', { token: access })).toMatchObject({ status: 200 });
    await app.close();
  });

  it.each([
    ['@Fresh', Fresh()],
    ['@JwtOptional', JwtOptional()],
    ['@RequireClaims', RequireClaims({ roles: 'admin' })],
  ])('refuses %s on a route that no guard but AuthGuard protects', async (name, decorator) => {
    const route = routeAt('reports', {
      handler: [UseGuards(AuthGuard('own-access')), decorator],
    });
    const mistake = await mistakeAtStart('express', { imports: [own()], controllers: [route] });
    expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
    expect(String(mistake)).toContain(`${name} on RouteController.answer has no effect`);
    for (const name of registered('own-')) passport.unuse(name);
  });

  it('keeps two modules with different prefixes apart (R23, F17)', async () => {
    const other = 'second-'.padEnd(80, 'mnbvcxylkjhgfdsapoiuztrewq');
    const [one, two] = ['one', 'two'].map((prefix) =>
      routeAt(prefix, { handler: [UseGuards(AuthGuard(`${prefix}-access`))] }),
    ) as [Type, Type];
    const app = await createApp('express', {
      controllers: [one, two],
      imports: [
        JwtPassportModule.register({ prefix: 'one' }),
        JwtPassportModule.register({
          prefix: 'two',
          imports: [JwtExtendedModule.forRoot({ secret: other, isGlobal: false })],
        }),
      ],
    });
    const others = forgeToken(accessClaims({ sub: 'bob' }), undefined, other);
    const statusOf = async (path: string, token: string) =>
      (await app.send('GET', path, { token })).status;
    expect([await statusOf('/one', access), await statusOf('/one', others)]).toEqual([200, 422]);
    expect([await statusOf('/two', others), await statusOf('/two', access)]).toEqual([200, 422]);
    await app.close();
  });

  it.each<[string, unknown, string]>([
    ['an empty prefix', { prefix: '' }, 'JwtPassportModule.prefix was given'],
    ['a number as prefix', { prefix: 5 }, 'JwtPassportModule.prefix was given'],
    ['imports that are not a list', { imports: JwtExtendedModule }, 'JwtPassportModule.imports'],
    ['an unknown option', { strategyPrefix: 'jwt' }, 'JwtPassportModule.strategyPrefix is not'],
    ['null', null, 'JwtPassportModule was given null'],
    ['text', 'jwt', 'JwtPassportModule was given'],
  ])('refuses %s when it is registered', (_, options, message) => {
    expect(() => JwtPassportModule.register(options as never)).toThrow(
      expect.objectContaining({
        name: 'JwtExtendedConfigError',
        message: expect.stringContaining(message) as unknown,
      }),
    );
  });

  it('refuses to start without a JwtExtendedModule and names what is missing', async () => {
    const start = Test.createTestingModule({ imports: [JwtPassportModule.register()] }).compile();
    await expect(start).rejects.toMatchObject({
      name: 'JwtExtendedConfigError',
      message: expect.stringContaining('JwtExtendedModule.forRoot') as unknown,
    });
  });
});
