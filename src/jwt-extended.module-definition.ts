import {
  ConfigurableModuleBuilder,
  type DynamicModule,
  type FactoryProvider,
  type Provider,
  type ValueProvider,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import {
  checkExtras,
  EXTRAS_DEFAULTS,
  jwksPath,
  type JwtExtendedModuleExtras,
} from './jwt-extended.module-extras.js';
import { EXPORTS, PROVIDERS } from './jwt-extended.module-providers.js';
import { ModuleScope } from './jwt-extended.module-scope.js';
import {
  ModuleSettings,
  OPTIONS_REPLACEMENT,
  type OptionsReplacement,
} from './jwt-extended.module-settings.js';
import type { JwtExtendedOptions } from './options/jwt-extended-options.js';
import { BlocklistService } from './revocation/blocklist.service.js';
import { GlobalGuard } from './route/global.guard.js';
import { JWKS_PATH, JwksEndpoint } from './route/jwks.endpoint.js';
import { JwtExceptionFilter } from './route/jwt-exception.filter.js';
import { PassportStrategies, STRATEGY_PREFIX } from './route/passport-strategies.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<JwtExtendedOptions>()
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createJwtExtendedOptions')
    .setExtras<JwtExtendedModuleExtras>(EXTRAS_DEFAULTS, assemble)
    .build();

function assemble(definition: DynamicModule, extras: JwtExtendedModuleExtras): DynamicModule {
  checkExtras(extras);
  const { isGlobal, globalGuard, registerFilter, strategyPrefix, blocklistService } = extras;
  const jwks = jwksPath(extras.endpoints);
  return {
    ...definition,
    global: isGlobal ?? true,
    providers: [
      ...(definition.providers ?? []).map(settling),
      ...PROVIDERS,
      ModuleScope,
      { provide: BlocklistService, useClass: blocklistService ?? BlocklistService },
      ...(globalGuard ? [GlobalGuard, { provide: APP_GUARD, useExisting: GlobalGuard }] : []),
      ...((registerFilter ?? true)
        ? [{ provide: APP_FILTER, useExisting: JwtExceptionFilter }]
        : []),
      ...(strategyPrefix
        ? [{ provide: STRATEGY_PREFIX, useValue: strategyPrefix }, PassportStrategies]
        : []),
      ...(jwks ? [{ provide: JWKS_PATH, useValue: jwks }, JwksEndpoint] : []),
    ],
    exports: EXPORTS,
  };
}

/** In place of the options the container holds what they were settled to, so that no key lies in plain sight. */
function settling(provider: Provider): Provider {
  if (typeof provider === 'function' || provider.provide !== MODULE_OPTIONS_TOKEN) return provider;
  const { useFactory: give, inject = [] } = isFactory(provider) ? provider : factoryOf(provider);
  const settle = async (replace: OptionsReplacement | undefined, ...args: unknown[]) => {
    const options = await give(...args);
    return ModuleSettings.from(replace ? replace(options) : options);
  };
  const replacement = { token: OPTIONS_REPLACEMENT, optional: true };
  return { provide: ModuleSettings, useFactory: settle, inject: [replacement, ...inject] };
}

function isFactory(provider: Provider): provider is FactoryProvider<JwtExtendedOptions> {
  return 'useFactory' in provider;
}

/** What `forRoot` was given, as a factory, so that a mistake is found at start either way. */
function factoryOf(provider: Provider): FactoryProvider<JwtExtendedOptions> {
  const { provide, useValue } = provider as ValueProvider<JwtExtendedOptions>;
  return { provide, useFactory: () => useValue };
}
