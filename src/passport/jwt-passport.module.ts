import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { arrayOf, checkNonEmptyString } from '../common/checks.js';
import { readOptions, type Rows } from '../common/read-options.js';
import { RouteAuthenticator } from '../route/route-authenticator.js';
import { PassportStrategies } from './passport.strategies.js';

/** The options of {@link JwtPassportModule.register}. */
export interface JwtPassportOptions {
  /** The strategies are named `<prefix>-access`, `<prefix>-fresh` and `<prefix>-refresh`. @default 'jwt' */
  prefix?: string;
  /**
   * The `JwtExtendedModule` whose tokens the strategies accept. It is needed only if that module is not global, or if
   * the application has several of them. @default []
   */
  imports?: NonNullable<ModuleMetadata['imports']>;
}

const ROWS = {
  prefix: [checkNonEmptyString, 'jwt'],
  imports: [arrayOf((module) => module), []],
} satisfies Rows<JwtPassportOptions>;

/**
 * Registers three passport strategies for `AuthGuard('jwt-access')`, `AuthGuard('jwt-fresh')` and
 * `AuthGuard('jwt-refresh')`. They make the same checks as `AccessGuard`, `FreshGuard` and `RefreshGuard`. If the request
 * has no token, passport tries the next strategy; if it has an invalid one, the request is refused.
 *
 * It needs the packages `@nestjs/passport`, `passport` and `passport-jwt`.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [JwtExtendedModule.forRoot({ secret: process.env.JWT_SECRET }), JwtPassportModule.register()],
 * })
 * export class AppModule {}
 * ```
 */
@Module({})
export class JwtPassportModule {
  /**
   * The module that registers the strategies when the application starts and removes them when it closes.
   *
   * @throws JwtExtendedConfigError - for a mistake in the options; at start, if there is no `JwtExtendedModule`, or if
   * passport has a strategy of such a name already
   */
  static register(options: JwtPassportOptions = {}): DynamicModule {
    const { prefix, imports } = readOptions('JwtPassportModule', ROWS, options);
    return {
      module: JwtPassportModule,
      imports: imports as NonNullable<ModuleMetadata['imports']>,
      providers: [
        {
          provide: PassportStrategies,
          useFactory: (authenticator: RouteAuthenticator | undefined) =>
            new PassportStrategies(prefix, authenticator),
          inject: [{ token: RouteAuthenticator, optional: true }],
        },
      ],
    };
  }
}
