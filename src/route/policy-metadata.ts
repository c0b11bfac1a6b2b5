import type {
  Freshness,
  RequiredClaims,
  RequiredScope,
  TokenExtractor,
} from '../contracts/route-policy.js';
import type { Duration, TokenLocation } from '../contracts/token.js';

/** Metadata keys of the route decorators; known to every copy of this library in the process. */
export const FRESH = Symbol.for('nestjs-jwt-extended:fresh');
export const OPTIONAL = Symbol.for('nestjs-jwt-extended:optional');
export const PUBLIC = Symbol.for('nestjs-jwt-extended:public');
export const REQUIRED = Symbol.for('nestjs-jwt-extended:required');
export const DEMANDS = Symbol.for('nestjs-jwt-extended:demands');

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
  /** Claims that the token must have. */
  claims?: RequiredClaims;
  /** Scopes that the token's claim `scope` must have. */
  scope?: RequiredScope;
  /** Claims that must equal a parameter of the route: `{ sub: 'username' }` for `/users/:username`. */
  params?: Readonly<Record<string, string>>;
  /** A token with these claims needs nothing of what `claims`, `scope` and `params` of this decorator ask for. */
  override?: RequiredClaims;
}

/** What excuses a token from a requirement. */
export interface RequirementOptions {
  /**
   * Claims with which a token needs nothing of what this one decorator requires: for it, the decorator might as well
   * not be there. What other decorators and outer levels require stays required.
   */
  override?: RequiredClaims;
}

/** Which claim a route parameter must be. */
export interface MatchParamOptions extends RequirementOptions {
  /**
   * The name of the claim.
   *
   * @default the parameter's name
   */
  claim?: string;
}

/** What one decorator requires of claims, scope and route parameters, settled when it was written. */
export interface Demand {
  /** For messages: `@RequireClaims`. */
  readonly decorator: string;
  readonly claims?: RequiredClaims;
  /** Words, or members of a `scope` that is an object. */
  readonly scope?: readonly string[] | RequiredClaims;
  /** Names of route parameters, by the claims that must equal them. */
  readonly params?: Readonly<Record<string, string>>;
  readonly override?: RequiredClaims;
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
