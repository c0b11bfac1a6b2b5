import {
  checkArray,
  checkBoolean,
  checkFunction,
  checkInteger,
  checkOneOf,
  checkUnique,
  optional,
} from '../common/checks.js';
import { describe, kindOf, configError } from '../common/describe.js';
import { parseDuration, parseTimeout } from '../common/duration.js';
import { type Defaults, readOptions } from '../common/read-options.js';
import type { BlocklistStore } from '../contracts/blocklist-store.js';
import type { Duration, TokenType } from '../contracts/token.js';
import type { ResolvedOptions } from './resolved-options.js';

/** How revocations are kept and asked for. */
export function resolveBlocklistOptions(value: unknown): ResolvedOptions['blocklist'] {
  const given = readOptions<BlocklistOptions>(value, BLOCKLIST_DEFAULTS, 'blocklist');
  return {
    store: optional(given.store, 'blocklist.store', checkStore),
    checks: checkTypes(given.checks, 'blocklist.checks'),
    timeoutMs: parseTimeout(given.timeout, 'blocklist.timeout'),
    onStoreError: checkOneOf(given.onStoreError, 'blocklist.onStoreError', [
      'deny',
      'allow',
    ] as const),
  };
}

function checkTypes(value: unknown, name: string): ReadonlySet<TokenType> {
  const types = checkArray(value, name, (each, at) =>
    checkOneOf(each, at, ['access', 'refresh'] as const),
  );
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
  throw configError(
    name,
    kindOf(value),
    `give an object with the methods add, raise, get and delete${hint}`,
  );
}

function checkSessions(value: unknown, name: string): unknown {
  if (hasMethods(value, ['put', 'list', 'remove'])) return value;
  throw configError(
    name,
    kindOf(value),
    'give an object with the methods put, list and remove, or none',
  );
}

function hasMethods(
  value: unknown,
  names: readonly string[],
): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const methods = value as Readonly<Record<string, unknown>>;
  return names.every((name) => typeof methods[name] === 'function');
}

export const BLOCKLIST_DEFAULTS: Defaults<BlocklistOptions> = {
  store: undefined,
  checks: ['access', 'refresh'],
  timeout: '1s',
  onStoreError: 'deny',
};

/** How revocations are kept and asked for. */
export interface BlocklistOptions {
  /**
   * Where revocations are kept.
   *
   * @default a `MemoryBlocklistStore`
   */
  store?: BlocklistStore;
  /**
   * Which types of token are looked up. Flask: `JWT_BLACKLIST_TOKEN_CHECKS`.
   *
   * @default ['access', 'refresh']
   */
  checks?: readonly TokenType[];
  /**
   * How long the store may take to answer.
   *
   * @default '1s'
   */
  timeout?: Duration;
  /**
   * What happens to a request when the store does not answer: `'deny'` refuses it with 503, `'allow'` lets it in.
   *
   * @default 'deny'
   */
  onStoreError?: 'deny' | 'allow';
}

const LONGEST_GRACE = 60;
const KEEPERS = 'use Redis, SQL or the memory store as blocklist.store';

/** How refresh tokens are rotated; refused beside a store that could not do it. */
export function resolveRotationOptions(
  value: unknown,
  store: BlocklistStore | undefined,
): ResolvedOptions['rotation'] {
  const given = readOptions<RotationOptions>(
    value === undefined ? {} : value,
    ROTATION_DEFAULTS,
    'rotation',
  );
  if (value !== undefined && store?.isAtomic === false) {
    throw configError('rotation', 'beside a store whose add is not atomic', KEEPERS);
  }
  const maxSessions = optional(given.maxSessions, 'rotation.maxSessions', (count, name) =>
    checkInteger(count, name, 1, 1_000_000),
  );
  if (maxSessions !== undefined && store && !store.sessions) {
    throw configError('rotation.maxSessions', 'beside a store that keeps no sessions', KEEPERS);
  }
  return {
    graceMs: checkGrace(given.grace) * 1000,
    sessionLifetime: optional(given.sessionLifetime, 'rotation.sessionLifetime', checkLifetime),
    maxSessions,
  };
}

function checkGrace(value: unknown): number {
  const seconds = parseDuration(value, 'rotation.grace');
  if (seconds <= LONGEST_GRACE) return seconds;
  throw configError(
    'rotation.grace',
    describe(value),
    `give ${LONGEST_GRACE} seconds at most: within it a stolen token goes unnoticed`,
  );
}

function checkLifetime(value: unknown, name: string): number {
  const seconds = parseDuration(value, name);
  if (seconds > 0) return seconds;
  throw configError(name, describe(value), 'give more than 0 seconds, or leave it out for none');
}

export const ROTATION_DEFAULTS: Defaults<RotationOptions> = {
  grace: '10s',
  sessionLifetime: undefined,
  maxSessions: undefined,
};

/** How refresh tokens are rotated, and how long sessions may last. */
export interface RotationOptions {
  /**
   * How long a spent refresh token still gives the same successor, for a client that raced with itself or lost an
   * answer; at most a minute. `0` takes every second use for theft.
   *
   * @default '10s'
   */
  grace?: Duration;
  /**
   * How long a session may last from its login, however often it is refreshed.
   *
   * @default none
   */
  sessionLifetime?: Duration;
  /**
   * How many sessions an identity may have at a time; one more ends the oldest.
   *
   * @default none
   */
  maxSessions?: number;
}
