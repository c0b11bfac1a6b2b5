import { MARGIN_MS } from './store-rules.js';

/** What a map holds until it expires, the margin included. */
interface Expiring {
  /** In milliseconds since the epoch. `Infinity` and `NaN` never pass, so an invalid date is kept for ever. */
  readonly keepUntil: number;
}

/** A map whose expired items the sweeper removes. */
interface Sweepable<T extends Expiring> {
  items(): Iterator<T>;
  remove(item: T): void;
}

interface Entry extends Expiring {
  readonly key: string;
  readonly value: string;
}

/** The entries of a blocklist, up to a number that it is made with. */
export class ExpiringEntries implements Sweepable<Entry> {
  readonly sweeper: ExpirySweeper<Entry>;
  readonly capacity: Capacity;
  readonly #entries = new ShardedMap<Entry>();

  constructor(maxEntries: number, clock: () => Date) {
    this.sweeper = new ExpirySweeper(this, clock);
    this.capacity = new Capacity(maxEntries, this.sweeper);
  }

  get(key: string): string | null {
    return this.#entries.get(key)?.value ?? null;
  }

  /** @throws Error - if there is no room for another key */
  set(key: string, value: string, expiresAt: Date | null): void {
    if (this.#entries.get(key) === undefined) this.capacity.reserve();
    this.#entries.set(key, { key, value, keepUntil: keepUntil(expiresAt) });
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.capacity.release();
  }

  items(): Iterator<Entry> {
    return this.#entries.values();
  }

  remove({ key }: Entry): void {
    this.delete(key);
  }
}

interface SessionRecord extends Expiring {
  readonly identity: string;
  readonly sessionId: string;
  readonly value: string;
}

/** The records of sessions by identity, up to a number that it is made with. */
export class ExpiringSessions implements Sweepable<SessionRecord> {
  readonly sweeper: ExpirySweeper<SessionRecord>;
  readonly capacity: Capacity;
  readonly #identities = new ShardedMap<Map<string, SessionRecord>>();

  constructor(maxRecords: number, clock: () => Date) {
    this.sweeper = new ExpirySweeper(this, clock);
    this.capacity = new Capacity(maxRecords, this.sweeper);
  }

  /** @throws Error - if there is no room for another session */
  put(identity: string, sessionId: string, value: string, expiresAt: Date | null): void {
    if (!this.#identities.get(identity)?.has(sessionId)) this.capacity.reserve();
    const record = { identity, sessionId, value, keepUntil: keepUntil(expiresAt) };
    // Looked up again, because reserving may have swept the identity's last record away.
    const records = this.#identities.get(identity);
    if (records) records.set(sessionId, record);
    else this.#identities.set(identity, new Map([[sessionId, record]]));
  }

  list(identity: string): string[] {
    const records = this.#identities.get(identity)?.values() ?? [];
    return Array.from(records, ({ value }) => value);
  }

  delete(identity: string, sessionId: string): void {
    const records = this.#identities.get(identity);
    if (!records?.delete(sessionId)) return;
    this.capacity.release();
    if (records.size === 0) this.#identities.delete(identity);
  }

  *items(): Generator<SessionRecord, undefined> {
    for (const records of this.#identities.values()) yield* records.values();
  }

  remove({ identity, sessionId }: SessionRecord): void {
    this.delete(identity, sessionId);
  }
}

function keepUntil(expiresAt: Date | null): number {
  return expiresAt ? expiresAt.getTime() + MARGIN_MS : Infinity;
}

/** How many items a full map looks at before it rejects a new one, which takes some hundredths of a millisecond. */
const BATCH_SIZE_WHEN_FULL = 1_000;

/**
 * Capacity counter. A live item is never evicted: when the map is full, expired items are swept, and if none of them
 * made room, the new item is rejected.
 */
class Capacity {
  #taken = 0;

  constructor(
    private readonly limit: number,
    private readonly sweeper: { step(batchSize: number): void },
  ) {}

  get taken(): number {
    return this.#taken;
  }

  /** @throws Error - if the map is full */
  reserve(): void {
    if (this.#taken >= this.limit) this.sweeper.step(BATCH_SIZE_WHEN_FULL);
    if (this.#taken >= this.limit) {
      throw new Error(
        `MemoryBlocklistStore is full: it holds ${this.limit} entries that are still needed`,
      );
    }
    this.#taken += 1;
  }

  release(): void {
    this.#taken -= 1;
  }
}

/** Walks round and round over a map, one batch a step, and removes what has expired. */
class ExpirySweeper<T extends Expiring> {
  #walk: Iterator<T> | undefined;

  constructor(
    private readonly map: Sweepable<T>,
    private readonly clock: () => Date,
  ) {}

  /** Looks at a batch of items, and at none of them more than twice. */
  step(batchSize: number): void {
    const now = this.clock().getTime();
    let hasReachedEnd = false;
    for (let looks = 0; looks < batchSize; looks += 1) {
      this.#walk ??= this.map.items();
      const next = this.#walk.next();
      if (!next.done) {
        if (next.value.keepUntil < now) this.map.remove(next.value);
        continue;
      }
      this.#walk = undefined;
      if (hasReachedEnd) return;
      hasReachedEnd = true;
    }
  }
}

/** How often the timer sweeps, and how many items at once: a sweep must not hold the event loop for long. */
const INTERVAL_MS = 1_000;
const BATCH_SIZE = 5_000;

/** Sweeps maps for as long as they hold anything. The timer does not keep the process alive. */
export class SweepTimer {
  readonly #maps: readonly (ExpiringEntries | ExpiringSessions)[];
  #timer: NodeJS.Timeout | undefined;

  constructor(...maps: readonly (ExpiringEntries | ExpiringSessions)[]) {
    this.#maps = maps;
  }

  /** To be called when a map has been added to. */
  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    for (const { sweeper } of this.#maps) sweeper.step(BATCH_SIZE);
    if (this.#maps.every(({ capacity }) => capacity.taken === 0)) this.stop();
  }
}

const SHARDS = 256;

/**
 * A `Map` in many parts. V8 copies a map as a whole when it grows or shrinks. With a million entries that holds the event
 * loop for a third of a second, so each part here grows and shrinks by itself.
 */
export class ShardedMap<V> {
  readonly #shards: (Map<string, V> | undefined)[] = Array.from({ length: SHARDS });

  get(key: string): V | undefined {
    return this.#shards[shardOf(key)]?.get(key);
  }

  set(key: string, value: V): void {
    (this.#shards[shardOf(key)] ??= new Map<string, V>()).set(key, value);
  }

  /** @returns whether the key was there */
  delete(key: string): boolean {
    return this.#shards[shardOf(key)]?.delete(key) ?? false;
  }

  /** All values, in no order. Entries may be set and deleted during the walk. */
  *values(): Generator<V, undefined> {
    for (const shard of this.#shards) {
      if (shard) yield* shard.values();
    }
  }
}

/** FNV-1a over the whole key, because keys are alike at both ends; its upper 8 bits are the best mixed. */
function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return hash >>> 24;
}
