import type { Awaitable } from './awaitable.js';

/**
 * Where revocations are kept. Every method may answer at once or with a promise, and throws or rejects when the store
 * cannot be reached: silence is never an answer. Prove a store of your own with `blocklistStoreContract` of
 * `nestjs-jwt-extended/testing`.
 *
 * A key is text of 1 to 512 characters, of which any may be in it but NUL and half a surrogate pair; two keys are the
 * same only if every character is. A value is such text of up to 8 KB.
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
 *   async raise(key: string, value: number) {
 *     const there = this.entries.get(key) ?? '0';
 *     if (!/^\d+$/.test(there)) throw new Error('only a number can be raised');
 *     this.entries.set(key, String(Math.max(value, Number(there))));
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
   * Adds an entry unless one with that key is there, **atomically**: of many calls at once exactly one adds it.
   *
   * @param expiresAt - the moment until which the entry is kept at least; `null` for ever
   * @returns whether this call added it
   */
  add(key: string, value: string, expiresAt: Date | null): Awaitable<boolean>;
  /**
   * Writes a whole number of 0 or more, unless a number at least as high is there, **atomically**: of many calls at once
   * the highest stays. The entry reads as the number's decimal digits. Over a value that is no number it throws or
   * rejects, and leaves it.
   *
   * @param expiresAt - as in `add`; it belongs to the number it was given with, and stays or goes with that
   */
  raise(key: string, value: number, expiresAt: Date | null): Awaitable<void>;
  /** Looks several keys up in one round trip: their values in the same order, `null` for an absent one. */
  get(keys: readonly string[]): Awaitable<readonly (string | null)[]>;
  /** Removes an entry; one that is not there is no mistake. */
  delete(key: string): Awaitable<void>;
  /**
   * `false` in a store whose `add` and `raise` are not atomic: it keeps revocations, and refuses rotation.
   *
   * @default true
   */
  readonly isAtomic?: boolean;
  /** Lets the sessions of an identity be listed and bounded; a store may do without. */
  readonly sessions?: SessionRecords;
  /**
   * Asked once at start: rejects with a `JwtExtendedConfigError` when the store is not fit for use (a table is missing,
   * say), which keeps the application from starting. Any other error counts as an outage, which may pass.
   */
  check?(): Awaitable<void>;
}

/** The sessions of each identity, of which a store knows the text and when it may be forgotten. */
export interface SessionRecords {
  /** Writes the record of a session, in place of the one that is there. */
  put(identity: string, sessionId: string, value: string, expiresAt: Date | null): Awaitable<void>;
  /** The values of an identity's records, in any order; those that have expired may still be among them. */
  list(identity: string): Awaitable<readonly string[]>;
  /** Removes a record; one that is not there is no mistake. */
  remove(identity: string, sessionId: string): Awaitable<void>;
}
