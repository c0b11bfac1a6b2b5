import type { BlocklistStore } from '../contracts/blocklist-store.js';
import type { Duration, TokenType } from '../contracts/token.js';
import {
  checkArray,
  checkBoolean,
  checkFunction,
  checkOneOf,
  checkUnique,
  optional,
} from '../common/checks.js';

import { kindOf, mistake } from '../common/describe.js';
import { parseTimeout } from '../common/duration.js';

import type { ResolvedOptions } from './resolved-options.js';
import { type Defaults, settle } from '../common/read-options.js';

/** How revocations are kept and asked for. */
export function resolveBlocklistOptions(value: unknown): ResolvedOptions['blocklist'] {
  const given = settle<BlocklistOptions>(value, BLOCKLIST_DEFAULTS, 'blocklist');
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
  throw mistake(
    name,
    kindOf(value),
    `give an object with the methods add, raise, get and delete${hint}`,
  );
}

function checkSessions(value: unknown, name: string): unknown {
  if (hasMethods(value, ['put', 'list', 'remove'])) return value;
  throw mistake(
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
