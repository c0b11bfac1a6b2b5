import { JwtExtendedConfigError } from '../../../src/errors/config.error.js';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import type { JwtExtendedOptions } from '../../../src/options/jwt-extended-options.js';

/** What a user without types, or with a value from the environment, may hand over. */
export function resolve(options: unknown): ReturnType<typeof resolveOptions> {
  return resolveOptions(options as JwtExtendedOptions);
}

/** The message of the mistake in these options. */
export function mistakeOf(options: unknown): string {
  try {
    resolve(options);
  } catch (error) {
    if (error instanceof JwtExtendedConfigError) return error.message;
    throw error;
  }
  throw new Error('these options were accepted');
}

/** Options with one value at a path such as `cookies.secure`. */
export function withOption(path: string, value: unknown): Record<string, unknown> {
  const [name, ...rest] = path.split('.') as [string, ...string[]];
  return { [name]: rest.length === 0 ? value : withOption(rest.join('.'), value) };
}
