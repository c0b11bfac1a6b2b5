import type { Awaitable } from './awaitable.js';

/**
 * Where revocations are kept. Every method may answer at once or with a promise, and throws or rejects when the store
 * cannot be reached: silence is never an answer.
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
   * Adds an entry unless one with that key is there, atomically.
   *
   * @param expiresAt - the moment until which the entry must be kept at least; `null` for ever
   * @returns whether this call added it
   */
  add(key: string, value: string, expiresAt: Date | null): Awaitable<boolean>;
  /** Looks several keys up in one round trip: their values in the same order, `null` for an absent one. */
  get(keys: readonly string[]): Awaitable<readonly (string | null)[]>;
  /** Removes an entry; one that is not there is no mistake. */
  delete(key: string): Awaitable<void>;
}
