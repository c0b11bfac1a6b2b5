import ms from 'ms';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { describe, configError, type MistakeClass } from './describe.js';

/** A hundred years in seconds: whatever is added to now stays below the year 9999, the last that a `Date` prints plainly. */
const LONGEST = 100 * 365.25 * 24 * 60 * 60;

/** The longest delay of a timer; a longer one fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** `ms` as it is, beside its types: any string, and `undefined` for one it does not understand or of over 100 characters. */
const lenientMs = ms as (text: string) => number | undefined;

/**
 * A duration in whole seconds, not negative.
 *
 * @param name - the option or argument, as the message names it
 * @param Mistake - what to throw: `JwtExtendedConfigError` unless the caller says otherwise
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

/** How long to wait for something, in **milliseconds**: fractions of a second are welcome here. */
export function parseTimeout(value: unknown, name: string): number {
  const milliseconds = toMilliseconds(value, name, JwtExtendedConfigError);
  if (milliseconds > 0 && milliseconds <= LONGEST_TIMER_MS) return milliseconds;
  throw configError(
    name,
    describe(value),
    "give a duration longer than 0 and at most 2147483647 ms, such as '500ms'",
  );
}

function toMilliseconds(value: unknown, name: string, Mistake: MistakeClass): number {
  const refuse = (fix: string) => configError(name, describe(value), fix, Mistake);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value * 1000;
    throw refuse("give a whole number of seconds, or a string such as '15m' or '500ms'");
  }
  if (typeof value !== 'string') {
    throw refuse("give a number of seconds, or a string with a unit such as '15m'");
  }
  // `ms` takes a bare number for milliseconds: an hour from an environment variable ('3600') would be 3.6 seconds.
  const milliseconds = /[a-z]$/i.test(value) ? parseText(value) : undefined;
  if (milliseconds !== undefined) return milliseconds;
  throw refuse("a string needs a number and a unit, such as '90s', '15m', '1.5h' or '30d'");
}

function parseText(text: string): number | undefined {
  const milliseconds = lenientMs(text);
  // 1.1 hours are 3960000.0000000005 ms in floating point; fifteen digits are what a number surely holds.
  return milliseconds === undefined ? undefined : Number(milliseconds.toPrecision(15));
}

/**
 * How long something lives, in whole seconds; `false` for ever. Zero is refused, since in Flask-JWT-Extended it means
 * for ever and to everybody else at once.
 */
export function parseLifetime(
  value: unknown,
  name: string,
  Mistake: MistakeClass = JwtExtendedConfigError,
): number | false {
  if (value === false) return false;
  const seconds = parseDuration(value, name, Mistake);
  if (seconds === 0)
    throw configError(
      name,
      describe(value),
      'give more than 0 seconds, or use false for never',
      Mistake,
    );
  return seconds;
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
