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
 * A token that was refreshed is not fresh, however young it is; one that is must not be older than the route allows.
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
 * Claims and route parameters are told before scopes, as Flask_PyJWT does.
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
    missing.some(({ word }) => word) ? wordsDue(requirements, claims) : [],
  );
}

/** All that the route needs, since a client asks for a new token with these words and no others. */
function wordsDue(requirements: readonly Requirement[], claims: Claims): readonly string[] {
  const words = requirements
    .filter(({ applies }) => applies(claims))
    .flatMap(({ word }) => word ?? []);
  return [...new Set(words)];
}

/** When the user proved who they are (OpenID Connect Core section 2), or at least when the token was made. */
function authenticatedAt({ auth_time: authTime, iat }: Claims): unknown {
  return typeof authTime === 'number' ? authTime : iat;
}

/** A moment that nobody wrote down is infinitely long ago. */
function secondsSince(moment: unknown, now: Date): number {
  return typeof moment === 'number' ? now.getTime() / 1000 - moment : Infinity;
}
