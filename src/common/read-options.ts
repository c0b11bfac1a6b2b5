import { JwtExtendedConfigError } from '../errors/config.error.js';
import { describe, kindOf, configError, tagOf } from './describe.js';

/** How many letters must be put in, left out or exchanged to make one word of the other (Levenshtein). */
export function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let index = 0; index < one.length; index++)
    row = nextRow(row, one.charAt(index), other, index + 1);
  return row[other.length] as number;
}

function nextRow(above: readonly number[], letter: string, other: string, start: number): number[] {
  const row = [start];
  for (let column = 0; column < other.length; column++) {
    const exchange = (above[column] as number) + (other[column] === letter ? 0 : 1);
    const leaveOut = (above[column + 1] as number) + 1;
    const putIn = (row[column] as number) + 1;
    row.push(Math.min(exchange, leaveOut, putIn));
  }
  return row;
}

/** What stands beside the options of `forRoot`, or beside `useFactory`; the module takes these away before it resolves. */
export const STATIC_EXTRAS: readonly string[] = [
  'isGlobal',
  'globalGuard',
  'registerFilter',
  'endpoints',
  'blocklistService',
];

/** How many slips of the pen still suggest a name. */
const NEAR = 3;

/** Refuses names that no option has: a misspelt one would leave its default in force, silently. */
export function refuseUnknownNames(
  given: readonly string[],
  known: readonly string[],
  path: string,
): void {
  const prefix = path && `${path}.`;
  for (const name of given) {
    if (known.includes(name)) continue;
    throw new JwtExtendedConfigError(
      `${prefix}${shorten(name)} is not an option; ${fixFor(name, known, prefix)}`,
    );
  }
}

function fixFor(name: string, known: readonly string[], prefix: string): string {
  const isTop = prefix === '';
  if (isTop && STATIC_EXTRAS.includes(name)) {
    return 'it belongs beside useFactory, not in what the factory returns';
  }
  const nearest = nearestOf(name, isTop ? [...known, ...STATIC_EXTRAS] : known);
  if (nearest !== undefined) return `did you mean ${prefix}${nearest}?`;
  return `remove it, or use one of ${known.map((each) => prefix + each).join(', ')}`;
}

function nearestOf(name: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((candidate) => ({
      candidate,
      distance: editDistance(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .filter(({ distance }) => distance <= NEAR)
    .sort((one, other) => one.distance - other.distance);
  return nearest?.candidate;
}

/** A name as it is where it looks like one; a secret that became a name by accident does not. */
function shorten(name: string): string {
  return /^\w{1,30}$/.test(name) ? name : describe(name);
}

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
export function readOptions<O>(given: unknown, defaults: Defaults<O>, path: string): Unchecked<O> {
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
  throw configError(path || 'JwtExtendedModule', kindOf(given), `give an object of options${hint}`);
}
