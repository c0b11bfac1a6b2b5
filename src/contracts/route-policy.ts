import type { Claims, TokenLocation, TokenType } from './token.js';

/** The value of a claim: any JSON value. */
export type ClaimValue =
  | string
  | number
  | boolean
  | null
  | readonly ClaimValue[]
  | { readonly [name: string]: ClaimValue };

/** A claim of one value. */
export type SingleClaimValue = string | number | boolean | null;

/** `Symbol.for`, so that all copies of this library in a process recognise what `oneOf` makes. */
export const ONE_OF: unique symbol = Symbol.for('nestjs-jwt-extended:one-of') as never;

/** Any of several values: what `oneOf` returns. */
export interface OneOf<T extends SingleClaimValue = SingleClaimValue> {
  readonly [ONE_OF]: readonly T[];
}

/** What a claim may be required to be: a JSON value, or `oneOf` several, at any depth of an object. */
export type RequiredClaim = ClaimValue | OneOf | { readonly [name: string]: RequiredClaim };

/**
 * Claims that a token must have. If the required value is an object, the claim must have each of its members, at any
 * depth. If it is a list, the claim must be a list that contains all of its elements. If it is a single value and the
 * claim is a list, the list must contain it. `oneOf` requires any of its values. Everything else must be equal.
 *
 * @example
 * ```ts
 * const required: RequiredClaims = { plan: oneOf('pro', 'team'), roles: ['editor', 'reviewer'], org: { id: 7 } };
 * ```
 */
export type RequiredClaims = Readonly<Record<string, RequiredClaim>>;

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

/** What one decorator requires of claims, scope and route parameters. */
export interface RequirementMetadata {
  /** For messages: `@RequireClaims`. */
  readonly decorator: string;
  readonly claims?: RequiredClaims;
  /** Words, or members of a `scope` that is an object. */
  readonly scope?: readonly string[] | RequiredClaims;
  /** Names of route parameters, by the claims that must equal them. */
  readonly params?: Readonly<Record<string, string>>;
  readonly override?: RequiredClaims;
}

/** One requirement of a route about a token's claims, fixed when the application starts. */
export interface Requirement {
  readonly kind: 'claim' | 'scope';
  /** The required word of OAuth's `scope`, which the challenge tells the client (RFC 6750 section 3). */
  readonly word?: string;
  /** The route parameter that a claim must equal. */
  readonly parameter?: string;
  /** Whether the token must meet it: no override of the decorator exempts the token. */
  readonly applies: (claims: Claims) => boolean;
  /**
   * @param params - the parameters of the request's route
   * @param scopeClaim - the claim in which tokens of this issuer hold scopes
   */
  readonly isMet: (claims: Claims, params: unknown, scopeClaim: string) => boolean;
}

/** What a route requires of a token: all guards and decorators that concern the route, merged into one policy. */
export interface RoutePolicy {
  /** The required type of token; it also decides which cookie, CSRF header and JSON key are read. */
  readonly type: TokenType;
  /** `false` accepts both types of token. */
  readonly verifyType: boolean;
  /** Accepts an expired token if nothing else is wrong with it. */
  readonly allowExpired?: boolean;
  /** Accepts what ends a session: the policy of `LogoutGuard`. */
  readonly isLogout?: boolean;
  readonly optional: boolean;
  /** `false`, or how fresh the token must be. */
  readonly fresh: false | Freshness;
  /** Replaces the configured locations. */
  readonly locations?: readonly (TokenLocation | TokenExtractor)[];
  /** Replaces the configured cookie name. */
  readonly cookieName?: string;
  readonly skipRevocationCheck: boolean;
  /** Requirements about claims, scope and route parameters. */
  readonly requirements?: readonly Requirement[];
}

/** How recently the user must have authenticated. */
export interface Freshness {
  /** The largest number of seconds since `auth_time`, or since `iat` in a token without it. */
  readonly maxAge?: number;
}

/**
 * Finds a token outside of the four locations: any `passport-jwt` extractor function. It returns the encoded token, or
 * `null` if there is none.
 *
 * @example
 * ```ts
 * const fromUpgradeHeader: TokenExtractor = (request) => request.headers['x-upgrade-token'] ?? null;
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the request's type is the application's, as in passport-jwt
export type TokenExtractor = (request: any) => string | null;
