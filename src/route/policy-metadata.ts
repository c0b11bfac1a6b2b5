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

/** The same, settled when the decorator was written. */
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
 * Settles what `@JwtRequired` was given, when the decorator is evaluated.
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
      '@JwtRequired was given both refresh and fresh; a refresh token is never fresh, so ask for one of them',
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

/** `false`, or how fresh a token must be, in seconds. */
export function freshness(wanted: unknown, name: string): false | Freshness {
  if (!isObject(wanted)) return checkBoolean(wanted, name) && {};
  refuseUnknownNames(Object.keys(wanted), ['maxAge'], name);
  return Object.freeze({ maxAge: parseDuration(wanted.maxAge, `${name}.maxAge`) });
}
