import type { TokenExtractor } from '../contracts/route-policy.js';
import type { TokenLocation } from '../contracts/token.js';
import { checkArray, checkOneOf, checkUnique } from '../common/checks.js';
import { mistake } from '../common/describe.js';

const LOCATIONS: readonly TokenLocation[] = ['headers', 'cookies', 'query_string', 'json'];

/**
 * Where tokens are looked for, in order.
 *
 * @param name - as the message names them; for a route that has locations of its own
 */
export function resolveLocations(
  value: unknown,
  name = 'locations',
): readonly (TokenLocation | TokenExtractor)[] {
  const locations = checkArray(value, name, checkLocation);
  if (locations.length === 0)
    throw mistake(name, 'an empty array', "name one location at least, such as 'headers'");
  checkUnique(locations, name);
  return locations;
}

function checkLocation(value: unknown, name: string): TokenLocation | TokenExtractor {
  return typeof value === 'function'
    ? (value as TokenExtractor)
    : checkOneOf(value, name, LOCATIONS);
}
