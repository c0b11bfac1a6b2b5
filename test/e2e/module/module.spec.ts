import { Controller, Get, Inject, Injectable, Module, Scope, UseGuards } from '@nestjs/common';
import { Test } from '@nestjs/testing';
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
import { EXTRA_ROWS } from '../../../src/module/module-extras.js';
import { createApp, RunningApp } from '../../support/app.js';
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
  it('provides every service, guard and filter', async () => {
    const testing = await Test.createTestingModule({
      imports: [JwtExtendedModule.forRoot({ secret: SECRET })],
    }).compile();
    for (const service of SERVICES)
      expect(testing.get<object>(service, { strict: false })).toBeInstanceOf(service);
  });

  it.each<[string, object, string]>([
    ['nothing to sign with', {}, 'secret'],
    ['an unknown option', { secret: SECRET, algorithims: ['HS256'] }, 'algorithims'],
    ['a misspelt extra', { secret: SECRET, globalGaurd: true }, 'did you mean globalGuard?'],
    ['a bad value', { secret: SECRET, accessTokenExpires: '15' }, 'accessTokenExpires'],
    ['a key that is no key', { privateKey: 'x', algorithm: 'RS256' }, 'privateKey'],
    ['the factory of forRootAsync', { useFactory: () => ({ secret: SECRET }) }, 'useFactory'],
  ])('does not compile with %s (R21)', async (_title, options, named) => {
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

  it.each([[undefined], [null], ['secret']])('refuses %p in place of options', async (options) => {
    await expect(async () => {
      await Test.createTestingModule({
        imports: [JwtExtendedModule.forRoot(options as never)],
      }).compile();
    }).rejects.toBeInstanceOf(JwtExtendedConfigError);
  });

  it('treats an undefined extra as one that was not given', async () => {
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

  it('registers the filter if registerFilter is undefined', async () => {
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

  it('ignores later changes of the options', async () => {
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

type AsyncOptions = Parameters<typeof JwtExtendedModule.forRootAsync>[0];

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

const WAYS: readonly [string, AsyncOptions][] = [
  ['useFactory', { imports: [SettingsModule], inject: [Settings], useFactory: optionsOf }],
  [
    'an asynchronous useFactory',
    {
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: (settings: Settings) => Promise.resolve(optionsOf(settings)),
    },
  ],
  [
    'useFactory without inject',
    { useFactory: () => ({ secret: SECRET, encodeIssuer: 'settings' }) },
  ],
  [
    'an optional dependency that is there',
    {
      imports: [SettingsModule],
      inject: [{ token: Settings, optional: true }],
      useFactory: optionsOf,
    },
  ],
  ['useClass', { imports: [SettingsModule], useClass: OptionsFactory }],
  ['useExisting', { imports: [OptionsModule], useExisting: OptionsFactory }],
];

async function compile(options: AsyncOptions) {
  return Test.createTestingModule({
    imports: [JwtExtendedModule.forRootAsync(options)],
    controllers: [routeAt('/', {})],
  }).compile();
}

/** Why the options of a factory are refused. */
async function mistakeOf(result: unknown): Promise<unknown> {
  try {
    await compile({ useFactory: () => result as JwtExtendedOptions });
  } catch (mistake) {
    return mistake;
  }
  throw new Error('The module compiled');
}

describe('forRootAsync', () => {
  it.each(WAYS)('takes its options by %s', async (_way, options) => {
    const tokens = (await compile(options)).get(TokenService, { strict: false });
    const { claims } = await tokens.decodeToken(await tokens.createAccessToken('alice'));
    expect(claims).toMatchObject({ iss: 'settings', sub: 'alice' });
  });

  it('takes the extras beside the factory', async () => {
    const testing = await compile({
      useFactory: () => ({ secret: SECRET, errorMessageKey: 'error' }),
      globalGuard: true,
      isGlobal: true,
    });
    const app = await RunningApp.start(testing.createNestApplication());
    expect(await askedBy(app, '/')).toBe('access token');
    expect(await app.send('GET', '/')).toMatchObject({
      status: 401,
      body: { error: 'Missing Authorization Header' },
    });
    await app.close();
  });

  it.each<[string, object, string]>([
    [
      'an unknown name',
      { useFactory: optionsOf, injects: [] },
      "forRootAsync has no option 'injects'",
    ],
    [
      'a misspelt extra',
      { useFactory: optionsOf, isglobal: true },
      "forRootAsync has no option 'isglobal'",
    ],
    [
      'an option of the module',
      { useFactory: optionsOf, secret: SECRET },
      "no option 'secret': if it is an option of the module, return it from useFactory",
    ],
    [
      'two ways at once',
      { useFactory: optionsOf, useClass: OptionsFactory },
      'was given useFactory and useClass',
    ],
    [
      'all three ways',
      { useFactory: optionsOf, useClass: OptionsFactory, useExisting: OptionsFactory },
      'was given useFactory and useClass and useExisting',
    ],
    ['no way', { imports: [] }, 'was given none'],
    ['nothing in it', {}, 'was given none'],
    ['a wrong extra', { useFactory: optionsOf, globalGuard: 'yes' }, 'globalGuard was given'],
    ['a factory that is no function', { useFactory: 'optionsOf' }, 'useFactory must be a function'],
    ['a class that is none', { useClass: 'Factory' }, 'useClass must be a class'],
    ['no factory but its name', { useFactory: undefined }, 'useFactory'],
  ])('refuses %s at once (R21)', (_title, options, message) => {
    expect(() => JwtExtendedModule.forRootAsync(options as never)).toThrow(
      expect.objectContaining({
        name: 'JwtExtendedConfigError',
        message: expect.stringContaining(message) as unknown,
      }),
    );
  });

  it('never repeats the value of an option', () => {
    expect(() => JwtExtendedModule.forRootAsync({ secret: SECRET } as never)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(SECRET) as unknown }),
    );
  });

  it.each<[string, unknown, string]>([
    [
      'an unknown name',
      { secret: SECRET, acessTokenExpires: 5 },
      'did you mean accessTokenExpires?',
    ],
    ['an extra', { secret: SECRET, globalGuard: true }, 'it belongs beside useFactory'],
    ['an empty secret', { secret: '' }, 'secret'],
    ['nothing', undefined, 'options'],
    ['null', null, 'options'],
    ['text', 'secret', 'options'],
    ['an array', [], ''],
    ['a bad value', { secret: SECRET, leeway: -1 }, 'leeway'],
  ])('does not compile if the factory returns %s (R21)', async (_title, result, named) => {
    const mistake = await mistakeOf(result);
    expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
    expect((mistake as Error).message).toContain(named);
  });

  it('does not compile if the factory throws, and rejects with its error', async () => {
    const failing = compile({
      useFactory: () => {
        throw new Error('JWT_SECRET is not set');
      },
    });
    await expect(failing).rejects.toThrow('JWT_SECRET is not set');
  });

  it.each<[string, AsyncOptions]>([
    [
      'useFactory',
      { imports: [VisitsModule], inject: [Visit], useFactory: () => ({ secret: SECRET }) },
    ],
    ['useClass', { useClass: RequestScopedFactory }],
  ])('does not start if %s depends on a request', async (_way, options) => {
    const start = async (extras: Pick<AsyncOptions, 'globalGuard' | 'registerFilter'>) => {
      const nest = (await compile({ ...options, ...extras })).createNestApplication();
      await (await RunningApp.start(nest)).close();
    };

    for (const globalGuard of [true, false])
      for (const registerFilter of [true, false])
        await expect(start({ globalGuard, registerFilter })).rejects.toThrow(/request-scoped/);
    await expect(start({ globalGuard: false, registerFilter: false })).rejects.toBeInstanceOf(
      JwtExtendedConfigError,
    );
  });
});

describe('The extra isGlobal', () => {
  it('lets every module use guards and services', async () => {
    const app = await createApp('express', { imports: [FeatureModule] });
    const token = await app.get(LoginService).tokens.createAccessToken('alice');
    const { status, body } = await app.send('GET', '/feature', { token });
    expect({ status, body }).toEqual({ status: 200, body: { identity: 'alice' } });
    await app.close();
  });

  it('keeps them from modules that do not import the module if it is false', async () => {
    const mistake = await mistakeAtStart('express', {
      imports: [FeatureModule],
      extras: { isGlobal: false },
    });
    expect((mistake as Error).message).toMatch(/^Nest can't resolve dependencies of the/);
  });

  it('lets modules that import the module use them if it is false', async () => {
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

describe('The extra globalGuard', () => {
  it.each([
    [true, 'access token'],
    [false, 'lets everybody in'],
    [undefined, 'lets everybody in'],
  ])('is %p: a route without decorators %s (R54)', async (globalGuard, asked) => {
    const app = await createApp('express', {
      controllers: [routeAt('/', {})],
      extras: { globalGuard },
    });
    expect(await askedBy(app, '/')).toBe(asked);
    await app.close();
  });
});

describe('The extras', () => {
  it('are known to the options, which name their place', () => {
    expect([...STATIC_EXTRAS].sort()).toEqual(Object.keys(EXTRA_ROWS).sort());
  });
});
