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
  readonly timeoutMs: number;
}

export function readBlocklistOptions(given: unknown, path: string): ResolvedBlocklistOptions {
  const { timeout, ...values } = readOptions(path, BLOCKLIST_ROWS, given);
  return { ...values, timeoutMs: timeout };
}

/** How refresh tokens are rotated, and how long sessions may last. */
export interface RotationOptions {
  /**
   * How long a spent refresh token still gives the same successor, for a client that sent two requests at once or lost
   * a response; at most a minute. With `0` every second use counts as theft. @default '10s'
   */
  grace?: Duration;
  /** How long a session may last from its login, however often it is refreshed. @default none */
  sessionLifetime?: Duration;
  /** How many sessions an identity may have at a time; one more ends the oldest. @default none */
  maxSessions?: number;
}

export const ROTATION_ROWS = {
  grace: [checkGrace, '10s'],
  sessionLifetime: [positiveDuration('leave it out for none')],
  maxSessions: [integerFrom(1, 1_000_000)],
} satisfies Rows<RotationOptions>;

export interface ResolvedRotationOptions extends Omit<Values<typeof ROTATION_ROWS>, 'grace'> {
  readonly graceMs: number;
}

export function readRotationOptions(given: unknown, path: string): ResolvedRotationOptions {
  const { grace, ...values } = readOptions(path, ROTATION_ROWS, given);
  return { ...values, graceMs: grace * 1000 };
}

/** @throws JwtExtendedConfigError - if the store cannot rotate tokens or count sessions */
export function checkRotationStore(
  { maxSessions }: ResolvedRotationOptions,
  store: BlocklistStore | undefined,
): void {
  const fix = 'use Redis, SQL or the memory store as blocklist.store';
  if (store?.isAtomic === false)
    throw configError('rotation', 'beside a store whose add is not atomic', fix);
  if (maxSessions !== undefined && store && !store.sessions)
    throw configError('rotation.maxSessions', 'beside a store that keeps no sessions', fix);
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
  if (hasMethods(value, ['add', 'raise', 'get', 'delete'])) {
    const { sessions, check, isAtomic } = value;
    optional(sessions, `${name}.sessions`, checkSessions);
    optional(check, `${name}.check`, checkFunction);
    optional(isAtomic, `${name}.isAtomic`, checkBoolean);
    return value as object as BlocklistStore;
  }
  const hint = typeof value === 'function' ? ' (new …Store(client) rather than the class)' : '';
  const fix = `give an object with the methods add, raise, get and delete${hint}`;
  throw configError(name, kindOf(value), fix);
}

function checkSessions(value: unknown, name: string): unknown {
  if (hasMethods(value, ['put', 'list', 'remove'])) return value;
  const fix = 'give an object with the methods put, list and remove, or none';
  throw configError(name, kindOf(value), fix);
}

function hasMethods(value: unknown, names: string[]): value is Readonly<Record<string, unknown>> {
  return isObject(value) && names.every((name) => typeof value[name] === 'function');
}
