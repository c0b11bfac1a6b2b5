import type { SecurityEventEmitter } from '../contracts/security-events.js';
import type { Duration } from '../contracts/token.js';
import type { BlocklistOptions, RotationOptions, SessionOptions } from './blocklist-options.js';
import type { JwtExtendedLoaders } from './callbacks.js';
import type { IssuerOptions } from './issuer-options.js';
import type { KeyOptions, KeyRingOptions } from './key-options.js';
import type { LocationOptions } from './location-options.js';
import type { LoginOptions } from './login-options.js';
import type { ResponseOptions } from './response-options.js';
import type { TokenOptions } from './token-options.js';

/**
 * The options of `JwtExtendedModule.forRoot`, and what the factory of `forRootAsync` returns. They are checked once, at
 * start; a mistake is a {@link JwtExtendedConfigError}.
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
  /** Several keys with key ids, instead of `secret`, `privateKey` and `publicKey`. */
  keys?: KeyRingOptions;
  /**
   * Other issuers, such as identity providers, whose access tokens are accepted. Beside them the module may have keys of its
   * own, or none: it then only verifies.
   * @default []
   */
  issuers?: readonly IssuerOptions[];
  /**
   * Where revocations are kept, and which tokens are checked. `false`: nothing is kept, as is Flask-JWT-Extended's default;
   * tokens can then be neither revoked nor rotated.
   */
  blocklist?: BlocklistOptions | false;
  /** How refresh tokens are rotated. */
  rotation?: RotationOptions;
  /** How long sessions last, and whether they are listed. */
  sessions?: SessionOptions;
  /**
   * Emits security events as `jwt.<name>`: an `EventEmitter2`, Node's `EventEmitter` or an object of your own.
   * @default none
   */
  events?: SecurityEventEmitter;
  /** Who may log in at the endpoint `login`, and what it answers. */
  login?: LoginOptions;
  /** Functions that the module calls while it creates and reads tokens. */
  loaders?: JwtExtendedLoaders;
  /** How long a loader or a response callback may take. @default '5s' */
  loaderTimeout?: Duration;
  /** Returns the current time; for tests. @default the system's clock */
  clock?: () => Date;
  /**
   * Whether the module says at start what it understood and what looks dangerous. If `NODE_ENV` is unset or
   * `development`, it logs a few lines about keys, locations, lifetimes, store and routes, none of them secret; in
   * production it warns of choices that are allowed but dangerous, such as the memory store, and in development of those
   * that are dangerous there, too. While tests run (`NODE_ENV=test`, Jest, Vitest), and with `false`: neither.
   *
   * @default true
   * @example
   * ```ts
   * // One process, which may forget its revocations when it ends.
   * JwtExtendedModule.forRoot({ secret: process.env.JWT_SECRET, report: false });
   * ```
   */
  report?: boolean;
}

/** The class that `useClass` and `useExisting` of `forRootAsync` take. */
export interface JwtExtendedOptionsFactory {
  createJwtExtendedOptions(): JwtExtendedOptions | Promise<JwtExtendedOptions>;
}
