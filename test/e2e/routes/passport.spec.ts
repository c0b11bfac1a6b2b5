import { Controller, Get, Injectable, Options, Req, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import passport, { Strategy } from 'passport';
import {
  AccessGuard,
  Claims,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  type HttpRequest,
  type JwtContext,
  JwtExtendedConfigError,
  JwtExtendedModule,
  type Token,
} from '../../../src/index.js';
import { JwtPassportModule } from '../../../src/passport/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { mistakeAtStart } from '../../support/routes.js';

/** A passport strategy of the application, which accepts a password in a header. */
class PasswordStrategy extends Strategy {
  override readonly name = 'password';

  override authenticate({ headers }: HttpRequest): void {
    if (headers['x-password'] === 'open sesame') this.success({ name: 'Ali Baba' });
    else this.fail('wrong password', 401);
  }

  validate(): void {}
}

@Injectable()
class NestPasswordStrategy extends PassportStrategy(PasswordStrategy, 'password') {
  override validate(): void {}
}

@Controller()
class PassportController {
  @UseGuards(AuthGuard('jwt-access'))
  @Get('access')
  access(@CurrentIdentity() identity: string, @CurrentToken() { type, location }: JwtContext) {
    return { identity, type, location };
  }

  @UseGuards(AuthGuard('jwt-fresh'))
  @Get('fresh')
  fresh(@CurrentIdentity() identity: string, @Claims('fresh') fresh: boolean) {
    return { identity, fresh };
  }

  @UseGuards(AuthGuard('jwt-refresh'))
  @Get('refresh')
  refresh(@CurrentIdentity() identity: string) {
    return { identity };
  }

  @UseGuards(AuthGuard(['jwt-access', 'password']))
  @Get('either')
  either(@Req() { user }: { user: { name?: string; identity?: string } }) {
    return { name: user.name ?? user.identity };
  }

  @UseGuards(AuthGuard(['jwt-access', 'password']))
  @Get('identity')
  identity(@CurrentIdentity() identity: string | undefined, @CurrentToken() token: unknown) {
    return { identity: identity ?? 'none', hasToken: token !== undefined };
  }

  @UseGuards(AuthGuard(['password', 'jwt-access']))
  @Get('either-way')
  eitherWay(@Req() { user }: { user: { name?: string; identity?: string } }) {
    return { name: user.name ?? user.identity };
  }

  @UseGuards(AuthGuard('jwt-access'))
  @Get('user')
  user(@Req() { user }: HttpRequest, @CurrentUser() current: unknown) {
    return { user, current };
  }

  @UseGuards(AuthGuard('jwt-access'))
  @Options('access')
  options(@Req() { user }: HttpRequest, @CurrentIdentity() identity?: string) {
    return { user: user ?? null, identity: identity ?? null };
  }
}

const access = forgeToken(accessClaims());
const fresh = forgeToken(accessClaims({ fresh: true }));
const refresh = forgeToken(accessClaims({ type: 'refresh' }));
const expired = forgeToken(accessClaims({ exp: 1 }));

const UNAUTHORIZED = { status: 401, body: { statusCode: 401, message: 'Unauthorized' } };
const EXPIRED = { status: 401, body: { msg: 'Token has expired', code: 'TOKEN_EXPIRED' } };
const NO_TOKEN = { status: 422, body: { msg: 'Not enough segments', code: 'TOKEN_INVALID' } };

function wrongType(msg: string): object {
  return { status: 422, body: { msg, code: 'TOKEN_WRONG_TYPE' } };
}

/** The names of the strategies that passport has under this prefix. */
function registered(prefix: string): string[] {
  const { _strategies } = passport as unknown as { _strategies: Record<string, unknown> };
  return Object.keys(_strategies).filter((name) => name.startsWith(`${prefix}-`));
}

describe.each(ADAPTERS)('Passport on %s', (adapter) => {
  describe('The strategies of JwtPassportModule', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [PassportController],
        providers: [NestPasswordStrategy],
        imports: [JwtPassportModule.register()],
        options: { errorCodeKey: 'code' },
      });
    });
    afterAll(() => app.close());

    const call = async (path: string, token?: string, headers?: Record<string, string>) => {
      const { status, body } = await app.send('GET', path, { token, headers });
      return { status, body };
    };

    it.each([
      ['/access', access, { identity: 'alice', type: 'access', location: 'headers' }],
      ['/access', fresh, { identity: 'alice', type: 'access', location: 'headers' }],
      ['/fresh', fresh, { identity: 'alice', fresh: true }],
      ['/refresh', refresh, { identity: 'alice' }],
    ])(
      'accept the right token on %s, and the parameter decorators work there',
      async (path, token, body) => {
        expect(await call(path, token)).toEqual({ status: 200, body });
      },
    );

    it.each([
      ['/access', refresh, wrongType('Only non-refresh tokens are allowed')],
      ['/fresh', refresh, wrongType('Only non-refresh tokens are allowed')],
      ['/refresh', access, wrongType('Only refresh tokens are allowed')],
      [
        '/fresh',
        access,
        { status: 401, body: { msg: 'Fresh token required', code: 'TOKEN_NOT_FRESH' } },
      ],
      ['/access', expired, EXPIRED],
      ['/access', 'a.b', NO_TOKEN],
    ])(
      'refuse a wrong token on %s with the error and body of this library',
      async (path, token, expected) => {
        expect(await call(path, token)).toEqual(expected);
      },
    );

    it.each(['/access', '/fresh', '/refresh', '/either'])(
      'leave it to AuthGuard to refuse a request without a token: %s',
      async (path) => {
        expect(await call(path)).toEqual(UNAUTHORIZED);
      },
    );

    it.each(['/either', '/either-way'])(
      'leave a request without a token to the next strategy: %s',
      async (path) => {
        expect(await call(path, undefined, { 'x-password': 'open sesame' })).toEqual({
          status: 200,
          body: { name: 'Ali Baba' },
        });
      },
    );

    it.each(['/either', '/either-way'])(
      'accept a valid token although the other strategy would refuse: %s',
      async (path) => {
        expect(await call(path, access)).toEqual({ status: 200, body: { name: 'alice' } });
      },
    );

    it.each([
      [expired, EXPIRED],
      ['a.b', NO_TOKEN],
      [refresh, wrongType('Only non-refresh tokens are allowed')],
    ])(
      'refuse a bad token although the other strategy would accept the request',
      async (token, expected) => {
        expect(await call('/either', token, { 'x-password': 'open sesame' })).toEqual(expected);
      },
    );

    it('provide no identity if another strategy accepted the request', async () => {
      const token = forgeToken(accessClaims());
      const headers = { 'x-password': 'open sesame' };

      expect(await app.send('GET', '/identity', { headers })).toMatchObject({
        status: 200,
        body: { identity: 'none', hasToken: false },
      });
      expect(await app.send('GET', '/identity', { token, headers })).toMatchObject({
        status: 200,
        body: { identity: 'alice', hasToken: true },
      });
      expect((await app.send('GET', '/identity')).status).toBe(401);
    });

    it('need no token for OPTIONS and then provide no identity', async () => {
      for (const token of [undefined, access]) {
        const { status, body } = await app.send('OPTIONS', '/access', { token });
        expect({ status, body }).toEqual({ status: 200, body: { user: null, identity: null } });
      }
    });
  });

  it('userLookup is called once, and its result becomes request.user', async () => {
    const userLookup = jest.fn(({ identity }: Token) => ({ name: identity }));
    const app = await createApp(adapter, {
      controllers: [PassportController],
      providers: [NestPasswordStrategy],
      imports: [JwtPassportModule.register()],
      options: { loaders: { userLookup } },
    });
    const user = { name: 'alice' };
    const { status, body } = await app.send('GET', '/user', { token: access });
    expect({ status, body }).toEqual({ status: 200, body: { user, current: user } });
    expect(userLookup).toHaveBeenCalledTimes(1);
    await app.close();
  });

  it('the options of PassportModule do not change the guards of this library (F25)', async () => {
    @UseGuards(AccessGuard)
    @Controller('own')
    class OwnController {
      @Get()
      get(
        @CurrentIdentity() identity: string,
        @Req() request: HttpRequest & { account?: unknown },
      ) {
        return { identity, account: request.account ?? null };
      }
    }
    const app = await createApp(adapter, {
      controllers: [OwnController],
      providers: [NestPasswordStrategy],
      imports: [PassportModule.register({ defaultStrategy: 'password', property: 'account' })],
    });
    const headers = { 'x-password': 'open sesame' };
    expect(await app.send('GET', '/own', { headers })).toMatchObject({ status: 401 });
    const { status, body } = await app.send('GET', '/own', { token: access });
    expect({ status, body }).toEqual({ status: 200, body: { identity: 'alice', account: null } });
    await app.close();
  });

  it('a token of a deleted user is refused, and no other strategy accepts the request', async () => {
    const app = await createApp(adapter, {
      controllers: [PassportController],
      providers: [NestPasswordStrategy],
      imports: [JwtPassportModule.register()],
      options: { loaders: { userLookup: () => null } },
    });
    const headers = { 'x-password': 'open sesame' };
    const { status, body } = await app.send('GET', '/either', { token: access, headers });
    expect({ status, body }).toEqual({
      status: 401,
      body: { msg: 'Error loading the user alice' },
    });
    await app.close();
  });
});

describe('JwtPassportModule', () => {
  it('registers strategies by its prefix and removes them when the application closes', async () => {
    const app = await createApp('express', {
      imports: [JwtPassportModule.register({ prefix: 'own' })],
    });
    expect(registered('own')).toEqual(['own-access', 'own-fresh', 'own-refresh']);
    await app.close();
    expect(registered('own')).toEqual([]);
  });

  it('accepts a prefix again after the application has closed', async () => {
    const first = await createApp('express', {
      imports: [JwtPassportModule.register({ prefix: 'own' })],
    });
    await first.close();
    const second = await createApp('express', {
      imports: [JwtPassportModule.register({ prefix: 'own' })],
    });
    await second.close();
    expect(registered('own')).toEqual([]);
  });

  it('is the only thing that registers strategies', async () => {
    const { _strategies } = passport as unknown as { _strategies: Record<string, unknown> };
    const before = Object.keys(_strategies);
    const app = await createApp('express', {});
    expect(Object.keys(_strategies)).toEqual(before);
    await app.close();
  });

  it('refuses to start twice with one prefix (R23, F17)', async () => {
    const mistake = await mistakeAtStart('express', {
      imports: [1, 2].map(() => JwtPassportModule.register({ prefix: 'own' })),
    });
    expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
    expect(mistake).toHaveProperty(
      'message',
      "JwtPassportModule.prefix 'own': passport has a strategy 'own-access' already; give each module a prefix of its own",
    );
    for (const name of registered('own')) passport.unuse(name);
  });

  it('refuses the prefix of an application that is running (R23, F17)', async () => {
    const app = await createApp('express', {
      controllers: [PassportController],
      providers: [NestPasswordStrategy],
      imports: [JwtPassportModule.register()],
    });
    const mistake = await mistakeAtStart('express', { imports: [JwtPassportModule.register()] });
    expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
    expect(await app.send('GET', '/access', { token: access })).toMatchObject({ status: 200 });
    await app.close();
  });

  it('keeps two modules with different prefixes apart (R23, F17)', async () => {
    const other = 'second-'.padEnd(80, 'mnbvcxylkjhgfdsapoiuztrewq');
    @Controller()
    class TwoController {
      @UseGuards(AuthGuard('one-access'))
      @Get('one')
      one(@CurrentIdentity() identity: string) {
        return { identity };
      }

      @UseGuards(AuthGuard('two-access'))
      @Get('two')
      two(@CurrentIdentity() identity: string) {
        return { identity };
      }
    }
    const app = await createApp('express', {
      controllers: [TwoController],
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
