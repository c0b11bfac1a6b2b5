import { JwtExtendedConfigError } from '../errors/config.error.js';
import { checkBoolean, checkCookieName, isObject, optional } from '../common/checks.js';
import { parseDuration } from '../common/duration.js';
import { resolveLocations } from '../options/location-options.js';
import { refuseUnknownNames } from '../common/read-options.js';
import type { Freshness } from '../contracts/route-policy.js';
import type { JwtRequiredOptions, RequiredPolicy } from './policy-metadata.js';

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
    locations: optional(options.locations, '@JwtRequired.locations', resolveLocations),
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
