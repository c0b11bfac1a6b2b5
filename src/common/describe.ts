import { JwtExtendedConfigError } from '../errors/config.error.js';

/** The longest string that a message repeats: shorter than any allowed secret (32 bytes, RFC 7518 section 3.2). */
const LONGEST_QUOTE = 20;

/** A value as a message may show it: short text, numbers and booleans as they are, of everything else the kind. */
export function describe(value: unknown): string {
  if (typeof value === 'string' && value.length <= LONGEST_QUOTE && /^[\x20-\x7e]*$/.test(value))
    return `'${value}'`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return kindOf(value);
}

/** The kind of a value and never the value: for options in whose place a secret may stand by accident. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const tag = tagOf(value);
  return tag === 'Object' ? 'an object' : `an object of type ${tag}`;
}

/** `Object` for plain objects and instances of classes; `Promise`, `Map`, `RegExp`… for built-in ones. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** Follows the name of each class that the module provides, for Nest's messages. */
export const NAME_HINT = ' (JwtExtendedModule.forRoot)';

/** The name of a class without that hint. */
export function plainNameOf({ name }: { readonly name: string }): string {
  return name.replace(NAME_HINT, '');
}

/** The class of the error: `JwtExtendedConfigError` for options, `TokenCreationError` while a token is created. */
export type MistakeClass = new (message: string) => Error;

/** An error that names the option by its full path, what was given, and the fix. */
export function configError(
  option: string,
  given: string,
  fix: string,
  Mistake: MistakeClass = JwtExtendedConfigError,
): Error {
  return new Mistake(`${option} was given ${given}; ${fix}`);
}
