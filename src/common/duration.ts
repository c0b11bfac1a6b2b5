import ms from 'ms';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Check } from './checks.js';
import { configError, describe, type MistakeClass } from './describe.js';

/** A hundred years in seconds: added to now they stay below the year 9999, the last that a `Date` prints with four digits. */
export const LONGEST = 100 * 365.25 * 24 * 60 * 60;

/** The longest delay of a timer; a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What `ms` really takes and returns: `undefined` for a string that it cannot parse, or of over 100 characters. */
const lenientMs = ms as (text: string) => number | undefined;

/**
 * A duration in whole seconds; 0 is allowed.
 *
 * @example
 * ```ts
 * parseDuration('1.5h', 'leeway'); // 5400
 * parseDuration('60', 'maxAge', TokenCreationError); // throws: a string needs a unit
 * ```
 */
export function parseDuration(
  value: unknown,
  name: string,
  Mistake: MistakeClass = JwtExtendedConfigError,
): number {
  const seconds = parseSeconds(value, name, Mistake);
  if (seconds < 0)
    throw configError(name, describe(value), 'give a duration that is not negative', Mistake);
  return seconds;
}

/** A span in whole seconds, forwards or backwards in time. */
export function parseSeconds(value: unknown, name: string, Mistake: MistakeClass): number {
  const seconds = toMilliseconds(value, name, Mistake) / 1000;
  if (!Number.isInteger(seconds))
    throw configError(name, describe(value), 'give whole seconds', Mistake);
  if (Math.abs(seconds) > LONGEST)
    throw configError(name, describe(value), 'give 100 years at most', Mistake);
  return seconds;
}

/** A time-out in **milliseconds**; unlike other durations it may be a fraction of a second. */
export function parseTimeout(value: unknown, name: string): number {
  const milliseconds = toMilliseconds(value, name, JwtExtendedConfigError);
  if (milliseconds > 0 && milliseconds <= LONGEST_TIMER_MS) return milliseconds;
  const fix = "give a duration longer than 0 and at most 2147483647 ms, such as '500ms'";
  throw configError(name, describe(value), fix);
}

function toMilliseconds(value: unknown, name: string, Mistake: MistakeClass): number {
  const refuse = (fix: string) => configError(name, describe(value), fix, Mistake);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value * 1000;
    throw refuse("give a whole number of seconds, or a string such as '15m' or '500ms'");
  }
  if (typeof value !== 'string')
    throw refuse("give a number of seconds, or a string with a unit such as '15m'");
  // `ms` reads text without a unit as milliseconds: '3600' from an environment variable would be 3.6 seconds.
  const milliseconds = /[a-z]$/i.test(value) ? lenientMs(value) : undefined;
  // 1.1 hours are 3960000.0000000005 ms in floating point; fifteen digits are exact.
  if (milliseconds !== undefined) return Number(milliseconds.toPrecision(15));
  throw refuse("a string needs a number and a unit, such as '90s', '15m', '1.5h' or '30d'");
}

/** A duration of at least one second; `otherwise` is what a message offers in its place. */
export function positiveDuration(
  otherwise: string,
  Mistake: MistakeClass = JwtExtendedConfigError,
): Check<number> {
  return (value, name) => {
    const seconds = parseDuration(value, name, Mistake);
    if (seconds > 0) return seconds;
    const fix = `give more than 0 seconds, or ${otherwise}`;
    throw configError(name, describe(value), fix, Mistake);
  };
}

/** How long a token lives, in whole seconds; `false` for ever. Zero is refused: in Flask-JWT-Extended it means for ever. */
export function parseLifetime(
  value: unknown,
  name: string,
  Mistake?: MistakeClass,
): number | false {
  return value === false ? false : positiveDuration('use false for never', Mistake)(value, name);
}

/** As {@link parseLifetime}; a negative number of seconds makes a token that has expired already. */
export function parseExpiresIn(
  value: unknown,
  name: string,
  Mistake: MistakeClass,
): number | false {
  const isPast = typeof value === 'number' && value < 0;
  return isPast ? parseSeconds(value, name, Mistake) : parseLifetime(value, name, Mistake);
}
