import type { Freshness, RequirementMetadata, RoutePolicy } from '../contracts/route-policy.js';
import type { TokenType } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { collectRequirements } from '../authentication/requirements.js';
import type { HandlerKind } from './handlers.js';
import type { GuardKind, RequiredPolicy } from './policy-metadata.js';

/** The class of a guard. */
export type GuardClass = abstract new (...args: never[]) => unknown;

/** What one level of a route declares: the handler, its controller, each class that this extends, or the application. */
export interface PolicyLevel {
  /** For messages: `AccountController.login`. */
  readonly name: string;
  /** What Nest calls the handler for; absent on the other levels. */
  readonly kind?: HandlerKind;
  /** The kinds of its token guards. */
  readonly guards: readonly GuardKind[];
  /** The classes of its token guards. */
  readonly guardClasses: readonly GuardClass[];
  /** The classes made by `anyOf` that have a token guard among their members. */
  readonly anyOfClasses: readonly GuardClass[];
  /** How many guards it has, of whatever kind. */
  readonly guardCount: number;
  readonly required?: RequiredPolicy | undefined;
  /** `undefined` if the level does not say. */
  readonly fresh?: false | Freshness | undefined;
  readonly optional?: boolean | undefined;
  readonly isPublic?: boolean | undefined;
  readonly requirements: readonly RequirementMetadata[];
}

/**
 * Merges the levels of a route into one policy. The nearest level with a token guard decides the type of the token and
 * whether type and revocation are checked; requirements add up over the levels.
 *
 * @param levels - the effective levels, from the handler outwards
 * @returns `undefined` for a route that is open to all
 * @throws JwtExtendedConfigError - if the levels contradict one another, or have requirements but no token guard
 */
export function mergePolicy(levels: readonly PolicyLevel[]): RoutePolicy | undefined {
  const deciding = levels.find(({ guards }) => guards.length > 0);
  if (!deciding) {
    refuseIdleDecorators(levels);
    return undefined;
  }
  const type = requiredType(deciding);
  const isLogout = deciding.guards.includes('logout');
  return Object.freeze({
    type,
    verifyType: !isLogout && (deciding.required?.verifyType ?? true),
    ...(isLogout && { isLogout }),
    ...((isLogout || deciding.required?.allowExpired) && { allowExpired: true }),
    skipRevocationCheck: deciding.required?.skipRevocationCheck ?? false,
    // A guard or a requirement further in than `@JwtOptional` requires a token again.
    optional:
      levels.find((each) => each.optional !== undefined || requiresToken(each))?.optional ?? false,
    fresh: requiredFreshness(levels, deciding, type),
    locations: levels.find(({ required }) => required?.locations)?.required?.locations,
    cookieName: levels.find(({ required }) => required?.cookieName)?.required?.cookieName,
    requirements: collectRequirements(levels.flatMap((level) => level.requirements)),
  });
}

/** `@Public` hides the levels further out, unless a level further in requires a token again. */
export function effectiveLevels(levels: readonly PolicyLevel[]): readonly PolicyLevel[] {
  for (const [index, level] of levels.entries()) {
    if (level.isPublic) return levels.slice(0, index + 1);
    if (level.isPublic === false || requiresToken(level) || level.optional) break;
  }
  return levels;
}

/** Whether a level has a token guard, alone or as a member of an `anyOf`. */
export function hasTokenGuard({ guards, anyOfClasses }: PolicyLevel): boolean {
  return guards.length > 0 || anyOfClasses.length > 0;
}

function requiresToken(level: PolicyLevel): boolean {
  return hasTokenGuard(level) || !!level.fresh || level.requirements.length > 0;
}

function requiredType({ name, guards }: PolicyLevel): TokenType {
  if (guards.includes('logout') && guards.some((kind) => kind !== 'logout'))
    throw new JwtExtendedConfigError(
      `${name} has LogoutGuard and another token guard, which would refuse what LogoutGuard lets in: keep one of them`,
    );
  if (!guards.includes('refresh')) return 'access';
  if (guards.every((kind) => kind === 'refresh')) return 'refresh';
  throw new JwtExtendedConfigError(
    `${name} has RefreshGuard and a guard for access tokens, and no token is both: keep one of them`,
  );
}

/** Adds up from the outermost level inwards, so `@Fresh(false)` cancels what outer levels require. */
function requiredFreshness(
  levels: readonly PolicyLevel[],
  deciding: PolicyLevel,
  type: TokenType,
): false | Freshness {
  let required: false | Freshness = false;
  let demanding = deciding;
  for (const level of [...levels].reverse()) {
    const { fresh, guards } = level;
    if (fresh === false) required = false;
    else if (fresh || guards.includes('fresh')) {
      required = stricter(required, fresh || {});
      demanding = level;
    }
  }
  if (required && type === 'refresh') throw neverFresh(levels, deciding, demanding);
  return required;
}

function neverFresh(
  levels: readonly PolicyLevel[],
  deciding: PolicyLevel,
  demanding: PolicyLevel,
): JwtExtendedConfigError {
  const isFurtherOut = levels.indexOf(demanding) > levels.indexOf(deciding);
  return new JwtExtendedConfigError(
    isFurtherOut
      ? `${deciding.name} requires a refresh token, which is never fresh, and ${demanding.name} a fresh token: ` +
          `put @Fresh(false) on ${deciding.name}`
      : `${deciding.name} requires a refresh token, which is never fresh: remove @Fresh or RefreshGuard`,
  );
}

/** Both are required: the smaller age counts. */
export function stricter(one: false | Freshness, other: Freshness): Freshness {
  const ages = [one && one.maxAge, other.maxAge].filter((age) => typeof age === 'number');
  return ages.length > 0 ? { maxAge: Math.min(...ages) } : {};
}

function isOpen({ isPublic }: PolicyLevel): boolean {
  return isPublic === true;
}

/** Whether a level says more than `@Fresh(false)` or `@Public(false)`, which are harmless on a route that is open on purpose. */
function demands({ fresh, optional, requirements }: PolicyLevel): boolean {
  return !!fresh || !!optional || requirements.length > 0;
}

function refuseIdleDecorators(levels: readonly PolicyLevel[]): void {
  for (const level of levels) {
    const decorator = idleDecoratorOf(level);
    if (decorator === undefined || (!demands(level) && levels.some(isOpen))) continue;
    throw new JwtExtendedConfigError(
      `${decorator} on ${level.name} has no effect${whyIdle(levels, level)}`,
    );
  }
}

/** The first decorator of a level that has no effect without a token guard. */
export function idleDecoratorOf({
  fresh,
  optional,
  requirements,
  isPublic,
}: PolicyLevel): string | undefined {
  if (fresh !== undefined) return fresh ? '@Fresh' : '@Fresh(false)';
  if (optional) return '@JwtOptional';
  return requirements[0]?.decorator ?? (isPublic === false ? '@Public(false)' : undefined);
}

/**
 * Checks a level by itself, whether or not another one decides.
 *
 * @throws JwtExtendedConfigError - if its guards and decorators contradict one another
 */
export function refuseContradictions(level: PolicyLevel): void {
  const { name, guards, fresh, isPublic } = level;
  if (guards.length > 0) requiredFreshness([level], level, requiredType(level));
  if (fresh === false && guards.includes('fresh'))
    throw new JwtExtendedConfigError(`${name} has FreshGuard and @Fresh(false): keep one of them`);
  if (isPublic && !hasTokenGuard(level)) refuseIdleDecorators([level]);
}

/** Names the handler if the decorator is on the class: other routes of the class may be protected. */
function whyIdle(levels: readonly PolicyLevel[], idle: PolicyLevel): string {
  const [handler] = levels;
  // What is further in than `@Public` ends it, so that only the guard is missing.
  const open = levels.slice(0, levels.indexOf(idle) + 1).find(isOpen);
  const where = handler && handler !== idle ? ` on ${handler.name}` : '';
  return open
    ? `${where}, because ${open.name} is @Public(): remove one of the two`
    : `${where}, because ${UNGUARDED[handler?.kind ?? 'route']}`;
}

const ADD_GUARD =
  'add @UseGuards with AccessGuard, or with a subclass of it whose getRequest finds the request';

const UNGUARDED: Readonly<Record<HandlerKind, string>> = {
  route: 'no token guard protects the route: add @UseGuards(AccessGuard), or set globalGuard: true',
  resolver: `no token guard protects the resolver: ${ADD_GUARD}`,
  socket: `no token guard protects the message handler: ${ADD_GUARD}`,
  message: `no token guard protects the message handler, and Nest runs no global guards for messages in a hybrid application: ${ADD_GUARD}`,
};
