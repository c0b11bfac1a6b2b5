import type { Claims } from './token.js';

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
  readonly isDue: (claims: Claims) => boolean;
  /** @param params - the parameters of the request's route */
  readonly isMet: (claims: Claims, params: unknown) => boolean;
}
