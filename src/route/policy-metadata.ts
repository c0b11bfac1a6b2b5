import { checkBoolean, checkCookieName, isObject, optional } from '../common/checks.js';
import { parseDuration } from '../common/duration.js';
import { refuseUnknownNames } from '../common/read-options.js';
import type {
  Freshness,
  RequiredClaims,
  RequiredScope,
  TokenExtractor,
} from '../contracts/route-policy.js';
import type { Duration, TokenLocation } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { checkLocations } from '../options/location-options.js';

/** Metadata keys of the route decorators. `Symbol.for`, so that all copies of this library in a process share them. */
export const FRESH = Symbol.for('nestjs-jwt-extended:fresh');
export const OPTIONAL = Symbol.for('nestjs-jwt-extended:optional');
export const PUBLIC = Symbol.for('nestjs-jwt-extended:public');
export const REQUIRED = Symbol.for('nestjs-jwt-extended:required');
export const REQUIREMENTS = Symbol.for('nestjs-jwt-extended:requirements');

/** What `@JwtRequired` requires. */
export interface JwtRequiredOptions {
  /**
   * Requires a refresh token instead of an access token.
   *
   * @default false
   */
  refresh?: boolean;
  /**
   * Requires a fresh token, or one whose user authenticated at most `maxAge` ago.
   *
   * @default false
   */
  fresh?: boolean | { maxAge: Duration };
  /**
   * Lets requests without a token in, too. An invalid token is refused all the same.
   *
   * @default false
   */
  optional?: boolean;
  /** Where to look for the token, instead of the module's `locations`. */
  locations?: readonly (TokenLocation | TokenExtractor)[];
  /**
   * `false` accepts access and refresh tokens.
   *
   * @default true
   */
  verifyType?: boolean;
  /**
   * `true` accepts a revoked token: for a logout that may be repeated.
   *
   * @default false
   */
  skipRevocationCheck?: boolean;
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
  /**
   * For a token with these claims this one decorator has no effect. What other decorators and levels require stays
   * required.
   */
  override?: RequiredClaims;
}

/** Which claim a route parameter must equal. */
export interface MatchParamOptions extends RequirementOptions {
  /**
   * The name of the claim.
   *
   * @default the parameter's name
   */
  claim?: string;
}

/** What one decorator requires of claims, scope and route parameters, already checked. */
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

/** The options of `@JwtRequired`, already checked; `requirements.ts` reads those that are requirements. */
export interface RequiredPolicy {
  readonly fresh?: false | Freshness;
  readonly optional?: boolean;
  readonly locations?: readonly (TokenLocation | TokenExtractor)[];
  readonly verifyType: boolean;
  readonly skipRevocationCheck: boolean;
  readonly cookieName?: string;
}

const NAMES = {
  refresh: true,
  fresh: true,
  optional: true,
  locations: true,
  verifyType: true,
  skipRevocationCheck: true,
  cookieName: true,
  claims: true,
  scope: true,
  params: true,
  override: true,
} as const satisfies Record<keyof JwtRequiredOptions, true>;

/**
 * Checks the options of `@JwtRequired` when the decorator is evaluated.
 *
 * @throws JwtExtendedConfigError
 */
export function requiredPolicy(options: JwtRequiredOptions): RequiredPolicy {
  if (!isObject(options))
    throw new JwtExtendedConfigError('@JwtRequired takes an object of options');
  refuseUnknownNames(Object.keys(options), Object.keys(NAMES), '@JwtRequired');
  const fresh =
    options.fresh === undefined ? undefined : freshness(options.fresh, '@JwtRequired.fresh');
  const refresh = optional(options.refresh, '@JwtRequired.refresh', checkBoolean);
  if (fresh && refresh) {
    throw new JwtExtendedConfigError(
      '@JwtRequired has both refresh and fresh, and a refresh token is never fresh: keep one of them',
    );
  }
  return Object.freeze({
    fresh,
    optional: optional(options.optional, '@JwtRequired.optional', checkBoolean),
    locations: optional(options.locations, '@JwtRequired.locations', checkLocations),
    verifyType: optional(options.verifyType, '@JwtRequired.verifyType', checkBoolean) ?? true,
    skipRevocationCheck:
      optional(options.skipRevocationCheck, '@JwtRequired.skipRevocationCheck', checkBoolean) ??
      false,
    cookieName: optional(options.cookieName, '@JwtRequired.cookieName', checkCookieName),
  });
}

/** Checks how fresh a token must be; `maxAge` in seconds. */
export function freshness(wanted: unknown, name: string): false | Freshness {
  if (!isObject(wanted)) return checkBoolean(wanted, name) && {};
  refuseUnknownNames(Object.keys(wanted), ['maxAge'], name);
  return Object.freeze({ maxAge: parseDuration(wanted.maxAge, `${name}.maxAge`) });
}
