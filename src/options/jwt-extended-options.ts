import type { BlocklistStore } from '../contracts/blocklist-store.js';
import type { Duration, TokenType } from '../contracts/token.js';
import type { KeyOptions, KeyRingOptions } from './key-ring-options.js';
import type { JwtExtendedLoaders, JwtExtendedResponses } from './loaders.js';
import type { LocationOptions } from './location-options.js';
import type { LoginOptions } from './login-options.js';
import type { TokenOptions } from './token-options.js';

/** How refusals look. */
export interface ResponseOptions {
  /**
   * The member of a refusal's body that holds its message. Flask: `JWT_ERROR_MESSAGE_KEY`.
   *
   * @default 'msg'
   */
  errorMessageKey?: string;
  /** Also puts the stable code (`TOKEN_EXPIRED`…) into the body, under this name. */
  errorCodeKey?: string;
  /**
   * `'flask'` answers a token that is not one with 422; `'rfc6750'` answers every bad token with 401.
   *
   * @default 'flask'
   */
  statusProfile?: 'flask' | 'rfc6750';
  /** The `realm` of `WWW-Authenticate` (RFC 9110 section 11.5). Flask-JWT: `JWT_DEFAULT_REALM`. */
  realm?: string;
  /** What refusals are answered with, in place of the defaults. */
  responses?: JwtExtendedResponses;
}

/** How revocations are kept and asked for. */
export interface BlocklistOptions {
  /**
   * Where revocations are kept.
   *
   * @default a `MemoryBlocklistStore`
   */
  store?: BlocklistStore;
  /**
   * Which types of token are looked up. Flask: `JWT_BLACKLIST_TOKEN_CHECKS`.
   *
   * @default ['access', 'refresh']
   */
  checks?: readonly TokenType[];
  /**
   * How long the store may take to answer.
   *
   * @default '1s'
   */
  timeout?: Duration;
  /**
   * What happens to a request when the store does not answer: `'deny'` refuses it with 503, `'allow'` lets it in.
   *
   * @default 'deny'
   */
  onStoreError?: 'deny' | 'allow';
}

/** How refresh tokens are rotated, and how long sessions may last. */
export interface RotationOptions {
  /**
   * How long a spent refresh token still gives the same successor, for a client that raced with itself or lost an
   * answer; at most a minute. `0` takes every second use for theft.
   *
   * @default '10s'
   */
  grace?: Duration;
  /**
   * How long a session may last from its login, however often it is refreshed.
   *
   * @default none
   */
  sessionLifetime?: Duration;
  /**
   * How many sessions an identity may have at a time; one more ends the oldest.
   *
   * @default none
   */
  maxSessions?: number;
}

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
