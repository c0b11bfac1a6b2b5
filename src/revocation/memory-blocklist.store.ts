import type { BlocklistStore } from '../contracts/blocklist-store.js';

/** How often entries are looked through, and how many at a time: a sweep never holds the event loop for long. */
const SWEEP_INTERVAL_MS = 1_000;
const SWEEP_BATCH = 10_000;
/** Clocks are set back now and then: an entry outlives its expiry by this much. */
const MARGIN_MS = 5 * 60 * 1_000;

/** How a {@link MemoryBlocklistStore} is made. */
export interface MemoryBlocklistStoreOptions {
  /**
   * How many entries it holds at most. One more is refused, since dropping a live entry would let a revoked token in.
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

interface Entry {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** By the clock that nobody sets, in milliseconds. */
  readonly keptUntil: number;
}

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
  readonly #entries = new Map<string, Entry>();
  readonly #maxEntries: number;
  readonly #clock: () => Date;
  #sweeper: NodeJS.Timeout | undefined;
  #cursor: Iterator<[string, Entry]> | undefined;

  constructor({
    maxEntries = 1_000_000,
    clock = () => new Date(),
  }: MemoryBlocklistStoreOptions = {}) {
    if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) {
      throw new TypeError('MemoryBlocklistStore: maxEntries must be a whole number of 1 or more');
    }
    this.#maxEntries = maxEntries;
    this.#clock = clock;
  }

  /** How many entries are held, expired ones that no sweep has met included. */
  get size(): number {
    return this.#entries.size;
  }

  /** @throws Error - when the store is full; nothing is dropped for a new entry. */
  add(key: string, value: string, expiresAt: Date | null): boolean {
    if (this.#entries.has(key)) return false;
    if (this.#entries.size >= this.#maxEntries) {
      throw new Error(
        `MemoryBlocklistStore is full: it holds ${this.#maxEntries} entries that are still needed`,
      );
    }
    const end = expiresAt?.getTime() ?? Infinity;
    const life = Math.max(0, end - this.#clock().getTime());
    this.#entries.set(key, {
      value,
      expiresAt: end,
      keptUntil: performance.now() + life + MARGIN_MS,
    });
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS).unref();
    return true;
  }

  get(keys: readonly string[]): readonly (string | null)[] {
    return keys.map((key) => this.#entries.get(key)?.value ?? null);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Stops sweeping. */
  onModuleDestroy(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  /** The next few entries; the iterator of a `Map` goes on where it was, whatever is added or removed meanwhile. */
  #sweep(): void {
    this.#cursor ??= this.#entries.entries();
    const now = this.#clock().getTime() - MARGIN_MS;
    const elapsed = performance.now();
    for (let count = 0; count < SWEEP_BATCH; count += 1) {
      const next = this.#cursor.next();
      if (next.done) {
        this.#cursor = undefined;
        if (this.#entries.size === 0) this.onModuleDestroy();
        return;
      }
      const [key, { expiresAt, keptUntil }] = next.value;
      // Both clocks must agree, so that one that is set forward and back again forgets nothing.
      if (expiresAt < now && keptUntil < elapsed) this.#entries.delete(key);
    }
  }
}
