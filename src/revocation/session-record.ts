import { TokenCreationError } from '../errors/config.error.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import { isObject } from '../common/checks.js';
import { jsonFault } from '../tokens/custom-claims.js';

/** How long a note may be, as JSON. */
const LONGEST_NOTE = 2048;

/** What a store keeps of a session; moments are milliseconds since the epoch. */
export interface SessionRecord {
  readonly id: string;
  /** Grows with each session of an identity. */
  readonly order: number;
  readonly createdAt: number;
  readonly refreshedAt: number;
  /** The `iat` of its newest tokens, in seconds. */
  readonly iat: number;
  readonly expiresAt?: number | undefined;
  readonly note?: unknown;
}

export function writeSession(record: SessionRecord): string {
  return JSON.stringify(record);
}

/** @throws TokenCheckUnavailableError - for text that nobody of ours wrote */
export function readSession(text: string): SessionRecord {
  const value = parsed(text);
  if (isRecord(value)) return value;
  throw new TokenCheckUnavailableError(
    new TypeError('The blocklist store gave a session that cannot be read'),
  );
}

/**
 * Lets a note through that a store can keep.
 *
 * @throws TokenCreationError
 */
export function checkNote(note: unknown): void {
  if (note === undefined) return;
  const fault = jsonFault(note, 'note');
  if (fault) throw new TokenCreationError(`${fault}, which JSON cannot hold`);
  if (JSON.stringify(note).length > LONGEST_NOTE) {
    throw new TokenCreationError(`note must be ${LONGEST_NOTE} characters of JSON at most`);
  }
}

function isRecord(value: unknown): value is SessionRecord {
  if (!isObject(value)) return false;
  const { id, order, createdAt, refreshedAt, iat, expiresAt = 0 } = value;
  const moments = [order, createdAt, refreshedAt, iat, expiresAt];
  return typeof id === 'string' && moments.every((moment) => typeof moment === 'number');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
