import { Room } from './room.js';
import { ShardedMap } from './sharded-map.js';
import { type Holding, Sweep } from './sweep.js';
import type { Moment, TwoClocks } from './two-clocks.js';

interface Entry extends Moment {
  readonly key: string;
  readonly value: string;
}

/** The entries of the blocklist, so many at most. */
export class MemoryEntries implements Holding<Entry> {
  readonly sweep: Sweep<Entry>;
  readonly room: Room;
  readonly #entries = new ShardedMap<Entry>();

  constructor(
    maxEntries: number,
    private readonly clocks: TwoClocks,
  ) {
    this.sweep = new Sweep(this, clocks);
    this.room = new Room(maxEntries, this.sweep);
  }

  get(key: string): string | null {
    return this.#entries.get(key)?.value ?? null;
  }

  /** @throws Error - when there is no room for another key */
  set(key: string, value: string, expiresAt: Date | null): void {
    if (this.#entries.get(key) === undefined) this.room.take();
    const { wall, steady } = this.clocks.keepUntil(expiresAt);
    this.#entries.set(key, { key, value, wall, steady });
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.room.leave();
  }

  values(): Iterator<Entry> {
    return this.#entries.values();
  }

  forget({ key }: Entry): void {
    this.delete(key);
  }
}
