import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import {
  JwtExtendedConfigError,
  JwtExtendedModule,
  type JwtExtendedOptions,
  type JwtExtendedOptionsFactory,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, RunningApp } from '../../support/app.js';
import { SECRET } from '../../support/forge.js';
import { askedBy, routeAt } from '../../support/routes.js';

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

  it.each(ADAPTERS)('takes the extras beside the factory, on %s', async (adapter) => {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify');
    const testing = await compile({
      useFactory: () => ({ secret: SECRET, errorMessageKey: 'error' }),
      globalGuard: true,
      isGlobal: true,
    });
    const app = await RunningApp.start(
      adapter === 'fastify'
        ? testing.createNestApplication(new FastifyAdapter())
        : testing.createNestApplication(),
    );
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
    ['a factory that is none', { useFactory: 'optionsOf' }, 'useFactory'],
    ['no factory but its name', { useFactory: undefined }, 'useFactory'],
  ])('refuses %s at once (R21)', (_title, options, message) => {
    expect(() => JwtExtendedModule.forRootAsync(options as never)).toThrow(
      expect.objectContaining({
        name: 'JwtExtendedConfigError',
        message: expect.stringContaining(message) as unknown,
      }),
    );
  });

  it('never shows what it was given for an option', () => {
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
  ])('does not compile when the factory gives %s (R21)', async (_title, result, named) => {
    const mistake = await mistakeOf(result);
    expect(mistake).toBeInstanceOf(JwtExtendedConfigError);
    expect((mistake as Error).message).toContain(named);
  });

  it('does not compile when the factory fails, and says why', async () => {
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
  ])('does not start with options that depend on a request, by %s', async (_way, options) => {
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
