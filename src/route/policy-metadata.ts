import type { Freshness, TokenExtractor } from '../contracts/route-policy.js';
import type { Duration, TokenLocation } from '../contracts/token.js';

/** Metadata keys of the route decorators; known to every copy of this library in the process. */
export const FRESH = Symbol.for('nestjs-jwt-extended:fresh');
export const OPTIONAL = Symbol.for('nestjs-jwt-extended:optional');
export const PUBLIC = Symbol.for('nestjs-jwt-extended:public');
export const REQUIRED = Symbol.for('nestjs-jwt-extended:required');

/** What `@JwtRequired` asks for. */
export interface JwtRequiredOptions {
  /**
   * Asks for a refresh token instead of an access token.
   *
   * @default false
   */
  refresh?: boolean;
  /**
   * Asks for a fresh token, or for one whose user authenticated at most `maxAge` ago.
   *
   * @default false
   */
  fresh?: boolean | { maxAge: Duration };
  /**
   * Lets a request without a token in, too. A bad token is refused all the same.
   *
   * @default false
   */
  optional?: boolean;
  /** Where the token is looked for, in place of the module's `locations`. */
  locations?: readonly (TokenLocation | TokenExtractor)[];
  /**
   * `false` lets access and refresh tokens in alike.
   *
   * @default true
   */
  verifyType?: boolean;
  /**
   * `true` lets a revoked token in: for a logout that may be repeated.
   *
   * @default false
   */
  skipRevocationCheck?: boolean;
  /** The cookie the token is looked for in, in place of the module's. */
  cookieName?: string;
}

/** The same, settled when the decorator was written. */
export interface RequiredPolicy {
  readonly fresh?: false | Freshness;
  readonly optional?: boolean;
  readonly locations?: readonly (TokenLocation | TokenExtractor)[];
  readonly verifyType: boolean;
  readonly skipRevocationCheck: boolean;
  readonly cookieName?: string;
}
