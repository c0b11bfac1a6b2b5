import { configError, describe } from '../common/describe.js';

/** Clocks get set back, so every store keeps an entry for this long after its expiry. */
export const MARGIN_MS = 5 * 60 * 1_000;

/**
 * The time at which something expires, in milliseconds since the epoch.
 *
 * @throws TypeError - for an invalid date
 */
export function expiryOf(expiresAt: Date, store: string): number {
  const milliseconds = expiresAt.getTime();
  if (Number.isNaN(milliseconds)) throw new TypeError(`${store}: expiresAt must be a valid date`);
  return milliseconds;
}

/** @throws TypeError - for a number that no entry can be raised to */
export function requireWholeNumber(value: number, store: string): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new TypeError(`${store}: raise takes a whole number of 0 or more`);
}

const DIGITS = /^\d+$/;

/**
 * The number that an entry holds.
 *
 * @throws Error - if it holds something else, which `raise` must leave as it is
 */
export function numberIn(value: string, store: string): number {
  if (DIGITS.test(value)) return Number(value);
  throw new Error(`${store}: only a number can be raised, and the entry holds other text`);
}

const PREFIX = /^[\x20-\x7e]{1,64}$/;

/** The prefix of a store's keys: short, and text in every backend. */
export function checkPrefix(value: unknown, name: string): string {
  if (typeof value === 'string' && PREFIX.test(value)) return value;
  throw configError(name, describe(value), 'give 1 to 64 printable characters of ASCII');
}
