import { TokenCreationError } from '../errors/config.error.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import { isInherited } from '../options/token-options.js';
import { isJsonObject, jsonFault } from './json-value.js';

/** Header parameters that say how a token is verified (RFC 7515 section 4.1, RFC 7797): never the application's. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'alg',
  'typ',
  'kid',
  'crit',
  'b64',
  'zip',
  'enc',
  'cty',
  'jwk',
  'jku',
  'x5u',
  'x5c',
  'x5t',
  'x5t#S256',
]);

/** Header parameters to add: the loader's, and over them the caller's. */
export function additionalHeaders(loaded: unknown, given: unknown): object {
  return merge('additionalHeaders', loaded, given, RESERVED_HEADERS);
}

/** Claims to add: the loader's, and over them the caller's. */
export function additionalClaims(
  loaded: unknown,
  given: unknown,
  reserved: ReadonlySet<string>,
): object {
  return merge('additionalClaims', loaded, given, reserved);
}

/** Neither object is changed: the loader may hand out the same one every time. */
function merge(
  what: 'additionalClaims' | 'additionalHeaders',
  loaded: unknown,
  given: unknown,
  reserved: ReadonlySet<string>,
): object {
  if (!isObjectOrNothing(loaded)) {
    throw new TokenCheckUnavailableError(new TypeError(`loaders.${what} must give an object`));
  }
  if (!isObjectOrNothing(given)) throw new TokenCreationError(`${what} must be an object`);
  const merged = { ...loaded, ...given };
  for (const name of Object.keys(merged)) {
    if (reserved.has(name) || isInherited(name)) {
      throw new TokenCreationError(`${what} may not contain '${name}': the name is reserved`);
    }
  }
  const fault = jsonFault(merged, what);
  if (fault) throw new TokenCreationError(`${fault}, which JSON cannot hold: use text or a number`);
  return merged;
}

function isObjectOrNothing(value: unknown): value is object | null | undefined {
  return value === undefined || value === null || isJsonObject(value);
}
