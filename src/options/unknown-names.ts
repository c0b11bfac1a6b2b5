import { JwtExtendedConfigError } from '../errors/config.error.js';
import { describe } from './describe.js';
import { editDistance } from './edit-distance.js';

/** What stands beside the options of `forRoot`, or beside `useFactory`; the module takes these away before it resolves. */
export const STATIC_EXTRAS: readonly string[] = [
  'isGlobal',
  'globalGuard',
  'registerFilter',
  'endpoints',
  'strategyPrefix',
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
