import type { ResponseOptions } from './response-options.js';
import type { BlocklistOptions, RotationOptions } from './blocklist-options.js';

import type { Duration } from '../contracts/token.js';
import type { KeyOptions, KeyRingOptions } from './key-options.js';
import type { JwtExtendedLoaders } from './callbacks.js';
import type { LocationOptions } from './location-options.js';
import type { LoginOptions } from './login-options.js';
import type { TokenOptions } from './token-options.js';

/**
 * The options of `JwtExtendedModule.forRoot`, and what the factory of `forRootAsync` gives. Validated once, at start:
 * a mistake is a {@link JwtExtendedConfigError}.
 *
 * @example
 * ```ts
 * JwtExtendedModule.forRoot({
 *   secret: process.env.JWT_SECRET,
 *   accessTokenExpires: '10m',
 *   locations: ['headers', 'cookies'],
 * });
 * ```
 */
export interface JwtExtendedOptions
  extends KeyOptions, TokenOptions, LocationOptions, ResponseOptions {
  /** Several keys with key ids, in place of `secret`, `privateKey` and `publicKey`. */
  keys?: KeyRingOptions;
  /** Revocation. */
  blocklist?: BlocklistOptions;
  /** Rotation of refresh tokens, and sessions. */
  rotation?: RotationOptions;
  /** Whom the endpoint `login` lets in, and what it answers. */
  login?: LoginOptions;
  /** Functions that the module asks while it makes and reads tokens. */
  loaders?: JwtExtendedLoaders;
  /**
   * How long a loader or a response callback may take.
   *
   * @default '5s'
   */
  loaderTimeout?: Duration;
  /**
   * What time it is; for tests.
   *
   * @default the system's clock
   */
  clock?: () => Date;
}

/** What `useClass` and `useExisting` of `forRootAsync` name. */
export interface JwtExtendedOptionsFactory {
  createJwtExtendedOptions(): JwtExtendedOptions | Promise<JwtExtendedOptions>;
}
