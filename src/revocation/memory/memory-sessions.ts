import { Room } from './room.js';
import { ShardedMap } from './sharded-map.js';
import { type Holding, Sweep } from './sweep.js';
import type { Moment, TwoClocks } from './two-clocks.js';

interface SessionRecord extends Moment {
  readonly identity: string;
  readonly sessionId: string;
  readonly value: string;
}

/** The records of sessions by identity, so many at most. */
export class MemorySessions implements Holding<SessionRecord> {
  readonly sweep: Sweep<SessionRecord>;
  readonly room: Room;
  readonly #identities = new ShardedMap<Map<string, SessionRecord>>();

  constructor(
    maxRecords: number,
    private readonly clocks: TwoClocks,
  ) {
    this.sweep = new Sweep(this, clocks);
    this.room = new Room(maxRecords, this.sweep);
  }

  /** @throws Error - when there is no room for another session */
  put(identity: string, sessionId: string, value: string, expiresAt: Date | null): void {
    if (!this.#identities.get(identity)?.has(sessionId)) this.room.take();
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
    this.room.leave();
    if (records.size === 0) this.#identities.delete(identity);
  }

  *values(): Generator<SessionRecord, undefined> {
    for (const records of this.#identities.values()) yield* records.values();
  }

  forget({ identity, sessionId }: SessionRecord): void {
    this.remove(identity, sessionId);
  }
}
