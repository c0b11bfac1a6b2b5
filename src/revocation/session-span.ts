import type { Token } from '../contracts/token.js';

/**
 * When the session of a token began, in seconds since the epoch: at the login (`auth_time`), or at least when the token
 * was made.
 */
export function beginningOf({ claims: { auth_time: authTime, iat } }: Token): number {
  if (typeof authTime === 'number') return authTime;
  return typeof iat === 'number' ? Math.floor(iat) : 0;
}

/** The second at which the session of a token is over, whatever is refreshed or renewed; `undefined` for never. */
export function endOf(token: Token, sessionLifetime: number | undefined): number | undefined {
  return sessionLifetime === undefined ? undefined : beginningOf(token) + sessionLifetime;
}
