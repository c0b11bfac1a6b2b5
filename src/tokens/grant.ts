import { isObject } from '../common/checks.js';
import { LONGEST, parseExpiresIn } from '../common/duration.js';
import type { Claims, Duration, Token } from '../contracts/token.js';
import { TokenCreationError } from '../errors/config.error.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import {
  isInherited,
  RESERVED_CLAIMS,
  type ResolvedTokenOptions,
} from '../options/token-options.js';
import { asWritten } from './custom-claims.js';

/** What the application decided in a call, and what holds until the session ends: the claim `grant`. */
export interface Grant {
  /** The names of the claims that the application gave. Their values are in the token. */
  readonly claims?: readonly string[];
  /** How long access and refresh tokens live, in seconds; `false` for ever. */
  readonly access?: number | false;
  readonly refresh?: number | false;
  /** Whether the browser keeps cookies of these tokens after it is closed. */
  readonly remember?: boolean;
  /** Whether the token was delivered in a cookie. */
  readonly cookie?: true;
  /** The first refresh token of the family, by its `jti`, and the number of rotations since. */
  readonly family?: string;
  readonly generation?: number;
}

/** The parts of a grant that all tokens of a session share. */
export type SharedGrant = Omit<Grant, 'family' | 'generation'>;

const CHECKS: Readonly<Record<keyof Grant, (value: unknown) => boolean>> = {
  claims: (value) => Array.isArray(value) && value.length > 0 && value.every(isClaimName),
  access: isLifetime,
  refresh: isLifetime,
  remember: (value) => typeof value === 'boolean',
  cookie: (value) => value === true,
  family: (value) => typeof value === 'string' && value !== '' && value.length <= 256,
  generation: (value) => Number.isSafeInteger(value) && (value as number) > 0,
};

/**
 * The grant of a token of this module; empty if it has none. Anything that this library does not write is refused: an
 * ignored limit would be no limit.
 *
 * @throws InvalidTokenError
 */
export function grantOf(
  claims: Claims,
  options: Pick<ResolvedTokenOptions, 'userClaimsKey' | 'identityClaim'>,
): Grant {
  if (!Object.hasOwn(claims, 'grant')) return {};
  const { grant } = claims;
  if (!isGrant(grant)) throw malformed();
  const custom = customOf(claims, options);
  const isOurs = (name: string) =>
    custom === claims && (RESERVED_CLAIMS.has(name) || name === options.identityClaim);
  if (grant.claims?.some((name) => !Object.hasOwn(custom, name) || isOurs(name))) throw malformed();
  return grant;
}

/** The claims that the application gave in a call, with their values. */
export function grantedClaims(
  claims: Claims,
  grant: Grant,
  options: Pick<ResolvedTokenOptions, 'userClaimsKey'>,
): object {
  const custom = customOf(claims, options);
  return Object.fromEntries((grant.claims ?? []).map((name) => [name, custom[name]]));
}

/** How often the family of a refresh token was rotated before this token. */
export function generationOf({ claims }: Token): number {
  return (claims.grant as Grant | undefined)?.generation ?? 0;
}

/** The `jti` of the first refresh token of a token's family. */
export function familyOf({ claims, jti }: Token): string {
  return (claims.grant as Grant | undefined)?.family ?? jti;
}

/** The options of a call that last. */
interface Deciding {
  readonly additionalClaims?: object | undefined;
  readonly accessExpiresIn?: Duration | false | undefined;
  readonly refreshExpiresIn?: Duration | false | undefined;
  readonly remember?: boolean | undefined;
}

/**
 * What the options of a call decide for the rest of the session.
 *
 * @param lifetime - the name of the option that holds the lifetime, for messages, if the call makes one token
 * @throws TokenCreationError
 */
export function decidedBy(
  { additionalClaims, accessExpiresIn, refreshExpiresIn, remember }: Deciding,
  lifetime?: 'expiresIn',
): SharedGrant {
  const given = isObject(additionalClaims) ? Object.entries(additionalClaims) : [];
  const names = given.filter(([, value]) => asWritten(value) !== undefined).map(([name]) => name);
  if (remember !== undefined && typeof remember !== 'boolean')
    throw new TokenCreationError('remember must be true or false');
  return withoutUndefined({
    claims: names.length > 0 ? names : undefined,
    access: lifetimeOf(accessExpiresIn, lifetime ?? 'accessExpiresIn'),
    refresh: lifetimeOf(refreshExpiresIn, lifetime ?? 'refreshExpiresIn'),
    remember,
    // Only cookies can be remembered, or not.
    cookie: remember === undefined ? undefined : true,
  });
}

function lifetimeOf(given: Duration | false | undefined, name: string): number | false | undefined {
  return given === undefined ? undefined : parseExpiresIn(given, name, TokenCreationError);
}

/** Adds what a call decides to what earlier calls decided. */
export function extendGrant(
  { family: _family, generation: _generation, ...grant }: Grant,
  { claims = [], ...decided }: SharedGrant,
): SharedGrant {
  const names = [...new Set([...(grant.claims ?? []), ...claims])];
  const merged = { ...grant, ...withoutUndefined(decided) };
  return names.length > 0 ? { ...merged, claims: names } : merged;
}

/** The grant as the token has it; `undefined` if there is nothing to say. */
export function writtenGrant(grant: Grant): Grant | undefined {
  const written = withoutUndefined(grant);
  return Object.keys(written).length > 0 ? written : undefined;
}

function withoutUndefined<G extends object>(grant: G): G {
  return Object.fromEntries(Object.entries(grant).filter(([, value]) => value !== undefined)) as G;
}

function isGrant(value: unknown): value is Grant {
  if (!isObject(value) || Array.isArray(value)) return false;
  const isKnown = ([name, member]: [string, unknown]) =>
    Object.hasOwn(CHECKS, name) && CHECKS[name as keyof Grant](member);
  const members = Object.entries(value);
  const hasBoth = 'family' in value === 'generation' in value;
  return members.length > 0 && members.every(isKnown) && hasBoth;
}

/** The object in which a token holds the claims of the application. */
function customOf(
  claims: Claims,
  { userClaimsKey }: Pick<ResolvedTokenOptions, 'userClaimsKey'>,
): Claims {
  if (userClaimsKey === undefined) return claims;
  const nested = claims[userClaimsKey];
  return isObject(nested) && !Array.isArray(nested) ? nested : {};
}

function isClaimName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !isInherited(value);
}

function isLifetime(value: unknown): boolean {
  return (
    value === false ||
    (Number.isInteger(value) && value !== 0 && Math.abs(value as number) <= LONGEST)
  );
}

function malformed(): InvalidTokenError {
  return new InvalidTokenError('Invalid claim format in token');
}
