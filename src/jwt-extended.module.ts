import { type ConfigurableModuleAsyncOptions, type DynamicModule, Module } from '@nestjs/common';
import { ConfigurableModuleClass } from './jwt-extended.module-definition.js';
import {
  checkAsyncOptions,
  type JwtExtendedModuleExtras,
  requireOptions,
} from './jwt-extended.module-extras.js';
import type { JwtExtendedOptions } from './options/jwt-extended-options.js';

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
