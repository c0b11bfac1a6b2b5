import { configError, describe } from '../common/describe.js';

/** Clocks get set back, so every store keeps an entry for this long after its expiry. */
export const MARGIN_MS = 5 * 60 * 1_000;

/** In milliseconds since the epoch; `null` for ever. @throws TypeError - for an invalid date */
export function expiryOf(expiresAt: Date | null, store: string): number | null {
  if (expiresAt === null) return null;
  const milliseconds = expiresAt.getTime();
  if (Number.isNaN(milliseconds)) throw new TypeError(`${store}: expiresAt must be a valid date`);
  return milliseconds;
}

/** The prefix of a store's keys: short, and text in every backend. */
export function checkPrefix(value: unknown, name: string): string {
  if (typeof value === 'string' && /^[\x20-\x7e]{1,64}$/.test(value)) return value;
  throw configError(name, describe(value), 'give 1 to 64 printable characters of ASCII');
}
