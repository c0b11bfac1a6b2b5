import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  BlocklistService,
  CurrentIdentity,
  FreshGuard,
  JwtExceptionFilter,
  JwtExtendedConfigError,
  JwtExtendedModule,
  RefreshGuard,
  TokenCookies,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp, RunningApp } from '../../support/app.js';
import { SECRET } from '../../support/forge.js';
import { askedBy, mistakeAtStart, routeAt } from '../../support/routes.js';

const SERVICES = [
  TokenService,
  TokenCookies,
  BlocklistService,
  AccessGuard,
  FreshGuard,
  RefreshGuard,
  JwtExceptionFilter,
];

@Injectable()
class LoginService {
  constructor(readonly tokens: TokenService) {}
}

@UseGuards(AccessGuard)
@Controller('feature')
class FeatureController {
  @Get()
  get(@CurrentIdentity() identity: string) {
    return { identity };
  }
}

@Module({ providers: [LoginService], controllers: [FeatureController] })
class FeatureModule {}

function starting(...imports: Parameters<typeof JwtExtendedModule.forRoot>): Promise<unknown> {
  return Test.createTestingModule({ imports: [JwtExtendedModule.forRoot(...imports)] })
    .compile()
    .then(
      () => 'compiled',
      (mistake: unknown) => mistake,
    );
}

describe('forRoot', () => {
  it.each(SERVICES.map((service) => [service.name, service] as const))(
    'gives the application its %s',
    async (_name, service) => {
      const testing = await Test.createTestingModule({
        imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
      }).compile();
      expect(testing.get<object>(service, { strict: false })).toBeInstanceOf(service);
    },
  );

  it.each<[string, object, string]>([
    ['nothing to sign with', {}, 'secret'],
    ['an unknown option', { secret: SECRET, algorithims: ['HS256'] }, 'algorithims'],
    ['a misspelt extra', { secret: SECRET, globalGaurd: true }, 'did you mean globalGuard?'],
    ['a bad value', { secret: SECRET, accessTokenExpires: '15' }, 'accessTokenExpires'],
    ['a key that is no key', { privateKey: 'x', algorithm: 'RS256' }, 'privateKey'],
    ['the factory of forRootAsync', { useFactory: () => ({ secret: SECRET }) }, 'useFactory'],
  ])('with %s does not compile (R21)', async (_title, options, named) => {
    const mistake = await starting(options as never);
    expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
    expect((mistake as Error).message).toContain(named);
    expect((mistake as Error).message).not.toContain(SECRET);
  });

  it.each<[string, object, string]>([
    ['isGlobal', { isGlobal: 'yes' }, 'isGlobal was given'],
    ['globalGuard', { globalGuard: 1 }, 'globalGuard was given'],
    ['registerFilter', { registerFilter: null }, 'registerFilter was given'],
    ['blocklistService', { blocklistService: LoginService }, 'blocklistService must be a class'],
    ['blocklistService', { blocklistService: {} }, 'blocklistService must be a class'],
    ['blocklistService', { blocklistService: 'redis' }, 'blocklistService must be a class'],
    ['blocklistService', { blocklistService: null }, 'blocklistService'],
  ])('refuses a wrong %s at once', (_name, extras, message) => {
    expect(() => JwtExtendedModule.forRoot({ secret: SECRET, ...extras } as never)).toThrow(
      expect.objectContaining({
        name: 'JwtExtendedConfigError',
        message: expect.stringContaining(message) as unknown,
      }),
    );
  });

  it.each([[undefined], [null], ['secret']])('refuses %p for options', async (options) => {
    await expect(async () => {
      await Test.createTestingModule({
        imports: [JwtExtendedModule.forRoot(options as never)],
      }).compile();
    }).rejects.toBeInstanceOf(JwtExtendedConfigError);
  });

  it('takes an extra that is undefined for one that is not given', async () => {
    const extras = {
      isGlobal: undefined,
      globalGuard: undefined,
      registerFilter: undefined,
      blocklistService: undefined,
    };
    const app = await createApp('express', { controllers: [routeAt('/', {})], extras });
    const token = await app.get(TokenService).createAccessToken('alice');
    expect(await askedBy(app, '/')).toBe('lets everybody in');
    expect(await app.send('GET', '/none', { token })).toMatchObject({ status: 404 });
    await app.close();
  });

  it('with an undefined registerFilter answers refusals as without it', async () => {
    const app = await createApp('express', {
      controllers: [FeatureController],
      extras: { registerFilter: undefined },
    });
    expect(await app.send('GET', '/feature')).toMatchObject({
      status: 401,
      body: { msg: 'Missing Authorization Header' },
    });
    await app.close();
  });

  it('does not change its mind when its options are changed later', async () => {
    const options = { secret: SECRET, errorMessageKey: 'error', globalGuard: true };
    const module = JwtExtendedModule.forRoot(options);
    const testing = await Test.createTestingModule({
      imports: [module],
      controllers: [routeAt('/', {})],
    }).compile();
    options.errorMessageKey = 'changed';
    options.globalGuard = false;
    const app = await RunningApp.start(testing.createNestApplication());
    expect(await app.send('GET', '/')).toMatchObject({
      status: 401,
      body: { error: 'Missing Authorization Header' },
    });
    await app.close();
  });
});

describe.each(ADAPTERS)('isGlobal on %s', (adapter) => {
  it('makes guards and services known to every module', async () => {
    const app = await createApp(adapter, { imports: [FeatureModule] });
    const token = await app.get(LoginService).tokens.createAccessToken('alice');
    const { status, body } = await app.send('GET', '/feature', { token });
    expect({ status, body }).toEqual({ status: 200, body: { identity: 'alice' } });
    await app.close();
  });

  it('set to false keeps them from modules that do not import the module', async () => {
    const mistake = await mistakeAtStart(adapter, {
      imports: [FeatureModule],
      extras: { isGlobal: false },
    });
    expect((mistake as Error).message).toMatch(/^Nest can't resolve dependencies of the/);
  });

  it('set to false gives them to those that do', async () => {
    @Module({
      imports: [JwtExtendedModule.forRoot({ secret: SECRET, isGlobal: false })],
      providers: [LoginService],
      controllers: [FeatureController],
    })
    class ImportingModule {}

    const nest = (
      await Test.createTestingModule({ imports: [ImportingModule] }).compile()
    ).createNestApplication();
    const app = await RunningApp.start(nest);
    const token = await app.get(LoginService).tokens.createAccessToken('alice');
    const { status, body } = await app.send('GET', '/feature', { token });
    expect({ status, body }).toEqual({ status: 200, body: { identity: 'alice' } });
    await app.close();
  });
});

describe.each(ADAPTERS)('globalGuard on %s', (adapter) => {
  it.each([
    [true, 'access token'],
    [false, 'lets everybody in'],
    [undefined, 'lets everybody in'],
  ])('set to %p: a route without decorators %s (R54)', async (globalGuard, asked) => {
    const app = await createApp(adapter, {
      controllers: [routeAt('/', {})],
      extras: { globalGuard },
    });
    expect(await askedBy(app, '/')).toBe(asked);
    await app.close();
  });
});
