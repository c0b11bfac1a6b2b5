import type { CanActivate, Type } from '@nestjs/common';
import type {
  Freshness,
  RequiredClaims,
  RequiredScope,
  TokenExtractor,
} from '../contracts/route-policy.js';
import type { Duration, TokenLocation, TokenType } from '../contracts/token.js';

/** Metadata keys of the route decorators. `Symbol.for`, so that all copies of this library in a process share them. */
export const FRESH = Symbol.for('nestjs-jwt-extended:fresh');
export const OPTIONAL = Symbol.for('nestjs-jwt-extended:optional');
export const PUBLIC = Symbol.for('nestjs-jwt-extended:public');
export const REQUIRED = Symbol.for('nestjs-jwt-extended:required');
export const REQUIREMENTS = Symbol.for('nestjs-jwt-extended:requirements');

/** What a token guard requires. */
export type GuardKind = TokenType | 'fresh' | 'logout';

/** A static property of token guards. It identifies subclasses, and guards of other copies of this library, too. */
export const GUARD_KIND = Symbol.for('nestjs-jwt-extended:guard-kind');

/** What `@JwtRequired` requires. */
export interface JwtRequiredOptions {
  /** The token guard: a class that extends one of this library. @default `AccessGuard`, or `RefreshGuard` with `refresh` */
  guard?: Type<CanActivate>;
  /** Requires a refresh token instead of an access token. @default false */
  refresh?: boolean;
  /** Requires a fresh token, or one whose user authenticated at most `maxAge` ago. @default false */
  fresh?: boolean | { maxAge: Duration };
  /** Lets requests without a token in, too. An invalid token is refused all the same. @default false */
  optional?: boolean;
  /** Where to look for the token, instead of the module's `locations`. */
  locations?: readonly (TokenLocation | TokenExtractor)[];
  /** `false` accepts access and refresh tokens. @default true */
  verifyType?: boolean;
  /** `true` accepts a revoked token: for a logout that may be repeated. @default false */
  skipRevocationCheck?: boolean;
  /** `true` accepts an expired token. Revocations are kept only until a token expires. @default false */
  allowExpired?: boolean;
  /** The cookie to look for the token in, instead of the module's. */
  cookieName?: string;
  /** Claims that the token must have. */
  claims?: RequiredClaims;
  /** Scopes that must be in the token's claim `scope`. */
  scope?: RequiredScope;
  /** Claims that must equal a parameter of the route: `{ sub: 'username' }` for `/users/:username`. */
  params?: Readonly<Record<string, string>>;
  /** A token with these claims does not need the `claims`, `scope` and `params` of this decorator. */
  override?: RequiredClaims;
}

/** When a requirement does not apply. */
export interface RequirementOptions {
  /** For a token with these claims this one decorator has no effect. What others require stays required. */
  override?: RequiredClaims;
}

/** Which claim a route parameter must equal. */
export interface MatchParamOptions extends RequirementOptions {
  /** The name of the claim. @default the parameter's name */
  claim?: string;
}

/** The options of `@JwtRequired` that are not requirements. */
export interface RequiredPolicy {
  readonly fresh?: false | Freshness;
  readonly optional?: boolean;
  readonly locations?: readonly (TokenLocation | TokenExtractor)[];
  readonly verifyType: boolean;
  readonly skipRevocationCheck: boolean;
  readonly allowExpired?: boolean;
  readonly cookieName?: string;
}
