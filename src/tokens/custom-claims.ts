import { tagOf } from '../common/describe.js';
import { safeMessage } from '../common/fault-message.js';
import { TokenCreationError } from '../errors/config.error.js';
import { isInherited } from '../options/token-options.js';

/** Header parameters that say how a token is verified (RFC 7515 section 4.1, RFC 7797). */
export const RESERVED_HEADERS: ReadonlySet<string> = new Set(
  'alg typ kid crit b64 zip enc cty jwk jku x5u x5c x5t x5t#S256'.split(' '),
);

/**
 * The loader's members and the caller's; for the same name the caller's value wins. The object is a new one, because the
 * loader may return the same one every time.
 */
export function mergeAdditions(
  what: 'additionalClaims' | 'additionalHeaders',
  loaded: unknown,
  given: unknown,
  reserved: ReadonlySet<string>,
): object {
  if (loaded === undefined && given === undefined) return NOTHING;
  const merged: object = {
    ...membersOf(loaded, `loaders.${what} must give an object`),
    ...membersOf(given, `${what} must be an object`),
  };
  for (const [name, value] of Object.entries(merged)) {
    if (reserved.has(name) || isInherited(name))
      throw new TokenCreationError(`${what} may not contain '${name}': the name is reserved`);
    requireJson(value, `${what}.${name}`, [merged]);
  }
  return merged;
}

const NOTHING: object = Object.freeze({});

/** The claims that a caller gives. @throws TokenCreationError */
export function claimsGiven(claims: unknown): object | null | undefined {
  return membersOf(claims, 'additionalClaims must be an object');
}

/** What JSON writes of it: the `toJSON` of an entity may hide members. */
function membersOf(additions: unknown, refusal: string): object | null | undefined {
  const written = asWritten(additions);
  if (written !== undefined && written !== null && !isJsonObject(written))
    throw new TokenCreationError(refusal);
  return written;
}

/** @throws TokenCreationError - for a value that JSON would lose or cannot write */
export function requireJson(value: unknown, path: string, parents?: readonly object[]): void {
  const fault = jsonFault(value, path, parents);
  if (fault) throw new TokenCreationError(`${fault}, which JSON cannot hold: use text or a number`);
}

/** `JSON.stringify` itself fails at some thousands of levels. */
const MAX_DEPTH = 100;

/**
 * Why JSON cannot write a value, as a path and a reason; `undefined` if it can. For some of these
 * values `JSON.stringify` throws; others it loses silently: NaN becomes `null`, a Map `{}`.
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

function objectFault(value: object, path: string, parents: readonly object[]): string | undefined {
  if (parents.includes(value)) return `${path} contains itself`;
  if (parents.length > MAX_DEPTH)
    return `${path.split('.', 1)[0]} is nested more than ${MAX_DEPTH} levels deep`;
  const isList = Array.isArray(value);
  const within = [...parents, value];
  if (value instanceof Date && Number.isNaN(value.getTime())) return `${path} is an invalid Date`;
  const written = asWritten(value);
  if (written !== value) return jsonFault(written, path, within);
  if (!isList && !isJsonObject(value)) return `${path} is a ${kindOf(value)}`;
  for (const [name, member] of isList ? (value as unknown[]).entries() : Object.entries(value)) {
    const memberPath = `${path}.${name}`;
    if (isList && member === undefined) return `${memberPath} is undefined`;
    const fault = jsonFault(member, memberPath, within);
    if (fault) return fault;
  }
  return undefined;
}

/** The value that JSON writes in place of one with a method `toJSON`, such as an entity or a `Date`. */
export function asWritten(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('toJSON' in value)) return value;
  const { toJSON } = value;
  if (typeof toJSON !== 'function') return value;
  try {
    return toJSON.call(value) as unknown;
  } catch (cause) {
    throw new TokenCreationError(`toJSON of a ${kindOf(value)} failed: ${safeMessage(cause)}`, {
      cause,
    });
  }
}

/** Whether JSON writes it as an object: not a list, a `Map` or a promise. */
function isJsonObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && tagOf(value) === 'Object';
}

function kindOf(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === 'function' ? constructor.name : tagOf(value);
}
