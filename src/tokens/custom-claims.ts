import { tagOf } from '../common/describe.js';
import { TokenCreationError } from '../errors/config.error.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import { isInherited } from '../options/token-options.js';

/** Deeper than this nobody means to go, and `JSON.stringify` cannot go much deeper. */
const DEEPEST = 100;

/**
 * What keeps a value from surviving JSON unchanged, told as a path and a reason; `undefined` where nothing does.
 * `JSON.stringify` would throw for some of these, and silently change the others: NaN becomes `null`, a Map `{}`.
 */
export function jsonFault(
  value: unknown,
  path: string,
  parents: readonly object[] = [],
): string | undefined {
  switch (typeof value) {
    case 'bigint':
    case 'function':
    case 'symbol':
      return `${path} is a ${typeof value}`;
    case 'number':
      return Number.isFinite(value) ? undefined : `${path} is ${value}`;
    case 'object':
      return value === null ? undefined : objectFault(value, path, parents);
    default:
      return undefined;
  }
}

/** Whether it is an object that JSON writes as one: no list, no `Map`, no promise. */
function isJsonObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && tagOf(value) === 'Object';
}

function objectFault(value: object, path: string, parents: readonly object[]): string | undefined {
  if (parents.includes(value)) return `${path} contains itself`;
  if (parents.length > DEEPEST) return 'what lies in it is nested too deep';
  const isList = Array.isArray(value);
  if ('toJSON' in value || !(isList || isJsonObject(value))) return `${path} is a ${kindOf(value)}`;
  const within = [...parents, value];
  for (const [name, member] of isList ? (value as unknown[]).entries() : Object.entries(value)) {
    const isHole = isList && member === undefined;
    const fault = isHole
      ? `${path}.${name} is undefined`
      : jsonFault(member, `${path}.${name}`, within);
    if (fault) return fault;
  }
  return undefined;
}

function kindOf(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === 'function' ? constructor.name : tagOf(value);
}

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
