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
import {
  checkAsyncOptions,
  checkExtras,
  EXTRAS_DEFAULTS,
  type JwtExtendedModuleExtras,
  requireOptions,
} from './module/module-extras.js';
import {
  ModuleScope,
  ModuleSettings,
  OPTIONS_REPLACEMENT,
  type OptionsReplacement,
} from './module/module-settings.js';
import { EXPORTS, PROVIDERS } from './module/wiring.js';
import { type EndpointPaths, resolveEndpoints } from './options/endpoint-options.js';
import type { JwtExtendedOptions } from './options/jwt-extended-options.js';
import { BlocklistService } from './revocation/blocklist.service.js';
import { JwtExceptionFilter } from './route/jwt-exception.filter.js';
import { GlobalGuard } from './route/token.guards.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<JwtExtendedOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createJwtExtendedOptions')
    .setExtras<JwtExtendedModuleExtras>(EXTRAS_DEFAULTS, assemble)
    .build();

function assemble(definition: DynamicModule, extras: JwtExtendedModuleExtras): DynamicModule {
  checkExtras(extras);
  const { isGlobal, globalGuard, registerFilter, blocklistService } = extras;
  const paths = resolveEndpoints(extras.endpoints);
  const endpoints = endpointParts(paths);
  return {
    ...definition,
    global: isGlobal ?? true,
    providers: [
      ...(definition.providers ?? []).map((provider) => settling(provider, paths)),
      ...PROVIDERS,
      ModuleScope,
      { provide: BlocklistService, useClass: blocklistService ?? BlocklistService },
      ...(globalGuard ? [GlobalGuard, { provide: APP_GUARD, useExisting: GlobalGuard }] : []),
      ...((registerFilter ?? true)
        ? [{ provide: APP_FILTER, useExisting: JwtExceptionFilter }]
        : []),
      ...endpoints.providers,
    ],
    controllers: endpoints.controllers,
    exports: EXPORTS,
  };
}

/** In place of the options the container holds what they were settled to, so that no key lies in plain sight. */
function settling(provider: Provider, paths: EndpointPaths): Provider {
  if (typeof provider === 'function' || provider.provide !== MODULE_OPTIONS_TOKEN) return provider;
  const { useFactory: give, inject = [] } = isFactory(provider) ? provider : factoryOf(provider);
  const readOptions = async (replace: OptionsReplacement | undefined, ...args: unknown[]) => {
    const options = await give(...args);
    const settings = await ModuleSettings.from(replace ? replace(options) : options);
    checkEndpoints(paths, settings);
    return settings;
  };
  const replacement = { token: OPTIONS_REPLACEMENT, optional: true };
  return { provide: ModuleSettings, useFactory: readOptions, inject: [replacement, ...inject] };
}

function isFactory(provider: Provider): provider is FactoryProvider<JwtExtendedOptions> {
  return 'useFactory' in provider;
}

/** What `forRoot` was given, as a factory, so that a mistake is found at start either way. */
function factoryOf(provider: Provider): FactoryProvider<JwtExtendedOptions> {
  const { provide, useValue } = provider as ValueProvider<JwtExtendedOptions>;
  return { provide, useFactory: () => useValue };
}

/** What `forRootAsync` takes: how the options are come by, and the extras beside them. */
export type JwtExtendedModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  JwtExtendedOptions,
  'createJwtExtendedOptions'
> &
  JwtExtendedModuleExtras;

/**
 * Access, refresh and fresh tokens for a Nest application: `TokenService`, `TokenCookies`, `BlocklistService`, the token
 * guards, and a filter that answers every refusal.
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
@Module({})
export class JwtExtendedModule extends ConfigurableModuleClass {
  /**
   * The module with options that are known when it is imported. They are checked when the application starts.
   *
   * @throws JwtExtendedConfigError - at start, for a mistake in the options
   */
  static override forRoot(options: JwtExtendedOptions & JwtExtendedModuleExtras): DynamicModule {
    requireOptions(options, 'forRoot');
    return super.forRoot(options);
  }

  /**
   * The module with options that a factory gives.
   *
   * @throws JwtExtendedConfigError - at once for a name that it does not have, and at start for a mistake in the options
   */
  static override forRootAsync(options: JwtExtendedModuleAsyncOptions): DynamicModule {
    checkAsyncOptions(options);
    return super.forRootAsync(options);
  }
}
