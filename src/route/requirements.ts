import { checkBoolean, checkCookieName, isObject } from '../common/checks.js';
import { readOptions, type Rows } from '../common/read-options.js';
import type { RequirementMetadata } from '../contracts/route-policy.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { checkLocations } from '../options/location-options.js';
import {
  freshness,
  parameterNames,
  requiredClaims,
  requiredScope,
} from '../options/requirement-options.js';
import { type JwtRequiredOptions, type RequiredPolicy, REQUIREMENTS } from './policy-metadata.js';

/** Adds a requirement to those of the same handler or class, so that a second decorator does not replace the first. */
export function addRequirement(metadata: RequirementMetadata): ClassDecorator & MethodDecorator {
  return (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const holder = descriptor ? (descriptor.value as object) : target;
    const known = requirementsOn(holder);
    Reflect.defineMetadata(REQUIREMENTS, [...known, Object.freeze(metadata)], holder);
  };
}

/** The requirements that stand on a handler or a class, without those that the class inherits. */
export function requirementsOn(target: object): readonly RequirementMetadata[] {
  const own: unknown = Reflect.getOwnMetadata(REQUIREMENTS, target);
  return (own as readonly RequirementMetadata[] | undefined) ?? [];
}

const ROWS = {
  refresh: [checkBoolean],
  fresh: [freshness],
  optional: [checkBoolean],
  locations: [checkLocations],
  verifyType: [checkBoolean, true],
  skipRevocationCheck: [checkBoolean, false],
  cookieName: [checkCookieName],
  claims: [requiredClaims],
  scope: [requiredScope],
  params: [parameterNames],
  override: [requiredClaims],
} satisfies Rows<JwtRequiredOptions>;

/** Checks the options of `@JwtRequired` when the decorator is evaluated. @throws JwtExtendedConfigError */
export function readJwtRequired(options: JwtRequiredOptions): {
  readonly policy: RequiredPolicy;
  readonly requirement: RequirementMetadata | undefined;
} {
  const decorator = '@JwtRequired';
  if (!isObject(options))
    throw new JwtExtendedConfigError(`${decorator} takes an object of options`);
  const given = readOptions(decorator, ROWS, options);
  const { refresh, claims, scope, params, override, ...policy } = given;
  if (policy.fresh && refresh)
    throw new JwtExtendedConfigError(
      `${decorator} has both refresh and fresh, and a refresh token is never fresh: keep one of them`,
    );
  const isRequirement = claims ?? scope ?? params;
  if (override && !isRequirement)
    throw new JwtExtendedConfigError(
      `${decorator}.override has nothing to override: give claims, scope or params too`,
    );
  const requirement = isRequirement && { decorator, claims, scope, params, override };
  return { policy: Object.freeze(policy), requirement };
}
