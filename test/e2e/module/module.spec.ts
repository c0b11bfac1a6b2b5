import {
  Controller,
  type DynamicModule,
  Get,
  Inject,
  Injectable,
  Module,
  Scope,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { inspect } from 'node:util';
import { Test, type TestingModule } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import { STATIC_EXTRAS } from '../../../src/common/read-options.js';
import {
  AccessGuard,
  BlocklistService,
  CurrentIdentity,
  FreshGuard,
  JwtExceptionFilter,
  JwtExtendedConfigError,
  JwtExtendedModule,
  type JwtExtendedOptions,
  type JwtExtendedOptionsFactory,
  RefreshGuard,
  TokenCookies,
  TokenService,
} from '../../../src/index.js';
import { MODULE_OPTIONS_TOKEN } from '../../../src/jwt-extended.module.js';
import { EXTRA_ROWS } from '../../../src/module/module-extras.js';
import { ModuleSettings } from '../../../src/module/module-settings.js';
import { createApp, RunningApp } from '../../support/app.js';
import { SECRET } from '../../support/forge.js';
import { rejecting, throwing } from '../../support/faults.js';
import { ecPair } from '../../support/keys.js';
import { askedBy, routeAt } from '../../support/routes.js';

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

type AsyncOptions = Parameters<typeof JwtExtendedModule.forRootAsync>[0];

function compile(module: DynamicModule | Type): Promise<TestingModule> {
  return Test.createTestingModule({
    imports: [module],
    controllers: [routeAt('/', {})],
  }).compile();
}

async function serve(module: DynamicModule | Type): Promise<RunningApp> {
  return RunningApp.start((await compile(module)).createNestApplication());
}

/** Matches a mistake in the configuration whose message contains a text, but never the secret. */
function configError(text: string): object {
  const quoted = text.replace(/[.()?]/g, '\\$&');
  return expect.objectContaining({
    name: 'JwtExtendedConfigError',
    message: expect.stringMatching(`^(?![^]*${SECRET})[^]*${quoted}`) as unknown,
  }) as object;
}

describe('forRoot', () => {
  it('provides every service, guard and filter', async () => {
    const testing = await compile(JwtExtendedModule.forRoot({ secret: SECRET }));
    for (const service of SERVICES)
      expect(testing.get<object>(service, { strict: false })).toBeInstanceOf(service);
  });

  it.each<[string, unknown, string]>([
    ['nothing to sign with', {}, 'secret'],
    ['an unknown option', { secret: SECRET, algorithims: ['HS256'] }, 'algorithims'],
    ['a misspelt extra', { secret: SECRET, globalGaurd: true }, 'did you mean globalGuard?'],
    ['a bad value', { secret: SECRET, accessTokenExpires: '15' }, 'accessTokenExpires'],
    ['a key that is no key', { privateKey: 'x', algorithm: 'RS256' }, 'privateKey'],
    ['the factory of forRootAsync', { useFactory: () => ({ secret: SECRET }) }, 'useFactory'],
    ['undefined', undefined, ''],
    ['null', null, ''],
    ['text', 'secret', ''],
  ])('does not compile with %s (R21)', async (_title, options, text) => {
    const compiling = async () => compile(JwtExtendedModule.forRoot(options as never));
    await expect(compiling()).rejects.toEqual(configError(text));
  });

  it.each<[string, object, string]>([
    ['isGlobal', { isGlobal: 'yes' }, 'isGlobal was given'],
    ['globalGuard', { globalGuard: 1 }, 'globalGuard was given'],
    ['registerFilter', { registerFilter: null }, 'registerFilter was given'],
    ['blocklistService', { blocklistService: LoginService }, 'blocklistService must be a class'],
    ['blocklistService', { blocklistService: {} }, 'blocklistService must be a class'],
    ['blocklistService', { blocklistService: 'redis' }, 'blocklistService must be a class'],
    ['blocklistService', { blocklistService: null }, 'blocklistService'],
  ])('refuses a wrong %s when it is called', (_name, extras, text) => {
    const call = () => JwtExtendedModule.forRoot({ secret: SECRET, ...extras } as never);
    expect(call).toThrow(configError(text));
  });

  it('treats an undefined extra as one that was not given', async () => {
    const app = await createApp('express', {
      controllers: [routeAt('/', {}), FeatureController],
      extras: {
        isGlobal: undefined,
        globalGuard: undefined,
        registerFilter: undefined,
        blocklistService: undefined,
      },
    });
    expect(await askedBy(app, '/')).toBe('lets everybody in');
    expect(await app.send('GET', '/feature')).toMatchObject({
      status: 401,
      body: { msg: 'Missing Authorization Header' },
    });
    await app.close();
  });

  it('ignores later changes of the options', async () => {
    const options = { secret: SECRET, errorMessageKey: 'error', globalGuard: true };
    const testing = await compile(JwtExtendedModule.forRoot(options));
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

@Injectable()
class Settings {
  readonly secret = SECRET;
  readonly issuer = 'settings';
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class OptionsFactory implements JwtExtendedOptionsFactory {
  @Inject(Settings)
  private readonly settings!: Settings;

  createJwtExtendedOptions(): JwtExtendedOptions {
    return { secret: this.settings.secret, encodeIssuer: this.settings.issuer };
  }
}

@Module({
  imports: [SettingsModule],
  providers: [OptionsFactory],
  exports: [OptionsFactory, SettingsModule],
})
class OptionsModule {}

@Injectable({ scope: Scope.REQUEST })
class Visit {}

@Module({ providers: [Visit], exports: [Visit] })
class VisitsModule {}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedFactory implements JwtExtendedOptionsFactory {
  createJwtExtendedOptions(): JwtExtendedOptions {
    return { secret: SECRET };
  }
}

function optionsOf({ secret, issuer }: Settings): JwtExtendedOptions {
  return { secret, encodeIssuer: issuer };
}

const inject = [Settings];
const imports = [SettingsModule];

const WAYS: readonly [string, AsyncOptions][] = [
  ['useFactory', { imports, inject, useFactory: optionsOf }],
  [
    'an asynchronous useFactory',
    { imports, inject, useFactory: (given: Settings) => Promise.resolve(optionsOf(given)) },
  ],
  [
    'useFactory without inject',
    { useFactory: () => ({ secret: SECRET, encodeIssuer: 'settings' }) },
  ],
  [
    'an optional dependency that exists',
    { imports, inject: [{ token: Settings, optional: true }], useFactory: optionsOf },
  ],
  ['useClass', { imports, useClass: OptionsFactory }],
  ['useExisting', { imports: [OptionsModule], useExisting: OptionsFactory }],
];

describe('forRootAsync', () => {
  it.each(WAYS)('takes its options by %s', async (_way, options) => {
    const tokens = (await compile(JwtExtendedModule.forRootAsync(options))).get(TokenService, {
      strict: false,
    });
    const { claims } = await tokens.decodeToken(await tokens.createAccessToken('alice'));
    expect(claims).toMatchObject({ iss: 'settings', sub: 'alice' });
  });

  it('takes the extras beside the factory', async () => {
    const app = await serve(
      JwtExtendedModule.forRootAsync({
        useFactory: () => ({ secret: SECRET, errorMessageKey: 'error' }),
        globalGuard: true,
        isGlobal: true,
      }),
    );
    expect(await askedBy(app, '/')).toBe('access token');
    expect(await app.send('GET', '/')).toMatchObject({
      status: 401,
      body: { error: 'Missing Authorization Header' },
    });
    await app.close();
  });

  it.each<[string, object, string]>([
    ['an unknown name', { injects: [] }, "forRootAsync has no option 'injects'"],
    ['a misspelt extra', { isglobal: true }, "forRootAsync has no option 'isglobal'"],
    [
      'an option of the module',
      { secret: SECRET },
      "no option 'secret': if it is an option of the module, return it from useFactory",
    ],
    ['two ways at once', { useClass: OptionsFactory }, 'was given useFactory and useClass'],
    [
      'all three ways',
      { useClass: OptionsFactory, useExisting: OptionsFactory },
      'was given useFactory and useClass and useExisting',
    ],
    ['no way', { useFactory: undefined, imports: [] }, 'useFactory'],
    ['a wrong extra', { globalGuard: 'yes' }, 'globalGuard was given'],
    ['a factory that is no function', { useFactory: 'optionsOf' }, 'useFactory must be a function'],
  ])('refuses %s when it is called (R21)', (_title, options, text) => {
    const call = () =>
      JwtExtendedModule.forRootAsync({ useFactory: optionsOf, ...options } as never);
    expect(call).toThrow(configError(text));
  });

  it.each<[object, string]>([
    [{ imports: [] }, 'was given none'],
    [{}, 'was given none'],
    [{ useClass: 'Factory' }, 'useClass must be a class'],
    [{ useClass: {} }, 'with the method createJwtExtendedOptions()'],
    [{ secret: SECRET }, 'secret'],
  ])('refuses %j without a factory', (options, text) => {
    expect(() => JwtExtendedModule.forRootAsync(options as never)).toThrow(configError(text));
  });

  it.each<[string, unknown, string]>([
    ['an unknown name', { secret: SECRET, acessTokenExpires: 5 }, 'mean accessTokenExpires?'],
    ['an extra', { secret: SECRET, globalGuard: true }, 'it belongs beside useFactory'],
    ['an empty secret', { secret: '' }, 'secret'],
    ['nothing', undefined, 'options'],
    ['null', null, 'options'],
    ['text', 'secret', 'options'],
    ['an array', [], 'JwtExtendedModule was given an empty array; give an object of options'],
    ['a function', () => ({ secret: SECRET }), 'JwtExtendedModule was given a function'],
    ['a bad value', { secret: SECRET, leeway: -1 }, 'leeway'],
  ])('does not compile if the factory returns %s (R21)', async (_title, result, text) => {
    const module = JwtExtendedModule.forRootAsync({ useFactory: () => result as never });
    await expect(compile(module)).rejects.toEqual(configError(text));
  });

  it.each<[string, () => unknown]>([
    ['the factory throws', throwing(new Error('JWT_SECRET is not set'))],
    ['the factory rejects', rejecting(new Error('JWT_SECRET is not set'))],
    [
      'a getter of the options throws',
      () => ({
        secret: SECRET,
        get leeway(): number {
          throw new Error('JWT_SECRET is not set');
        },
      }),
    ],
  ])('does not compile if %s, and rejects with its error', async (_title, useFactory) => {
    const failing = compile(JwtExtendedModule.forRootAsync({ useFactory: useFactory as never }));
    await expect(failing).rejects.toThrow('JWT_SECRET is not set');
  });

  it.each<[string, JwtExtendedOptions]>([
    ['is frozen', Object.freeze({ secret: SECRET, cookies: Object.freeze({ secure: false }) })],
    ['has no prototype', Object.assign(Object.create(null) as object, { secret: SECRET })],
  ])('takes an object of options that %s', async (_title, options) => {
    const testing = await compile(JwtExtendedModule.forRootAsync({ useFactory: () => options }));
    expect(testing.get(ModuleSettings, { strict: false }).options.token.leeway).toBe(0);
  });

  it.each<[string, AsyncOptions]>([
    [
      'useFactory',
      { imports: [VisitsModule], inject: [Visit], useFactory: () => ({ secret: SECRET }) },
    ],
    ['useClass', { useClass: RequestScopedFactory }],
  ])('does not start if %s depends on a request', async (_way, options) => {
    const start = async (extras: Pick<AsyncOptions, 'globalGuard' | 'registerFilter'>) =>
      (await serve(JwtExtendedModule.forRootAsync({ ...options, ...extras }))).close();

    for (const globalGuard of [true, false])
      for (const registerFilter of [true, false])
        await expect(start({ globalGuard, registerFilter })).rejects.toThrow(/request-scoped/);
    await expect(start({ globalGuard: false, registerFilter: false })).rejects.toBeInstanceOf(
      JwtExtendedConfigError,
    );
  });
});

describe('The extra isGlobal', () => {
  const forRoot = JwtExtendedModule.forRoot({ secret: SECRET });
  const local = JwtExtendedModule.forRoot({ secret: SECRET, isGlobal: false });
  const feature = { providers: [LoginService], controllers: [FeatureController] };

  @Module({ imports: [forRoot, FeatureModule] })
  class GlobalModule {}

  @Module({ imports: [local], ...feature })
  class ImportingModule {}

  it.each([
    ['every module use guards and services by default', GlobalModule],
    ['only modules that import the module use them if it is false', ImportingModule],
  ])('lets %s', async (_title, module) => {
    const app = await serve(module);
    const token = await app.get(LoginService).tokens.createAccessToken('alice');
    const { status, body } = await app.send('GET', '/feature', { token });
    expect({ status, body }).toEqual({ status: 200, body: { identity: 'alice' } });
    await app.close();
  });

  it('keeps them from modules that do not import the module if it is false', async () => {
    @Module({ imports: [local, FeatureModule] })
    class ForgetfulModule {}

    await expect(compile(ForgetfulModule)).rejects.toThrow(
      /^Nest can't resolve dependencies of the/,
    );
  });
});

describe('The extras', () => {
  it('are known to the options, which name their place', () => {
    expect([...STATIC_EXTRAS].sort()).toEqual(Object.keys(EXTRA_ROWS).sort());
  });
});

describe('ModuleSettings', () => {
  it('shows no key if it is printed, and is frozen', async () => {
    const settings = await ModuleSettings.from({ secret: SECRET });
    expect(inspect(settings, { depth: Infinity, showHidden: true })).not.toContain(SECRET);
    expect(JSON.stringify(settings)).not.toContain(SECRET);
    expect(Object.isFrozen(settings.options)).toBe(true);
  });

  it('is in the container instead of the options', async () => {
    const testing = await compile(JwtExtendedModule.forRoot({ secret: SECRET }));
    const optionsOf = () => testing.get<unknown>(MODULE_OPTIONS_TOKEN, { strict: false });
    expect(optionsOf).toThrow(/could not find/);
    expect(testing.get(ModuleSettings, { strict: false })).toBeInstanceOf(ModuleSettings);
  });

  it('refuses decodeKey and decodeAlgorithms that do not fit a ring of keys', async () => {
    const current = { kid: 'a', algorithm: 'ES256', privateKey: ecPair().privateKey } as const;
    const other = { kid: 'b', algorithm: 'HS256', secret: SECRET } as const;
    const loaders = { decodeKey: () => SECRET };

    await expect(ModuleSettings.from({ keys: { current }, loaders })).resolves.toBeDefined();
    await expect(
      ModuleSettings.from({ keys: { current, others: [other] }, loaders }),
    ).rejects.toThrow('loaders.decodeKey is given beside keys for ES256 and HS256');
    await expect(
      ModuleSettings.from({ keys: { current }, decodeAlgorithms: ['ES256'] }),
    ).rejects.toThrow('keys and decodeAlgorithms are both given: leave out decodeAlgorithms');
  });
});
