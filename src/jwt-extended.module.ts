import {
  type ConfigurableModuleAsyncOptions,
  ConfigurableModuleBuilder,
  type DynamicModule,
  type FactoryProvider,
  Module,
  type Provider,
  type ValueProvider,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { checkEndpoints, endpointParts } from './module/endpoints.js';
import { ModuleCheck } from './module/module-check.js';
import {
  checkAsyncOptions,
  checkedFactory,
  type JwtExtendedModuleExtras,
  NO_EXTRAS,
  readExtras,
  requireOptions,
} from './module/module-extras.js';
import {
  CONFIGURED,
  FACTORY_METHOD,
  ModuleSettings,
  OPTIONS_REPLACEMENT,
  type OptionsReplacement,
} from './module/module-settings.js';
import { EXPORTS, PROVIDERS } from './module/wiring.js';
import type { MountedEndpoints } from './options/endpoint-options.js';
import type { JwtExtendedOptions } from './options/jwt-extended-options.js';
import { BlocklistService } from './revocation/blocklist.service.js';
import { JwtExceptionFilter } from './route/jwt-exception.filter.js';
import { GlobalGuard } from './route/token.guards.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<JwtExtendedOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName(FACTORY_METHOD)
    .setExtras<JwtExtendedModuleExtras>(NO_EXTRAS, assemble)
    .build();

/** @throws JwtExtendedConfigError - for a mistake in the extras */
function assemble(definition: DynamicModule, extras: JwtExtendedModuleExtras): DynamicModule {
  const { isGlobal, globalGuard, registerFilter, endpoints, blocklistService } = readExtras(extras);
  const { controllers, providers } = endpointParts(endpoints ?? {});
  return {
    ...definition,
    global: isGlobal,
    providers: [
      ...(definition.providers ?? []).map((provider) => settingsOf(provider, endpoints ?? {})),
      ...PROVIDERS,
      { provide: BlocklistService, useClass: blocklistService ?? BlocklistService },
      ...(globalGuard ? [GlobalGuard, { provide: APP_GUARD, useExisting: GlobalGuard }] : []),
      ...(registerFilter ? [{ provide: APP_FILTER, useExisting: JwtExceptionFilter }] : []),
      ...providers,
    ],
    controllers,
    exports: EXPORTS,
  };
}

/** Replaces Nest's provider of the options by one of the settings, so that the container holds no key in plain text. */
function settingsOf(provider: Provider, mounted: MountedEndpoints): Provider {
  if (typeof provider === 'function' || provider.provide !== MODULE_OPTIONS_TOKEN) return provider;
  const { useFactory: getOptions, inject = [] } = factoryOf(provider);
  const readSettings = async (replace: OptionsReplacement | undefined, ...args: unknown[]) => {
    const options = await getOptions(...args);
    const settings = await ModuleSettings.from(replace ? replace(options) : options);
    checkEndpoints(mounted, settings);
    return settings;
  };
  const replacement = { token: OPTIONS_REPLACEMENT, optional: true };
  return { provide: CONFIGURED, useFactory: readSettings, inject: [replacement, ...inject] };
}

/** The options of `forRoot` become a factory too, so that their mistakes are found at start. */
function factoryOf(provider: Provider): Omit<FactoryProvider<JwtExtendedOptions>, 'provide'> {
  if ('useFactory' in provider) return provider;
  const { useValue } = provider as ValueProvider<JwtExtendedOptions>;
  return { useFactory: () => useValue };
}

/** The argument of `forRootAsync`: how to get the options, and the extras. */
export type JwtExtendedModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  JwtExtendedOptions,
  'createJwtExtendedOptions'
> &
  JwtExtendedModuleExtras;

/**
 * Access, refresh and fresh tokens for a Nest application: it provides `TokenService`, `TokenCookies`,
 * `BlocklistService`, the token guards, and a filter that answers every refusal.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     JwtExtendedModule.forRootAsync({
 *       inject: [ConfigService],
 *       useFactory: (config: ConfigService) => ({ secret: config.getOrThrow<string>('JWT_SECRET') }),
 *     }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 */
@Module({ providers: [ModuleCheck] })
export class JwtExtendedModule extends ConfigurableModuleClass {
  /**
   * Configures the module with options that are known when it is imported. They are checked when the application starts.
   *
   * @throws JwtExtendedConfigError - at start, for a mistake in the options
   */
  static override forRoot(options: JwtExtendedOptions & JwtExtendedModuleExtras): DynamicModule {
    requireOptions(options, 'forRoot');
    return super.forRoot(options);
  }

  /**
   * Configures the module with options that a factory returns.
   *
   * @throws JwtExtendedConfigError - at once for an unknown name, and at start for a mistake in the options
   */
  static override forRootAsync(options: JwtExtendedModuleAsyncOptions): DynamicModule {
    checkAsyncOptions(options);
    const definition = super.forRootAsync(options);
    if (options.useFactory) return definition;
    const way = options.useClass ? 'useClass' : 'useExisting';
    const providers = definition.providers?.map((each) => checkedFactory(each, way)) ?? [];
    return { ...definition, providers };
  }
}
