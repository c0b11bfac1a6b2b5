import { JwtExtendedConfigError } from '../errors/config.error.js';
import { type Check, isObject } from './checks.js';
import { configError, describe, kindOf, tagOf } from './describe.js';

/** One option: its check, and its default. A row without a default is an option that may be left out. */
type Row<D = unknown> =
  readonly [check: Check<unknown>] | readonly [check: Check<unknown>, fallback: D];

/** A row for each option of an interface: an option without a row does not compile. */
export type Rows<O> = { readonly [K in keyof Required<O>]: Row<O[K] | undefined> };

/** What the checks of some rows return; `undefined` for an option that may be left out and was not given. */
export type Values<R> = {
  readonly [K in keyof R]: R[K] extends readonly [Check<infer T>]
    ? T | undefined
    : R[K] extends readonly [Check<infer T>, unknown]
      ? T
      : never;
};

/**
 * Reads and checks a group of options, each of them once. The default counts if `undefined` was given; `null` goes to
 * the check, which refuses it.
 *
 * @param path - the name of the group, which messages put before the option's own; `''` for the options themselves
 * @throws JwtExtendedConfigError
 */
export function readOptions<const R extends Readonly<Record<string, Row>>>(
  path: string,
  rows: R,
  given: unknown,
): Values<R> {
  const group = asGroup(given, path);
  refuseUnknownNames(Object.keys(group), Object.keys(rows), path);
  const values = Object.entries(rows).map(([name, row]) => [
    name,
    readOption(row, group[name], path ? `${path}.${name}` : name),
  ]);
  return Object.fromEntries(values) as Values<R>;
}

/** The values that these rows are for. */
export function pick<V extends object, R extends object>(
  values: V,
  rows: R,
): Pick<V, keyof V & keyof R> {
  const names = Object.keys(rows) as (keyof V & keyof R)[];
  const picked = names.map((name) => [name, values[name]]);
  return Object.fromEntries(picked) as Pick<V, keyof V & keyof R>;
}

function readOption([check, ...fallback]: Row, given: unknown, path: string): unknown {
  const value = given === undefined ? fallback[0] : given;
  return value === undefined && fallback.length === 0 ? undefined : check(value, path);
}

/** Objects that may hold options. A `Map` or a `Promise` has no options of its own and would pass for an empty group. */
const GROUP_TAGS: ReadonlySet<string> = new Set(['Object', 'Module']);

function asGroup(given: unknown, path: string): Readonly<Record<string, unknown>> {
  if (isObject(given) && GROUP_TAGS.has(tagOf(given))) return given;
  const hint = given instanceof Promise ? ' (await the promise first)' : '';
  throw configError(path || 'JwtExtendedModule', kindOf(given), `give an object of options${hint}`);
}

/** The extras of `forRoot` and `forRootAsync`, which are no options; the module removes them before it reads options. */
export const STATIC_EXTRAS: readonly string[] =
  'isGlobal globalGuard registerFilter endpoints blocklistService'.split(' ');

/** The largest number of typing errors for which a message suggests the name; half of the name's letters at most. */
const NEAR = 3;

/** The largest number of names that a message lists. */
const LONGEST_LIST = 12;

/** @throws JwtExtendedConfigError - for a name that no option has: if misspelt, the default would silently stay in force */
export function refuseUnknownNames(
  given: readonly string[],
  known: readonly string[],
  path: string,
): void {
  const prefix = path && `${path}.`;
  const name = given.find((each) => !known.includes(each));
  if (name === undefined) return;
  // A secret that became a name by accident does not look like one.
  const shown = /^\w{1,30}$/.test(name) ? name : describe(name);
  const fix = fixFor(name, known, prefix);
  throw new JwtExtendedConfigError(`${prefix}${shown} is not an option; ${fix}`);
}

/**
 * Checks the options of a method that an application calls.
 *
 * @throws TypeError - if they are no object
 * @throws JwtExtendedConfigError - for a name that the method does not know
 */
export function checkCallOptions(
  options: unknown,
  method: string,
  known: readonly string[],
): asserts options is Readonly<Record<string, unknown>> {
  if (!isObject(options)) throw new TypeError(`The options of ${method} must be an object`);
  refuseUnknownNames(Object.keys(options), known, method);
}

function fixFor(name: string, known: readonly string[], prefix: string): string {
  const isTop = prefix === '';
  if (isTop && STATIC_EXTRAS.includes(name))
    return 'it belongs beside useFactory, not in what the factory returns';
  const nearest = nearestOf(name, isTop ? [...known, ...STATIC_EXTRAS] : known);
  if (nearest !== undefined) return `did you mean ${prefix}${nearest}?`;
  if (known.length > LONGEST_LIST) return 'remove it: no option has a name like that';
  return `remove it, or use one of ${known.map((each) => prefix + each).join(', ')}`;
}

function nearestOf(name: string, known: readonly string[]): string | undefined {
  const distanceTo = (other: string) => editDistance(name.toLowerCase(), other.toLowerCase());
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: distanceTo(candidate) }))
    .filter(({ distance }) => distance <= Math.min(NEAR, Math.ceil(name.length / 2)))
    .sort((one, other) => one.distance - other.distance);
  return nearest?.candidate;
}

/** How many letters must be inserted, removed or replaced to make one word of the other (Levenshtein). */
export function editDistance(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let index = 0; index < one.length; index++) {
    const row = [index + 1];
    for (let column = 0; column < other.length; column++) {
      const replaced = (above[column] as number) + (other[column] === one[index] ? 0 : 1);
      const removed = (above[column + 1] as number) + 1;
      const inserted = (row[column] as number) + 1;
      row.push(Math.min(replaced, removed, inserted));
    }
    above = row;
  }
  return above[other.length] as number;
}
