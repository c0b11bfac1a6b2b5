import type { Token } from '../contracts/token.js';

/**
 * When the session of a token began, in seconds since the epoch: at the login (`auth_time`), or at least when the token
 * was made.
 */
export function beginningOf({ claims: { auth_time: authTime, iat } }: Token): number {
  if (typeof authTime === 'number') return authTime;
  return typeof iat === 'number' ? Math.floor(iat) : 0;
}
