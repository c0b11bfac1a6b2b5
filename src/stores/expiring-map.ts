import { MARGIN_MS } from './store-rules.js';

/** What a map holds until it expires, the margin included. */
interface Expiring {
  /** In milliseconds since the epoch. `Infinity` and `NaN` never pass, so an invalid date is kept for ever. */
  readonly keepUntil: number;
}

/** How many items a full map looks at before it rejects a new one, which takes some hundredths of a millisecond. */
const BATCH_SIZE_WHEN_FULL = 1_000;

/**
 * Counts what a map holds. A live item is never evicted: when the map is full, expired items are swept, and if none of
 * them made room, the new item is rejected.
 */
abstract class ExpiringItems<T extends Expiring> {
  #size = 0;
  #walk: Iterator<T> | undefined;

  constructor(
    private readonly limit: number,
    private readonly clock: () => Date,
  ) {}

  protected abstract items(): Iterator<T>;
  abstract remove(item: T): void;

  get size(): number {
    return this.#size;
  }

  /** @throws Error - if the map is full */
  protected reserve(): void {
    if (this.#size >= this.limit) this.sweep(BATCH_SIZE_WHEN_FULL);
    if (this.#size >= this.limit)
      throw new Error(
        `MemoryBlocklistStore is full: it holds ${this.limit} entries that are still needed`,
      );
    this.#size += 1;
  }

  protected release(): void {
    this.#size -= 1;
  }

  /** Goes on from the last batch, round and round. Looks at none of the items more than twice. */
  sweep(batchSize: number): void {
    const now = this.clock().getTime();
    let hasReachedEnd = false;
    for (let looks = 0; looks < batchSize; looks += 1) {
      this.#walk ??= this.items();
      const next = this.#walk.next();
      if (!next.done) {
        if (next.value.keepUntil < now) this.remove(next.value);
        continue;
      }
      this.#walk = undefined;
      if (hasReachedEnd) return;
      hasReachedEnd = true;
    }
  }
}

interface Entry extends Expiring {
  readonly key: string;
  readonly value: string;
}

/** The entries of a blocklist. */
export class ExpiringEntries extends ExpiringItems<Entry> {
  readonly #entries = new ShardedMap<Entry>();

  get(key: string): string | null {
    return this.#entries.get(key)?.value ?? null;
  }

  prepare(keys: readonly string[]): () => readonly (string | null)[] {
    const shards = keys.map((key) => this.#entries.shardOf(key));
    let [all, changes] = [-1, -1];
    let values: readonly (string | null)[] = [];
    return () => {
      if (this.#entries.changes === all) return values;
      all = this.#entries.changes;
      // Each count only ever grows, so the sum is the same only if none has grown.
      let sum = 0;
      for (const shard of shards) sum += shard.changes;
      if (sum !== changes) {
        changes = sum;
        values = keys.map((key) => this.get(key));
      }
      return values;
    };
  }

  /** @throws Error - if there is no room for another key */
  set(key: string, value: string, expiresAt: Date | null): void {
    if (this.#entries.get(key) === undefined) this.reserve();
    this.#entries.set(key, { key, value, keepUntil: keepUntil(expiresAt) });
  }

  remove({ key }: Pick<Entry, 'key'>): void {
    if (this.#entries.delete(key)) this.release();
  }

  protected items(): Iterator<Entry> {
    return this.#entries.values();
  }
}

interface SessionRecord extends Expiring {
  readonly identity: string;
  readonly sessionId: string;
  readonly value: string;
}

/** The records of sessions by identity. */
export class ExpiringSessions extends ExpiringItems<SessionRecord> {
  readonly #identities = new ShardedMap<Map<string, SessionRecord>>();

  /** @throws Error - if there is no room for another session */
  put(identity: string, sessionId: string, value: string, expiresAt: Date | null): void {
    if (!this.#identities.get(identity)?.has(sessionId)) this.reserve();
    const record = { identity, sessionId, value, keepUntil: keepUntil(expiresAt) };
    // Looked up again, because reserving may have swept the identity's last record away.
    const records = this.#identities.get(identity);
    if (records) records.set(sessionId, record);
    else this.#identities.set(identity, new Map([[sessionId, record]]));
  }

  get(identity: string, sessionId: string): string | null {
    return this.#identities.get(identity)?.get(sessionId)?.value ?? null;
  }

  list(identity: string): string[] {
    const records = this.#identities.get(identity)?.values() ?? [];
    return Array.from(records, ({ value }) => value);
  }

  remove({ identity, sessionId }: Pick<SessionRecord, 'identity' | 'sessionId'>): void {
    const records = this.#identities.get(identity);
    if (!records?.delete(sessionId)) return;
    this.release();
    if (records.size === 0) this.#identities.delete(identity);
  }

  protected *items(): Generator<SessionRecord, undefined> {
    for (const records of this.#identities.values()) yield* records.values();
  }
}

function keepUntil(expiresAt: Date | null): number {
  return expiresAt ? expiresAt.getTime() + MARGIN_MS : Infinity;
}

/** How often the timer sweeps, and how many items at once: a sweep must not hold the event loop for long. */
const INTERVAL_MS = 1_000;
const BATCH_SIZE = 5_000;

/** Sweeps maps for as long as they hold anything. The timer does not keep the process alive. */
export class SweepTimer {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly maps: readonly (ExpiringEntries | ExpiringSessions)[]) {}

  /** To be called when a map has been added to. */
  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    try {
      for (const map of this.maps) map.sweep(BATCH_SIZE);
    } catch {
      // The clock gives no time. Requests are told; nothing is dropped meanwhile.
    }
    if (this.maps.every(({ size }) => size === 0)) this.stop();
  }
}

const SHARDS = 256;

interface Shard<V> {
  map: Map<string, V> | undefined;
  /** How often something was set or deleted. */
  changes: number;
}

/**
 * A `Map` in many parts. V8 copies a map as a whole when it grows or shrinks. With a million entries that holds the event
 * loop for a third of a second, so each part here grows and shrinks by itself.
 */
export class ShardedMap<V> {
  /** How often something was set or deleted in any of them. */
  changes = 0;
  readonly #shards = Array.from({ length: SHARDS }, (): Shard<V> => ({
    map: undefined,
    changes: 0,
  }));

  /** The part of a key, always the same. */
  shardOf(key: string): Readonly<Shard<V>> {
    return this.#shardOf(key);
  }

  get(key: string): V | undefined {
    return this.#shardOf(key).map?.get(key);
  }

  set(key: string, value: V): void {
    const shard = this.#shardOf(key);
    (shard.map ??= new Map<string, V>()).set(key, value);
    this.#count(shard);
  }

  /** @returns whether the key was there */
  delete(key: string): boolean {
    const shard = this.#shardOf(key);
    this.#count(shard);
    return shard.map?.delete(key) ?? false;
  }

  #count(shard: Shard<V>): void {
    shard.changes += 1;
    this.changes += 1;
  }

  #shardOf(key: string): Shard<V> {
    return this.#shards[indexOf(key)] as Shard<V>;
  }

  /** All values, in no order. Entries may be set and deleted during the walk. */
  *values(): Generator<V, undefined> {
    for (const { map } of this.#shards) {
      if (map) yield* map.values();
    }
  }
}

/** FNV-1a over the whole key, because keys are alike at both ends; its upper 8 bits are the best mixed. */
function indexOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1)
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash >>> 24;
}
