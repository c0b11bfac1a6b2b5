import type { RoutePolicy } from '../contracts/route-policy.js';
import type { Claims, Token } from '../contracts/token.js';
import { StaleTokenError, WrongTokenTypeError } from '../errors/token-errors.js';

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

/** When the user proved who they are (OpenID Connect Core section 2), or at least when the token was made. */
function authenticatedAt({ auth_time: authTime, iat }: Claims): unknown {
  return typeof authTime === 'number' ? authTime : iat;
}

/** A moment that nobody wrote down is infinitely long ago. */
function secondsSince(moment: unknown, now: Date): number {
  return typeof moment === 'number' ? now.getTime() / 1000 - moment : Infinity;
}
