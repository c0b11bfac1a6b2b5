import { TokenCheckUnavailableError } from '../errors/token-errors.js';

const MICROSECONDS = 1_000_000;
const NUMBER = /^\d{1,16}$/;

/**
 * A cut-off as stores keep it, in microseconds since the epoch. Everything issued before it is revoked, and `iat` counts
 * whole seconds: a token of the very second counts as issued at that second's beginning, and so before the cut-off. One
 * that is minted after it in the same second says its `iat` to the microsecond.
 */
export function cutOffAt(issuedBefore: Date): number {
  return issuedBefore.getTime() * 1000;
}

/** What was issued in this very millisecond was issued before. */
export function cutOffNow(now: Date): number {
  return cutOffAt(now) + 1;
}

/**
 * Whether what was issued at a moment is cut off. A token that does not say when it was issued is.
 *
 * @param iat - in seconds since the epoch
 * @param cutOff - the store's text; `null` for none
 */
export function isIssuedBefore(iat: unknown, cutOff: string | null | undefined): boolean {
  if (cutOff === null || cutOff === undefined) return false;
  if (!NUMBER.test(cutOff)) {
    const fault = new TypeError('The blocklist store gave a cut-off that is no number');
    throw new TokenCheckUnavailableError(fault);
  }
  return typeof iat !== 'number' || Math.round(iat * MICROSECONDS) < Number(cutOff);
}
