import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import type { Duration } from '../contracts/token.js';
import { checkBoolean } from '../common/checks.js';
import { AccessGuard } from './access.guard.js';
import { demanding, demandOf } from './demand.js';
import { FRESH, type JwtRequiredOptions, OPTIONAL, PUBLIC, REQUIRED } from './policy-metadata.js';
import { RefreshGuard } from './refresh.guard.js';
import { freshness, requiredPolicy } from './required-policy.js';

/** A decorator for a controller class or one of its handlers. */
export type RouteDecorator = ClassDecorator & MethodDecorator;

/**
 * Asks for a fresh token where a guard asks for a token at all; with `maxAge`, for one whose user authenticated no
 * longer ago than that (`auth_time`, or `iat` in a token without it); `false` takes back what an outer level asked.
 *
 * @param wanted - seconds, or a string with a unit, as `maxAge`
 * @throws JwtExtendedConfigError - when `maxAge` is no duration; and at start on a route without a token guard
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
  return SetMetadata(FRESH, freshness(wanted, '@Fresh'));
}

/**
 * Lets a request without a token in, as nobody; a token that is presented must be good all the same.
 * Flask: `@jwt_required(optional=True)`. A guard, `@Fresh` or a requirement such as `@RequireScope` further in asks for
 * a token again.
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
 * Opts out of the token guards of outer levels: of a global guard, and on a handler of its controller's. A guard,
 * `@Fresh`, `@JwtOptional`, a requirement such as `@RequireScope`, or `@Public(false)` further in opts back in.
 *
 * @example
 * ```ts
 * @Public()
 * @Post('login')
 * login() {
 *   return 'anybody may try';
 * }
 * ```
 */
export function Public(isPublic = true): RouteDecorator {
  return SetMetadata(PUBLIC, checkBoolean(isPublic, '@Public'));
}

/**
 * A guard and what it asks for, in one. Flask: `@jwt_required(…)`.
 *
 * @throws JwtExtendedConfigError - for an option that is unknown or makes no sense
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
  const policy = requiredPolicy(options);
  const demand = demandOf('@JwtRequired', options);
  return applyDecorators(
    SetMetadata(REQUIRED, policy),
    UseGuards(options.refresh ? RefreshGuard : AccessGuard),
    ...(demand ? [demanding(demand)] : []),
  );
}
