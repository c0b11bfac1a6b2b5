import { kindOf, tagOf } from './describe.js';
import { mistake } from './mistake.js';
import { refuseUnknownNames } from './unknown-names.js';

/** A default for every option of a group; `undefined` where there is none. An option left out does not compile. */
export type Defaults<O> = { readonly [K in keyof Required<O>]: O[K] | undefined };

/** Every option of a group, the defaults filled in, and nothing checked yet. */
export type Unchecked<O> = { readonly [K in keyof O]-?: unknown };

/** What may stand for a group of options. A `Map` or a `Promise` would have no options, and so pass for an empty one. */
const GROUP_TAGS: ReadonlySet<string> = new Set(['Object', 'Module']);

/**
 * Reads a group of options, each of them once, with the default where `undefined` was given. `null` is no default:
 * it is left for the checks to refuse.
 *
 * @param path - the name of the group; `''` for the options themselves
 */
export function settle<O>(given: unknown, defaults: Defaults<O>, path: string): Unchecked<O> {
  const group = asGroup(given, path);
  const names = Object.keys(defaults) as (keyof O & string)[];
  refuseUnknownNames(Object.keys(group), names, path);
  const settled = names.map((name) => [
    name,
    group[name] === undefined ? defaults[name] : group[name],
  ]);
  return Object.fromEntries(settled) as Unchecked<O>;
}

function asGroup(given: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof given === 'object' && given !== null && GROUP_TAGS.has(tagOf(given))) {
    return given as Readonly<Record<string, unknown>>;
  }
  const hint = given instanceof Promise ? ' (await the promise first)' : '';
  throw mistake(path || 'JwtExtendedModule', kindOf(given), `give an object of options${hint}`);
}
