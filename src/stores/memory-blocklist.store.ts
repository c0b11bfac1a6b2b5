import { checkFunction, integerFrom } from '../common/checks.js';
import { readOptions, type Rows } from '../common/read-options.js';
import type { BlocklistStore, SessionRecords } from '../contracts/blocklist-store.js';
import { ExpiringEntries, ExpiringSessions, SweepTimer } from './expiring-map.js';

/** How a {@link MemoryBlocklistStore} is made. */
export interface MemoryBlocklistStoreOptions {
  /**
   * The most entries it holds, and the most sessions. When it is full it rejects a new entry, because dropping a live
   * one would let a revoked token in. An entry is kept for each revocation, and for each session whose refresh
   * token was rotated. An entry takes about 160 bytes, and a session about 400 besides the text of its record.
   * @default 1_000_000
   */
  maxEntries?: number;
  /** The current time, for tests. @default the system's clock */
  clock?: () => Date;
}

const ROWS = {
  maxEntries: [integerFrom(1, Number.MAX_SAFE_INTEGER), 1_000_000],
  clock: [checkFunction, () => new Date()],
} satisfies Rows<MemoryBlocklistStoreOptions>;

/**
 * Keeps revocations in the memory of this process: for a single process, for tests, and for trying things out. They are
 * lost when the process ends, so an application that logs users out needs a store that outlives it.
 *
 * @example
 * ```ts
 * JwtExtendedModule.forRoot({ secret, blocklist: { store: new MemoryBlocklistStore({ maxEntries: 50_000 }) } });
 * ```
 */
export class MemoryBlocklistStore implements BlocklistStore {
  readonly #entries: ExpiringEntries;
  readonly #sessions: ExpiringSessions;
  readonly #timer: SweepTimer;

  /** @throws JwtExtendedConfigError - for an unknown option, and for an invalid value */
  constructor(options: MemoryBlocklistStoreOptions = {}) {
    const { maxEntries, clock } = readOptions('MemoryBlocklistStore', ROWS, options);
    this.#entries = new ExpiringEntries(maxEntries, clock as () => Date);
    this.#sessions = new ExpiringSessions(maxEntries, clock as () => Date);
    this.#timer = new SweepTimer([this.#entries, this.#sessions]);
  }

  /** The number of entries, with expired ones that have not been swept yet, and without sessions. */
  get size(): number {
    return this.#entries.size;
  }

  /** @throws Error - if the store is full; it never drops a live entry */
  add(key: string, value: string, expiresAt: Date | null): boolean {
    if (this.#entries.get(key) !== null) return false;
    this.#entries.set(key, value, expiresAt);
    this.#timer.start();
    return true;
  }

  replace(key: string, expected: string, value: string, expiresAt: Date | null): boolean {
    if (this.#entries.get(key) !== expected) return false;
    this.#entries.set(key, value, expiresAt);
    return true;
  }

  get(keys: readonly string[]): readonly (string | null)[] {
    return keys.map((key) => this.#entries.get(key));
  }

  /** Looks the keys up again only if an entry near one of them has changed, or if `get` was overridden. */
  prepare(keys: readonly string[]): () => readonly (string | null)[] {
    const look = this.#entries.prepare(keys);
    return () => (this.get === MemoryBlocklistStore.prototype.get ? look() : this.get(keys));
  }

  delete(key: string): void {
    this.#entries.remove({ key });
  }

  /** The sessions of each identity. */
  readonly sessions: SessionRecords = {
    put: (identity, sessionId, value, expiresAt) => {
      this.#sessions.put(identity, sessionId, value, expiresAt);
      this.#timer.start();
    },
    get: (identity, sessionId) => this.#sessions.get(identity, sessionId),
    list: (identity) => this.#sessions.list(identity),
    remove: (identity, sessionId) => this.#sessions.remove({ identity, sessionId }),
  };

  /** Stops sweeping. */
  onModuleDestroy(): void {
    this.#timer.stop();
  }
}
