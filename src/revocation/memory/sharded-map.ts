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
