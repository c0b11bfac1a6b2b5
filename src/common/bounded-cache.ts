/** How much each of the two generations holds. */
interface GenerationLimits {
  readonly entriesPerGeneration: number;
  /** Characters of all entries together; unlimited if left out. */
  readonly charactersPerGeneration?: number;
}

interface Entry<V> {
  readonly key: string;
  readonly value: V;
}

/**
 * A cache of bounded size. When its younger generation is full, that becomes the older one, and the former older one is
 * dropped. An entry that is read moves to the younger generation, so entries in use stay, and a read reorders nothing.
 */
export class BoundedCache<V> {
  #younger = new Map<string, Entry<V>>();
  #older = new Map<string, Entry<V>>();
  #characters = 0;
  readonly #maxEntries: number;
  readonly #maxCharacters: number;

  /** @param charactersOf - how many characters an entry counts for; those of its key if left out */
  constructor(
    { entriesPerGeneration, charactersPerGeneration = Infinity }: GenerationLimits,
    private readonly charactersOf: (key: string, value: V) => number = (key) => key.length,
  ) {
    this.#maxEntries = entriesPerGeneration;
    this.#maxCharacters = charactersPerGeneration;
  }

  get(key: string): V | undefined {
    const younger = this.#younger.get(key);
    if (younger !== undefined) return younger.value;
    const older = this.#older.get(key);
    // With the key that was set: the one of this call may be part of a longer text, which it would keep alive.
    if (older !== undefined) this.#put(older);
    return older?.value;
  }

  set(key: string, value: V): void {
    this.#put({ key, value });
  }

  #put(entry: Entry<V>): void {
    const { key, value } = entry;
    if (!this.#younger.has(key)) this.#makeRoom(this.charactersOf(key, value));
    this.#younger.set(key, entry);
  }

  #makeRoom(characters: number): void {
    if (this.#younger.size >= this.#maxEntries || this.#characters >= this.#maxCharacters) {
      this.#older = this.#younger;
      this.#younger = new Map();
      this.#characters = 0;
    }
    this.#characters += characters;
  }
}
