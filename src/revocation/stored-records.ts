import { isObject } from '../common/checks.js';
import type { Token } from '../contracts/token.js';
import { TokenCreationError } from '../errors/config.error.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import { jsonFault } from '../tokens/custom-claims.js';
import type { TokenIds } from '../tokens/token-request.js';

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

/**
 * When the session of a token began, in seconds since the epoch: at the login (`auth_time`), or at least when the token
 * was made.
 */
export function beginningOf({ claims: { auth_time: authTime, iat } }: Token): number {
  if (typeof authTime === 'number') return authTime;
  return typeof iat === 'number' ? Math.floor(iat) : 0;
}

/** The second at which the session of a token is over, whatever is refreshed or renewed; `undefined` for never. */
export function endOf(token: Token, sessionLifetime: number | undefined): number | undefined {
  return sessionLifetime === undefined ? undefined : beginningOf(token) + sessionLifetime;
}

/**
 * What the store keeps of a refresh token that was spent: everything that makes its successor the same one again, and
 * no token.
 */
export interface RotationRecord {
  readonly sessionId: string;
  /** When it was spent, in milliseconds since the epoch. */
  readonly claimedAt: number;
  /** The second that the successors' lifetimes count from. */
  readonly now: number;
  readonly access: TokenIds;
  readonly refresh: TokenIds;
}

export function writeRotationRecord(spent: RotationRecord): string {
  return JSON.stringify(spent);
}

/** @returns `undefined` for text that nobody of ours wrote */
export function readRotationRecord(text: string): RotationRecord | undefined {
  const value = parsed(text);
  if (!isObject(value)) return undefined;
  const { sessionId, claimedAt, now, access, refresh } = value;
  const isWhole =
    typeof sessionId === 'string' && isNumber(claimedAt) && isNumber(now) && isIds(access);
  return isWhole && isIds(refresh) ? { sessionId, claimedAt, now, access, refresh } : undefined;
}

function isIds(value: unknown): value is TokenIds {
  if (!isObject(value)) return false;
  return typeof value.jti === 'string' && typeof value.csrf === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
