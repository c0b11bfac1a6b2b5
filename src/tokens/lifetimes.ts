import type { Duration } from '../contracts/token.js';
import { TokenCreationError } from '../errors/config.error.js';
import { parseExpiresIn, parseLifetime } from '../common/duration.js';

/**
 * The `exp` of a token minted now; `undefined` for one that never expires.
 *
 * @param now - seconds since the epoch
 */
export function expiryOf(lifetime: Duration | false, now: number): number | undefined {
  const seconds = parseExpiresIn(lifetime, 'expiresIn', TokenCreationError);
  return seconds === false ? undefined : now + seconds;
}

/** The `fresh` claim: `true`, `false`, or the second until which the token is fresh. */
export function freshUntil(
  fresh: boolean | Duration | Date | undefined,
  now: number,
): boolean | number {
  if (fresh === undefined || typeof fresh === 'boolean') return fresh ?? false;
  if (!(fresh instanceof Date))
    return now + Number(parseLifetime(fresh, 'fresh', TokenCreationError));
  if (Number.isNaN(fresh.getTime())) throw new TokenCreationError('fresh must be a valid Date');
  return Math.floor(fresh.getTime() / 1000);
}
