import { checkFunction, integerFrom, requireWholeNumber } from '../common/checks.js';
import { readOptions, type Rows } from '../common/read-options.js';
import type { BlocklistStore, SessionRecords } from '../contracts/blocklist-store.js';
import { MemoryEntries, MemorySessions, SweepTimer, TwoClocks } from './expiring-map.js';

/** How a {@link MemoryBlocklistStore} is made. */
export interface MemoryBlocklistStoreOptions {
  /**
   * How many entries it holds at most, and how many sessions. One more is refused, since dropping a live entry would let
   * a revoked token in. Not only what was revoked is an entry: each session has one, and each refresh token that was
   * spent. An entry takes some 160 bytes, and a session some 400 beside what its record says.
   *
   * @default 1_000_000
   */
  maxEntries?: number;
  /**
   * What time it is; for tests.
   *
   * @default the system's clock
   */
  clock?: () => Date;
}

const ROWS = {
  maxEntries: [integerFrom(1, Number.MAX_SAFE_INTEGER), 1_000_000],
  clock: [checkFunction, () => new Date()],
} satisfies Rows<MemoryBlocklistStoreOptions>;

/**
 * Keeps revocations in this process: for one process, for tests, and for trying things out. They are gone when the
 * process ends, so an application that logs people out wants a store that stays.
 *
 * @example
 * ```ts
 * JwtExtendedModule.forRoot({ secret, blocklist: { store: new MemoryBlocklistStore({ maxEntries: 50_000 }) } });
 * ```
 */
export class MemoryBlocklistStore implements BlocklistStore {
  readonly #entries: MemoryEntries;
  readonly #sessions: MemorySessions;
  readonly #timer: SweepTimer;

  /** @throws JwtExtendedConfigError - for an option that it has not, or that cannot be so */
  constructor(options: MemoryBlocklistStoreOptions = {}) {
    const { maxEntries, clock } = readOptions('MemoryBlocklistStore', ROWS, options);
    const clocks = new TwoClocks(clock as () => Date);
    this.#entries = new MemoryEntries(maxEntries, clocks);
    this.#sessions = new MemorySessions(maxEntries, clocks);
    this.#timer = new SweepTimer([this.#entries, this.#sessions]);
  }

  /** How many entries are held, expired ones that no sweep has met included; sessions are counted by themselves. */
  get size(): number {
    return this.#entries.capacity.taken;
  }

  /** @throws Error - when the store is full; nothing is dropped for a new entry. */
  add(key: string, value: string, expiresAt: Date | null): boolean {
    if (this.#entries.get(key) !== null) return false;
    this.#entries.set(key, value, expiresAt);
    this.#timer.start();
    return true;
  }

  /**
   * @throws TypeError - for what is no whole number of 0 or more
   * @throws Error - when the store is full, or what is there is no number
   */
  raise(key: string, value: number, expiresAt: Date | null): void {
    requireWholeNumber(value, 'MemoryBlocklistStore: raise takes a whole number of 0 or more');
    const there = this.#entries.get(key);
    if (there !== null && !/^\d+$/.test(there)) {
      throw new Error('MemoryBlocklistStore: only a number can be raised');
    }
    if (there !== null && Number(there) >= value) return;
    this.#entries.set(key, String(value), expiresAt);
    this.#timer.start();
  }

  get(keys: readonly string[]): readonly (string | null)[] {
    return keys.map((key) => this.#entries.get(key));
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** The sessions of each identity, which are gone with the process as well. */
  readonly sessions: SessionRecords = {
    put: (identity, sessionId, value, expiresAt) => {
      this.#sessions.put(identity, sessionId, value, expiresAt);
      this.#timer.start();
    },
    list: (identity) => this.#sessions.list(identity),
    remove: (identity, sessionId) => this.#sessions.remove(identity, sessionId),
  };

  /** Stops sweeping. */
  onModuleDestroy(): void {
    this.#timer.stop();
  }
}
