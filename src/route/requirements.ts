import type { CanActivate, Type } from '@nestjs/common';
import { checkBoolean, checkCookieName, isObject } from '../common/checks.js';
import { configError, describe, plainNameOf } from '../common/describe.js';
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
import {
  GUARD_KIND,
  type GuardKind,
  type JwtRequiredOptions,
  type RequiredPolicy,
  REQUIREMENTS,
} from './policy-metadata.js';

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

type TokenGuardClass = Type<CanActivate> & { readonly [GUARD_KIND]: GuardKind };

function checkGuard(value: unknown, name: string): TokenGuardClass {
  if (typeof value === 'function' && GUARD_KIND in value) return value as TokenGuardClass;
  const given = typeof value === 'function' && value.name !== '' ? value.name : describe(value);
  throw configError(
    name,
    given,
    'give a class that extends AccessGuard, FreshGuard, RefreshGuard or LogoutGuard; other guards belong in @UseGuards',
  );
}

const ROWS = {
  guard: [checkGuard],
  refresh: [checkBoolean],
  fresh: [freshness],
  optional: [checkBoolean],
  locations: [checkLocations],
  verifyType: [checkBoolean, true],
  skipRevocationCheck: [checkBoolean, false],
  allowExpired: [checkBoolean],
  cookieName: [checkCookieName],
  claims: [requiredClaims],
  scope: [requiredScope],
  params: [parameterNames],
  override: [requiredClaims],
} satisfies Rows<JwtRequiredOptions>;

/** @throws JwtExtendedConfigError - if the options deny what the guard is for */
function refuseContradiction(
  guard: TokenGuardClass,
  isRefresh: boolean,
  { refresh = isRefresh, fresh, verifyType, allowExpired }: JwtRequiredOptions,
): void {
  const name = verifyType === undefined ? 'allowExpired' : 'verifyType';
  if (guard[GUARD_KIND] === 'logout' && (verifyType ?? allowExpired) !== undefined)
    throw new JwtExtendedConfigError(
      `@JwtRequired has ${name}, which ${plainNameOf(guard)} decides itself: leave it out`,
    );
  const contradiction =
    refresh !== isRefresh
      ? `refresh: ${refresh}, but ${plainNameOf(guard)} is ${isRefresh ? 'a' : 'no'} RefreshGuard`
      : fresh === false &&
        guard[GUARD_KIND] === 'fresh' &&
        `fresh: false, but ${plainNameOf(guard)} is a FreshGuard`;
  if (contradiction)
    throw new JwtExtendedConfigError(`@JwtRequired has ${contradiction}: keep one of them`);
}

/** Checks the options of `@JwtRequired` when the decorator is evaluated. @throws JwtExtendedConfigError */
export function readJwtRequired(options: JwtRequiredOptions): {
  readonly guard: Type<CanActivate> | undefined;
  readonly isRefresh: boolean;
  readonly policy: RequiredPolicy;
  readonly requirement: RequirementMetadata | undefined;
} {
  const decorator = '@JwtRequired';
  if (!isObject(options))
    throw new JwtExtendedConfigError(`${decorator} takes an object of options`);
  const given = readOptions(decorator, ROWS, options);
  const { guard, refresh, claims, scope, params, override, ...policy } = given;
  const isRefresh = guard ? guard[GUARD_KIND] === 'refresh' : refresh === true;
  if (guard) refuseContradiction(guard, isRefresh, options);
  if (policy.fresh && isRefresh)
    throw new JwtExtendedConfigError(
      `${decorator} has both refresh and fresh, and a refresh token is never fresh: keep one of them`,
    );
  const isRequirement = claims ?? scope ?? params;
  if (override && !isRequirement)
    throw new JwtExtendedConfigError(
      `${decorator}.override has nothing to override: give claims, scope or params too`,
    );
  const requirement = isRequirement && { decorator, claims, scope, params, override };
  return { guard, isRefresh, policy: Object.freeze(policy), requirement };
}
