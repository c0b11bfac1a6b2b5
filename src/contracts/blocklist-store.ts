import type { Awaitable } from './awaitable.js';

/**
 * Where revocations are kept. Each method may answer at once or with a promise, and must throw or reject if the store
 * cannot be reached. Test a store of your own with `blocklistStoreContract` of `nestjs-jwt-extended/testing`.
 *
 * A key is text of 1 to 512 characters, without NUL and without an unpaired surrogate. Two keys are the same only if
 * every character is the same. A value is such text of up to 8 KB.
 *
 * @example
 * ```ts
 * class MyStore implements BlocklistStore {
 *   private readonly entries = new Map<string, string>();
 *   async add(key: string, value: string) {
 *     if (this.entries.has(key)) return false;
 *     this.entries.set(key, value);
 *     return true;
 *   }
 *   async replace(key: string, expected: string, value: string) {
 *     if (this.entries.get(key) !== expected) return false;
 *     this.entries.set(key, value);
 *     return true;
 *   }
 *   async get(keys: readonly string[]) {
 *     return keys.map((key) => this.entries.get(key) ?? null);
 *   }
 *   async delete(key: string) {
 *     this.entries.delete(key);
 *   }
 * }
 * ```
 */
export interface BlocklistStore {
  /**
   * Adds an entry unless the key has one, **atomically**: of many calls at once, exactly one adds it.
   *
   * @param expiresAt - the store keeps the entry at least until then; `null` for ever
   * @returns whether this call added it
   */
  add(key: string, value: string, expiresAt: Date | null): Awaitable<boolean>;
  /**
   * Writes a value if the key has exactly the expected one, **atomically** (compare-and-swap): of many calls at once that
   * expect the same value, at most one succeeds.
   *
   * @param expiresAt - as in `add`; it replaces the expiry together with the value
   * @returns whether the key had the expected value, and has the new one now
   */
  replace(key: string, expected: string, value: string, expiresAt: Date | null): Awaitable<boolean>;
  /** Looks several keys up in one round trip. Returns their values in the same order, and `null` for an absent entry. */
  get(keys: readonly string[]): Awaitable<readonly (string | null)[]>;
  /**
   * Prepares a look-up of keys that will be asked for again and again, because a client sends one token many times. What it
   * returns does the same as `get` with these keys, and may return the same list as before if no entry has changed.
   * Optional.
   */
  prepare?(keys: readonly string[]): () => Awaitable<readonly (string | null)[]>;
  /** Removes an entry. It does not fail if the entry is absent. */
  delete(key: string): Awaitable<void>;
  /** `false` if `add` and `replace` are not atomic: revocations are kept, and rotation is refused. @default true */
  readonly isAtomic?: boolean;
  /** The sessions of each identity, so that they can be listed and limited. A store may lack them. */
  readonly sessions?: SessionRecords;
  /**
   * Called once at start. If it rejects with a `JwtExtendedConfigError`, because a table is missing, for example, the
   * application does not start. Any other error counts as a temporary outage.
   */
  check?(): Awaitable<void>;
}

/** The sessions of each identity. A store knows the text of a record and its expiry, and not what the text means. */
export interface SessionRecords {
  /** Writes the record of a session, and replaces an earlier one. */
  put(identity: string, sessionId: string, value: string, expiresAt: Date | null): Awaitable<void>;
  /** Returns the record of one session, or `null`. An expired record may be returned. */
  get(identity: string, sessionId: string): Awaitable<string | null>;
  /** Returns the records of an identity, in any order. Expired ones may be among them. */
  list(identity: string): Awaitable<readonly string[]>;
  /** Removes a record. It does not fail if the record is absent. */
  remove(identity: string, sessionId: string): Awaitable<void>;
}
