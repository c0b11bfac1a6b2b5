import { JwtExtendedConfigError } from '../errors/config.error.js';
import { describe } from './describe.js';
import { parseDuration, parseSeconds } from './duration.js';
import { mistake, type MistakeClass } from './mistake.js';

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
    throw mistake(
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
