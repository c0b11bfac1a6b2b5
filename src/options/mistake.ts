import { JwtExtendedConfigError } from '../errors/config.error.js';

/** The class of error that a mistake is told with: options and mint time each have their own. */
export type MistakeClass = new (message: string) => Error;

/** A mistake in the options, in three parts: the option by its full path, what was given, and the fix. */
export function mistake(
  option: string,
  given: string,
  fix: string,
  Mistake: MistakeClass = JwtExtendedConfigError,
): Error {
  return new Mistake(`${option} was given ${given}; ${fix}`);
}
