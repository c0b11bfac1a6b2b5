import type { Requirement } from './requirement.js';
import type { TokenLocation, TokenType } from './token.js';

/** What a route asks of a token: every guard and decorator that concerns it, merged into one. */
export interface RoutePolicy {
  /** The kind of token asked for; it also names the cookie, csrf header and JSON key that are read. */
  readonly type: TokenType;
  /** `false` lets either kind of token in. */
  readonly verifyType: boolean;
  /** Lets a token in whose time is over, if nothing else is wrong with it. */
  readonly allowExpired?: boolean;
  readonly optional: boolean;
  /** `false`, or how fresh the token must be. */
  readonly fresh: false | Freshness;
  /** Replaces the configured locations. */
  readonly locations?: readonly (TokenLocation | TokenExtractor)[];
  /** Replaces the configured cookie name. */
  readonly cookieName?: string;
  readonly skipRevocationCheck: boolean;
  /** What claims, scope and route parameters must be; absent where nothing is asked of them. */
  readonly requirements?: readonly Requirement[];
}

/** How recently the user must have authenticated. */
export interface Freshness {
  /** Seconds since `auth_time` (`iat` in a token without it) that are still fresh enough. */
  readonly maxAge?: number;
}

/**
 * Finds a token where none of the four locations looks: any `passport-jwt` extractor function.
 * It gives the encoded token, or `null` where there is none.
 *
 * @example
 * ```ts
 * const fromUpgradeHeader: TokenExtractor = (request) => request.headers['x-upgrade-token'] ?? null;
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the request's type is the application's, as in passport-jwt
export type TokenExtractor = (request: any) => string | null;
