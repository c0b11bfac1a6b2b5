import { JwtExtendedConfigError } from '../errors/config.error.js';

/** The longest string that a message repeats: shorter than any secret worth the name (32 bytes, RFC 7518 section 3.2). */
const LONGEST_QUOTE = 20;

/** A value as a message may show it: short text and numbers as they are, of everything else the kind. */
export function describe(value: unknown): string {
  if (typeof value === 'string' && value.length <= LONGEST_QUOTE && /^[\x20-\x7e]*$/.test(value))
    return `'${value}'`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return kindOf(value);
}

/** What kind of value it is, and never the value: for places where a secret might have been put by accident. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const tag = tagOf(value);
  return tag === 'Object' ? 'an object' : `an object of type ${tag}`;
}

/** `Object` for plain objects and instances of classes, `Promise`, `Map`, `RegExp`… for the language's own. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** The class of error that a mistake is told with: options and mint time each have their own. */
export type MistakeClass = new (message: string) => Error;

/** A mistake in the options, in three parts: the option by its full path, what was given, and the fix. */
export function configError(
  option: string,
  given: string,
  fix: string,
  Mistake: MistakeClass = JwtExtendedConfigError,
): Error {
  return new Mistake(`${option} was given ${given}; ${fix}`);
}
