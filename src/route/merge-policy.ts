import type { Freshness, RoutePolicy } from '../contracts/route-policy.js';
import type { TokenType } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { mergeRequirements } from './merge-requirements.js';
import type { PolicyLevel } from './policy-level.js';

/**
 * Merges what the levels of a route say into one policy. The nearest level with a token guard decides the type of
 * token, and with it the exceptions from the rules; demands add up over the levels.
 *
 * @param heard - the levels that count, from the handler outwards
 * @returns `undefined` for a route that is open to all
 * @throws JwtExtendedConfigError - when the levels contradict one another, or ask something of a token that nobody asks for
 */
export function mergePolicy(heard: readonly PolicyLevel[]): RoutePolicy | undefined {
  const deciding = heard.find(({ guards }) => guards.length > 0);
  if (!deciding) {
    refuseIdleDecorators(heard);
    return undefined;
  }
  const type = typeAsked(deciding);
  const fresh = freshnessAsked(heard, deciding, type);
  const requirements = mergeRequirements(heard.flatMap(({ demands }) => demands));
  return Object.freeze({
    type,
    verifyType: deciding.required?.verifyType ?? true,
    skipRevocationCheck: deciding.required?.skipRevocationCheck ?? false,
    optional: heard.map(optionalSaid).find((said) => said !== undefined) === true,
    fresh,
    ...nearest(heard, 'locations'),
    ...nearest(heard, 'cookieName'),
    ...(requirements && { requirements }),
  });
}

/** Whether a level decides how one gets in. */
export function hasTokenGuard({ guards, alternatives }: PolicyLevel): boolean {
  return guards.length > 0 || alternatives.length > 0;
}

/** `@Public` silences the levels further out, unless something further in has opted in again. */
export function effectiveLevels(levels: readonly PolicyLevel[]): readonly PolicyLevel[] {
  for (const [index, level] of levels.entries()) {
    if (level.isPublic) return levels.slice(0, index + 1);
    if (level.isPublic === false || asksForToken(level) || level.optional) break;
  }
  return levels;
}

function typeAsked({ name, guards }: PolicyLevel): TokenType {
  if (!guards.includes('refresh')) return 'access';
  if (guards.every((kind) => kind === 'refresh')) return 'refresh';
  throw new JwtExtendedConfigError(
    `${name} is guarded by RefreshGuard and by a guard for access tokens, and no token is both: keep one of them`,
  );
}

/** Adds up from the outside in, so that `@Fresh(false)` takes back what outer levels asked. Access tokens only. */
function freshnessAsked(
  levels: readonly PolicyLevel[],
  deciding: PolicyLevel,
  type: TokenType,
): false | Freshness {
  let asked: false | Freshness = false;
  for (const level of [...levels].reverse()) {
    const { fresh, guards } = level;
    if (fresh === false && guards.includes('fresh')) {
      throw new JwtExtendedConfigError(
        `${level.name} has FreshGuard and @Fresh(false): keep one of them`,
      );
    }
    if (fresh === false) asked = false;
    else if (fresh || guards.includes('fresh')) asked = stricter(asked, fresh || {});
    if (level === deciding && type === 'refresh' && !fresh) asked = false;
  }
  if (asked && type === 'refresh') {
    throw new JwtExtendedConfigError(
      `${deciding.name} asks for a refresh token, which is never fresh: take @Fresh away, or the RefreshGuard`,
    );
  }
  return asked;
}

function stricter(one: false | Freshness, other: Freshness): Freshness {
  const ages = [one && one.maxAge, other.maxAge].filter((age) => typeof age === 'number');
  return ages.length > 0 ? { maxAge: Math.min(...ages) } : {};
}

/** A guard, or something demanded of a token, further in than `@JwtOptional` asks for a token again. */
function optionalSaid(level: PolicyLevel): boolean | undefined {
  return level.optional ?? (asksForToken(level) ? false : undefined);
}

function asksForToken(level: PolicyLevel): boolean {
  return hasTokenGuard(level) || !!level.fresh || level.demands.length > 0;
}

function nearest<N extends 'locations' | 'cookieName'>(
  levels: readonly PolicyLevel[],
  name: N,
): Pick<RoutePolicy, N> | undefined {
  const level = levels.find(({ required }) => required?.[name] !== undefined);
  return level && ({ [name]: level.required?.[name] } as Pick<RoutePolicy, N>);
}

function refuseIdleDecorators(levels: readonly PolicyLevel[]): void {
  for (const level of levels) {
    const decorator = idleDecoratorOf(level);
    if (decorator === undefined) continue;
    throw new JwtExtendedConfigError(
      `${decorator} on ${level.name} has no effect${whyIdle(levels, level)}`,
    );
  }
}

/** Of several routes of a class it may be one only. */
function whyIdle(levels: readonly PolicyLevel[], idle: PolicyLevel): string {
  const [handler] = levels;
  const open = levels.find(({ isPublic }) => isPublic);
  const where = handler && handler !== idle ? ` on ${handler.name}` : '';
  return open
    ? `${where}, since ${open.name} is @Public(): take one of the two away`
    : `${where}, since no token guard protects the route: add @UseGuards(AccessGuard), or set globalGuard: true`;
}

function idleDecoratorOf({ fresh, optional, demands }: PolicyLevel): string | undefined {
  if (fresh) return '@Fresh';
  return optional ? '@JwtOptional' : demands.flat()[0]?.decorator;
}
