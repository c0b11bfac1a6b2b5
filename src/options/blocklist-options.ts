import {
  checkArray,
  checkBoolean,
  checkFunction,
  checkUnique,
  integerFrom,
  isObject,
  oneOf,
  optional,
} from '../common/checks.js';
import { configError, describe, kindOf } from '../common/describe.js';
import { parseDuration, parseTimeout, positiveDuration } from '../common/duration.js';
import { readOptions, type Rows, type Values } from '../common/read-options.js';
import type { BlocklistStore } from '../contracts/blocklist-store.js';
import type { Duration, TokenType } from '../contracts/token.js';

/** Where revocations are kept, and which tokens are checked. */
export interface BlocklistOptions {
  /** Where revocations are kept. @default a `MemoryBlocklistStore` */
  store?: BlocklistStore;
  /** Which types of token are checked. Flask: `JWT_BLACKLIST_TOKEN_CHECKS`. @default ['access', 'refresh'] */
  checks?: readonly TokenType[];
  /** How long the store may take to answer. @default '1s' */
  timeout?: Duration;
  /** If the store does not answer, `'deny'` refuses a request with 503, and `'allow'` lets it in. @default 'deny' */
  onStoreError?: 'deny' | 'allow';
}

export const BLOCKLIST_ROWS = {
  store: [checkStore],
  checks: [checkTypes, ['access', 'refresh']],
  timeout: [parseTimeout, '1s'],
  onStoreError: [oneOf('deny', 'allow'), 'deny'],
} satisfies Rows<BlocklistOptions>;

export interface ResolvedBlocklistOptions extends Omit<Values<typeof BLOCKLIST_ROWS>, 'timeout'> {
  /** Whether anything is kept about tokens. */
  readonly isOn: boolean;
  readonly timeoutMs: number;
}

export function readBlocklistOptions(given: unknown, path: string): ResolvedBlocklistOptions {
  const isOn = given !== false;
  const { timeout, ...values } = readOptions(path, BLOCKLIST_ROWS, isOn ? given : {});
  return { ...values, isOn, timeoutMs: timeout };
}

/** How refresh tokens are rotated. */
export interface RotationOptions {
  /**
   * How long a spent refresh token still gives the same successor, for a client that sent two requests at once or lost
   * a response; at most a minute. With `0` every second use counts as theft. @default '10s'
   */
  grace?: Duration;
}

export const ROTATION_ROWS = { grace: [checkGrace, '10s'] } satisfies Rows<RotationOptions>;

export interface ResolvedRotationOptions {
  readonly graceMs: number;
}

export function readRotationOptions(given: unknown, path: string): ResolvedRotationOptions {
  return { graceMs: readOptions(path, ROTATION_ROWS, given).grace * 1000 };
}

/** How long sessions last, and whether they are listed. */
export interface SessionOptions {
  /** How long a session may last from its login, however often it is refreshed. @default none */
  lifetime?: Duration;
  /**
   * Whether the sessions of an identity can be listed (`SessionService`). Each login then writes a record, and each refresh
   * reads and writes it. @default false
   */
  list?: boolean;
  /** How many listed sessions an identity may have, at most 1000; one more ends the oldest. @default 100 */
  max?: number;
}

export const SESSION_ROWS = {
  lifetime: [positiveDuration('leave it out for none')],
  list: [checkBoolean, false],
  max: [integerFrom(1, 1_000), 100],
} satisfies Rows<SessionOptions>;

export type ResolvedSessionOptions = Values<typeof SESSION_ROWS>;

/** @throws JwtExtendedConfigError - if `max` has nothing to count */
export function readSessionOptions(given: unknown, path: string): ResolvedSessionOptions {
  const sessions = readOptions(path, SESSION_ROWS, given);
  if ((given as SessionOptions).max !== undefined && !sessions.list)
    throw configError(`${path}.max`, 'without a list to count', `set ${path}.list to true, too`);
  return sessions;
}

/** @throws JwtExtendedConfigError - if there is no store that can rotate tokens or list sessions */
export function checkStoreFits(
  { store, isOn }: ResolvedBlocklistOptions,
  rotation: ResolvedRotationOptions | undefined,
  sessions: ResolvedSessionOptions,
): void {
  const fix = 'use Redis, SQL or the memory store as blocklist.store';
  if (rotation && !isOn) throw configError('rotation', 'beside blocklist: false', fix);
  if (rotation && store?.isAtomic === false)
    throw configError('rotation', 'beside a store whose add and replace are not atomic', fix);
  if (sessions.list && !isOn) throw configError('sessions.list', 'beside blocklist: false', fix);
  if (sessions.list && store && !store.sessions)
    throw configError('sessions.list', 'beside a store that keeps no sessions', fix);
}

function checkGrace(value: unknown, name: string): number {
  const seconds = parseDuration(value, name);
  if (seconds <= 60) return seconds;
  const fix = 'give 60 seconds at most: within it a stolen token goes unnoticed';
  throw configError(name, describe(value), fix);
}

function checkTypes(value: unknown, name: string): ReadonlySet<TokenType> {
  const types = checkArray(value, name, oneOf('access', 'refresh'));
  checkUnique(types, name);
  return new Set(types);
}

function checkStore(value: unknown, name: string): BlocklistStore {
  if (hasMethods(value, ['add', 'replace', 'get', 'delete'])) {
    const { sessions, check, isAtomic } = value;
    optional(sessions, `${name}.sessions`, checkSessions);
    optional(check, `${name}.check`, checkFunction);
    optional(isAtomic, `${name}.isAtomic`, checkBoolean);
    return value as object as BlocklistStore;
  }
  const hint = typeof value === 'function' ? ' (new …Store(client) rather than the class)' : '';
  const fix = `give an object with the methods add, replace, get and delete${hint}`;
  throw configError(name, kindOf(value), fix);
}

function checkSessions(value: unknown, name: string): unknown {
  if (hasMethods(value, ['put', 'get', 'list', 'remove'])) return value;
  const fix = 'give an object with the methods put, get, list and remove, or none';
  throw configError(name, kindOf(value), fix);
}

function hasMethods(value: unknown, names: string[]): value is Readonly<Record<string, unknown>> {
  return isObject(value) && names.every((name) => typeof value[name] === 'function');
}
