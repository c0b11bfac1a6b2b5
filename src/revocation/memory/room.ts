/** How many are looked at before somebody is refused: some hundredths of a millisecond. */
const LOOKS = 1_000;

/** So many places. Nobody is put out for somebody new, but what has expired makes room. */
export class Room {
  #taken = 0;

  constructor(
    private readonly places: number,
    private readonly sweep: { advance(most: number): void },
  ) {}

  get taken(): number {
    return this.#taken;
  }

  /** @throws Error - when all places are taken, as far as could be seen in a moment */
  take(): void {
    if (this.#taken >= this.places) this.sweep.advance(LOOKS);
    if (this.#taken >= this.places) {
      throw new Error(
        `MemoryBlocklistStore is full: it holds ${this.places} entries that are still needed`,
      );
    }
    this.#taken += 1;
  }

  leave(): void {
    this.#taken -= 1;
  }
}
