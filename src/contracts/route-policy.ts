import type { Claims, TokenLocation, TokenType } from './token.js';

/** What a claim may be: whatever JSON holds. */
export type ClaimValue =
  | string
  | number
  | boolean
  | null
  | readonly ClaimValue[]
  | { readonly [name: string]: ClaimValue };

/**
 * Claims that a token must have. Members of an object are demanded one by one, at any depth, and a list's elements must
 * all be among the claim's; one value demanded of a list is to be among its elements. Everything else must be equal.
 *
 * @example
 * ```ts
 * const required: RequiredClaims = { plan: 'pro', roles: ['editor', 'reviewer'], org: { id: 7 } };
 * ```
 */
export type RequiredClaims = Readonly<Record<string, ClaimValue>>;

/**
 * Scopes that a token must have: words, in one string or in a list, or members of a `scope` that is an object.
 *
 * @example
 * ```ts
 * const words: RequiredScope = 'read:users write:users';
 * const members: RequiredScope = { users: { write: true } };
 * ```
 */
export type RequiredScope = string | readonly string[] | RequiredClaims;

/** One thing that a route demands of a token's claims, settled when the application starts. */
export interface Requirement {
  readonly kind: 'claim' | 'scope';
  /** The word of OAuth's `scope` that is demanded, for the client to be told (RFC 6750 section 3). */
  readonly word?: string;
  /** The route parameter that is looked at. */
  readonly parameter?: string;
  /** Whether it is demanded of this token: no override excuses it, and nothing nearer replaces it. */
  readonly applies: (claims: Claims) => boolean;
  /** @param params - the parameters of the request's route */
  readonly isMet: (claims: Claims, params: unknown) => boolean;
}

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
