/** How many are looked at before somebody is refused: some hundredths of a millisecond. */
const SWEEP_BEFORE_REFUSAL = 1_000;

/** So many places. Nobody is put out for somebody new, but what has expired makes room. */
class Capacity {
  #taken = 0;

  constructor(
    private readonly places: number,
    private readonly sweep: { step(most: number): void },
  ) {}

  get taken(): number {
    return this.#taken;
  }

  /** @throws Error - when all places are taken, as far as could be seen in a moment */
  reserve(): void {
    if (this.#taken >= this.places) this.sweep.step(SWEEP_BEFORE_REFUSAL);
    if (this.#taken >= this.places) {
      throw new Error(
        `MemoryBlocklistStore is full: it holds ${this.places} entries that are still needed`,
      );
    }
    this.#taken += 1;
  }

  release(): void {
    this.#taken -= 1;
  }
}

const SHARDS = 256;

/**
 * A `Map` in many parts. A map is copied as a whole when it grows or shrinks: one of a million entries holds the event
 * loop meanwhile, a part of it does not.
 */
export class ShardedMap<V> {
  readonly #shards: (Map<string, V> | undefined)[] = Array.from({ length: SHARDS });

  get(key: string): V | undefined {
    return this.#shards[shardOf(key)]?.get(key);
  }

  set(key: string, value: V): void {
    (this.#shards[shardOf(key)] ??= new Map<string, V>()).set(key, value);
  }

  /** @returns whether it was there */
  delete(key: string): boolean {
    return this.#shards[shardOf(key)]?.delete(key) ?? false;
  }

  /** What is held, in no order; it goes on where it was, whatever is set or deleted meanwhile. */
  *values(): Generator<V, undefined> {
    for (const shard of this.#shards) {
      if (shard) yield* shard.values();
    }
  }
}

/** FNV-1a over the whole key, since keys are alike at their beginnings and ends; its upper bits are mixed best. */
function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return hash >>> 24;
}

/** Clocks are set back now and then: whatever expires is kept for so many seconds more. */
const MARGIN = 5 * 60;
/** 68 years. Up to here V8 keeps a whole number in place, beyond it in a box of its own. */
const NEVER = 2 ** 31 - 1;

/** A point in time by both clocks, in whole seconds since they were made. */
interface Moment {
  /** By the clock on the wall, which may be set forward and back. */
  readonly wall: number;
  /** By the clock that nobody sets. */
  readonly steady: number;
}

/**
 * Tells when something may be forgotten. Both clocks must agree on it, so that one which is set forward by mistake, and
 * back again, makes nobody forget a revocation.
 */
export class TwoClocks {
  readonly #wallStart: number;
  readonly #steadyStart = performance.now();

  constructor(private readonly clock: () => Date) {
    this.#wallStart = clock().getTime();
  }

  now(): Moment {
    return {
      wall: (this.clock().getTime() - this.#wallStart) / 1_000,
      steady: (performance.now() - this.#steadyStart) / 1_000,
    };
  }

  /** Until when to keep what expires then, the margin included; `null` is for ever. */
  keepUntil(expiresAt: Date | null): Moment {
    if (!expiresAt) return { wall: NEVER, steady: NEVER };
    const { wall, steady } = this.now();
    const end = (expiresAt.getTime() - this.#wallStart) / 1_000;
    return {
      wall: wholeSeconds(end + MARGIN),
      steady: wholeSeconds(steady + Math.max(0, end - wall) + MARGIN),
    };
  }
}

/** Rounded up, within what needs no box; what is no number is kept for ever. */
function wholeSeconds(seconds: number): number {
  if (Number.isNaN(seconds)) return NEVER;
  return Math.max(-NEVER, Math.min(NEVER, Math.ceil(seconds))) | 0;
}

/** Something that holds what expires. */
interface Holding<T extends Moment> {
  values(): Iterator<T>;
  forget(item: T): void;
}

/** Goes round a holding, a little at a time, and has it forget what has expired. */
class ExpirySweeper<T extends Moment> {
  #place: Iterator<T> | undefined;

  constructor(
    private readonly holding: Holding<T>,
    private readonly clocks: TwoClocks,
  ) {}

  /** Looks at so many at most, and at none more often than twice. */
  step(most: number): void {
    const now = this.clocks.now();
    let isWholeRound = false;
    for (let looks = 0; looks < most; looks += 1) {
      this.#place ??= this.holding.values();
      const next = this.#place.next();
      if (!next.done) {
        const { wall, steady } = next.value;
        if (wall < now.wall && steady < now.steady) this.holding.forget(next.value);
        continue;
      }
      this.#place = undefined;
      if (isWholeRound) return;
      isWholeRound = true;
    }
  }
}

interface Entry extends Moment {
  readonly key: string;
  readonly value: string;
}

/** The entries of the blocklist, so many at most. */
export class MemoryEntries implements Holding<Entry> {
  readonly sweep: ExpirySweeper<Entry>;
  readonly capacity: Capacity;
  readonly #entries = new ShardedMap<Entry>();

  constructor(
    maxEntries: number,
    private readonly clocks: TwoClocks,
  ) {
    this.sweep = new ExpirySweeper(this, clocks);
    this.capacity = new Capacity(maxEntries, this.sweep);
  }

  get(key: string): string | null {
    return this.#entries.get(key)?.value ?? null;
  }

  /** @throws Error - when there is no room for another key */
  set(key: string, value: string, expiresAt: Date | null): void {
    if (this.#entries.get(key) === undefined) this.capacity.reserve();
    const { wall, steady } = this.clocks.keepUntil(expiresAt);
    this.#entries.set(key, { key, value, wall, steady });
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.capacity.release();
  }

  values(): Iterator<Entry> {
    return this.#entries.values();
  }

  forget({ key }: Entry): void {
    this.delete(key);
  }
}

interface SessionRecord extends Moment {
  readonly identity: string;
  readonly sessionId: string;
  readonly value: string;
}

/** The records of sessions by identity, so many at most. */
export class MemorySessions implements Holding<SessionRecord> {
  readonly sweep: ExpirySweeper<SessionRecord>;
  readonly capacity: Capacity;
  readonly #identities = new ShardedMap<Map<string, SessionRecord>>();

  constructor(
    maxRecords: number,
    private readonly clocks: TwoClocks,
  ) {
    this.sweep = new ExpirySweeper(this, clocks);
    this.capacity = new Capacity(maxRecords, this.sweep);
  }

  /** @throws Error - when there is no room for another session */
  put(identity: string, sessionId: string, value: string, expiresAt: Date | null): void {
    if (!this.#identities.get(identity)?.has(sessionId)) this.capacity.reserve();
    const { wall, steady } = this.clocks.keepUntil(expiresAt);
    const record = { identity, sessionId, value, wall, steady };
    // Asked again, since making room may have let the identity go.
    const records = this.#identities.get(identity);
    if (records) records.set(sessionId, record);
    else this.#identities.set(identity, new Map([[sessionId, record]]));
  }

  list(identity: string): string[] {
    const records = this.#identities.get(identity)?.values() ?? [];
    return Array.from(records, ({ value }) => value);
  }

  remove(identity: string, sessionId: string): void {
    const records = this.#identities.get(identity);
    if (!records?.delete(sessionId)) return;
    this.capacity.release();
    if (records.size === 0) this.#identities.delete(identity);
  }

  *values(): Generator<SessionRecord, undefined> {
    for (const records of this.#identities.values()) yield* records.values();
  }

  forget({ identity, sessionId }: SessionRecord): void {
    this.remove(identity, sessionId);
  }
}

/** How often, and how many are looked at each time: a sweep never holds the event loop for long. */
const INTERVAL_MS = 1_000;
const BATCH_SIZE = 5_000;

/** What is swept from time to time while there is anything to sweep. */
interface Swept {
  readonly sweep: { step(most: number): void };
  readonly capacity: { readonly taken: number };
}

/** One timer for all, which keeps no process alive. */
export class SweepTimer {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly holdings: readonly Swept[]) {}

  /** To be called when something is held. */
  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    for (const { sweep } of this.holdings) sweep.step(BATCH_SIZE);
    if (this.holdings.every(({ capacity }) => capacity.taken === 0)) this.stop();
  }
}
