import type { HttpRequest } from '../contracts/http.js';
import type { Requirement, RoutePolicy } from '../contracts/route-policy.js';
import type { Claims, Token } from '../contracts/token.js';
import {
  InsufficientClaimsError,
  StaleTokenError,
  WrongTokenTypeError,
} from '../errors/token-errors.js';

/** @throws WrongTokenTypeError */
export function requireType(token: Token, policy: RoutePolicy): void {
  if (policy.verifyType && token.type !== policy.type) throw new WrongTokenTypeError(policy.type);
}

/**
 * A token is *fresh* if it was created with `fresh: true`, right after the user entered a password. Tokens obtained with a
 * refresh token are not fresh, however new they are. With `maxAge`, a fresh token must not be older than that.
 *
 * @throws StaleTokenError
 */
export function requireFresh(token: Token, { fresh }: RoutePolicy, now: Date): void {
  if (!fresh) return;
  const isYoungEnough =
    fresh.maxAge === undefined || secondsSince(authenticatedAt(token.claims), now) <= fresh.maxAge;
  if (!token.fresh || !isYoungEnough) throw new StaleTokenError(token, fresh);
}

/**
 * Reports claims and route parameters before scopes, as Flask_PyJWT does.
 *
 * @throws InsufficientClaimsError
 */
export function requireClaims(
  token: Token,
  { requirements }: RoutePolicy,
  request: HttpRequest,
): void {
  if (!requirements) return;
  const { claims } = token;
  const missing = requirements.filter(
    ({ isMet, applies }) => !isMet(claims, request.params) && applies(claims),
  );
  if (missing.length === 0) return;
  if (missing.some(({ kind }) => kind === 'claim'))
    throw new InsufficientClaimsError(token, 'Missing required claim(s)');
  throw new InsufficientClaimsError(
    token,
    'Missing required scope(s)',
    missing.some(({ word }) => word) ? requiredWords(requirements, claims) : [],
  );
}

/** All words that the route requires, because the client will ask for a new token with exactly these words. */
function requiredWords(requirements: readonly Requirement[], claims: Claims): readonly string[] {
  const words = requirements
    .filter(({ applies }) => applies(claims))
    .flatMap(({ word }) => word ?? []);
  return [...new Set(words)];
}

/** When the user authenticated (OpenID Connect Core section 2), otherwise when the token was made. */
function authenticatedAt({ auth_time: authTime, iat }: Claims): unknown {
  return typeof authTime === 'number' ? authTime : iat;
}

/** A missing moment is infinitely long ago. */
function secondsSince(moment: unknown, now: Date): number {
  return typeof moment === 'number' ? now.getTime() / 1000 - moment : Infinity;
}
