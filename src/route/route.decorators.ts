import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { checkBoolean, checkNonEmptyString, isObject, optional } from '../common/checks.js';
import { describe, configError } from '../common/describe.js';
import { refuseUnknownNames } from '../common/read-options.js';
import type { RequiredClaims, RequiredScope } from '../contracts/route-policy.js';
import type { Duration } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { stricter } from './merge-policy.js';
import {
  FRESH,
  type JwtRequiredOptions,
  type MatchParamOptions,
  OPTIONAL,
  PUBLIC,
  REQUIRED,
  type RequirementOptions,
} from './policy-metadata.js';
import {
  freshness,
  parameterNames,
  requiredClaims,
  requiredScope,
} from '../options/requirement-options.js';
import { addRequirement, readJwtRequired } from './requirements.js';
import { AccessGuard, RefreshGuard } from './token.guards.js';

/** A decorator for a controller class or one of its handlers. */
export type RouteDecorator = ClassDecorator & MethodDecorator;

/**
 * Requires that the token of a guarded route is fresh; with `maxAge`, also that its user authenticated no longer ago
 * than that (`auth_time`, or `iat` in a token without it). `false` cancels what an outer level requires.
 *
 * @param wanted - with `maxAge` in seconds, or as a string with a unit
 * @throws JwtExtendedConfigError - if `maxAge` is not a duration; and at start on a route without a token guard
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @Fresh({ maxAge: '5m' })
 * @Delete('account')
 * remove(@CurrentIdentity() id: string) {
 *   return { removed: id };
 * }
 * ```
 */
export function Fresh(wanted: boolean | { maxAge: Duration } = true): RouteDecorator {
  return setOnce(FRESH, freshness(wanted, '@Fresh'), (known, value) => {
    if (known && value) return stricter(known, value);
    return known === value ? value : contradiction('@Fresh() and @Fresh(false)');
  });
}

/**
 * Lets requests without a token in; an invalid token is refused all the same. Flask: `@jwt_required(optional=True)`.
 * A guard, `@Fresh` or a requirement such as `@RequireScope` further in requires a token again.
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @JwtOptional()
 * @Get('greeting')
 * greet(@CurrentIdentity() id: string | undefined) {
 *   return `Hello ${id ?? 'stranger'}`;
 * }
 * ```
 */
export function JwtOptional(): RouteDecorator {
  return SetMetadata(OPTIONAL, true);
}

/**
 * Makes the route skip the token guards of outer levels: the global guard, and on a handler those of its controller too.
 * A guard, `@Fresh`, `@JwtOptional`, a requirement such as `@RequireScope`, or `@Public(false)` further in enables them
 * again.
 *
 * @example
 * ```ts
 * @Public()
 * @Post('login')
 * login() {
 *   return 'open to every client';
 * }
 * ```
 */
export function Public(isPublic = true): RouteDecorator {
  return setOnce(PUBLIC, checkBoolean(isPublic, '@Public'), (known, value) =>
    known === value ? value : contradiction('@Public() and @Public(false)'),
  );
}

/**
 * A token guard together with its options. Flask: `@jwt_required(…)`.
 *
 * @throws JwtExtendedConfigError - for an option that is unknown or has a wrong value
 *
 * @example
 * ```ts
 * @JwtRequired({ refresh: true, locations: ['cookies'] })
 * @Post('refresh')
 * async refresh(@CurrentIdentity() id: string) {
 *   return { access_token: await this.tokens.createAccessToken(id) };
 * }
 * ```
 */
export function JwtRequired(options: JwtRequiredOptions = {}): RouteDecorator {
  const { guard, isRefresh, policy, requirement } = readJwtRequired(options);
  return applyDecorators(
    setOnce(REQUIRED, policy, () => contradiction('@JwtRequired twice')),
    UseGuards(guard ?? (isRefresh ? RefreshGuard : AccessGuard)),
    ...(requirement ? [addRequirement(requirement)] : []),
  );
}

/**
 * Requires claims of the token: all of them, members of objects one by one. Requirements of several decorators and levels
 * add up, also if they name the same claim.
 *
 * A token that lacks one is refused with 403. If the request has no token and needs none (`@JwtOptional`, or another guard
 * of `anyOf` let it in), nothing is required.
 *
 * @throws JwtExtendedConfigError - for values that no token could have, and at start on a route without a token guard
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @RequireClaims({ plan: 'pro', roles: ['editor'] }, { override: { roles: 'admin' } })
 * @Post('articles')
 * publish(@CurrentIdentity() id: string) {
 *   return { author: id };
 * }
 * ```
 */
export function RequireClaims(
  claims: RequiredClaims,
  options: RequirementOptions = {},
): RouteDecorator {
  const override = overrideOf('@RequireClaims', options);
  const required = requiredClaims(claims, '@RequireClaims');
  return addRequirement({ decorator: '@RequireClaims', claims: required, override });
}

/**
 * Requires words of OAuth's `scope` (RFC 6749 section 3.3), or members of a `scope` that is an object. In the token the
 * words may be a string with spaces between them, or a list. The refusal names the words that the client needs
 * (RFC 6750 section 3).
 *
 * @throws JwtExtendedConfigError - for values that no token could have, and at start on a route without a token guard
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @RequireScope('read:users', 'write:users')
 * @Post('users')
 * create() {
 *   return { created: true };
 * }
 * ```
 */
export function RequireScope(...words: readonly [string, ...string[]]): RouteDecorator;
/** Words in a list, or members of a `scope` that is an object; with an `override`. */
export function RequireScope(scope: RequiredScope, options?: RequirementOptions): RouteDecorator;
export function RequireScope(...given: readonly unknown[]): RouteDecorator {
  const isWords = typeof given[0] === 'string' && !isObject(given[1]);
  const [scope, options] = isWords ? [given] : given;
  const override = overrideOf('@RequireScope', options ?? {});
  const required = requiredScope(scope, '@RequireScope');
  return addRequirement({ decorator: '@RequireScope', scope: required, override });
}

/**
 * Requires that a route parameter equals a claim: `/users/:username` for that user only. If the claim is a list, it must
 * contain the parameter; a number equals its digits. A request whose parameter is missing or is a list is refused.
 *
 * @throws JwtExtendedConfigError - at start on a route without that parameter, and on one without a token guard
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @MatchParam('username', { claim: 'sub', override: { roles: 'admin' } })
 * @Get('users/:username')
 * show(@Param('username') username: string) {
 *   return { username };
 * }
 * ```
 */
export function MatchParam(parameter: string, options: MatchParamOptions = {}): RouteDecorator {
  const override = overrideOf('@MatchParam', options, 'claim');
  const name = checkNonEmptyString(parameter, '@MatchParam');
  const claim = optional(options.claim, '@MatchParam.claim', checkNonEmptyString) ?? name;
  const params = parameterNames(Object.fromEntries([[claim, name]]), '@MatchParam');
  return addRequirement({ decorator: '@MatchParam', params, override });
}

/** Sets the metadata of a decorator. A second one on the same handler or class does not replace the first. */
function setOnce<T>(key: symbol, value: T, merge: (known: T, value: T) => T): RouteDecorator {
  return (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const holder = descriptor ? (descriptor.value as object) : target;
    const known = Reflect.getOwnMetadata(key, holder) as T | undefined;
    const merged = known === undefined ? value : merge(known, value);
    Reflect.defineMetadata(key, merged, holder);
  };
}

function contradiction(decorators: string): never {
  throw new JwtExtendedConfigError(
    `One handler or class has ${decorators}: write what you mean in one decorator`,
  );
}

function overrideOf(
  decorator: string,
  options: unknown,
  ...others: readonly string[]
): RequiredClaims | undefined {
  if (!isObject(options))
    throw configError(decorator, describe(options), 'give options such as { override: { … } }');
  refuseUnknownNames(Object.keys(options), ['override', ...others], decorator);
  return optional(options.override, `${decorator}.override`, requiredClaims);
}
