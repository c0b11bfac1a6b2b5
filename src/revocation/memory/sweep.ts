import type { Moment, TwoClocks } from './two-clocks.js';

/** Something that holds what expires. */
export interface Holding<T extends Moment> {
  values(): Iterator<T>;
  forget(item: T): void;
}

/** Goes round a holding, a little at a time, and has it forget what has expired. */
export class Sweep<T extends Moment> {
  #place: Iterator<T> | undefined;

  constructor(
    private readonly holding: Holding<T>,
    private readonly clocks: TwoClocks,
  ) {}

  /** Looks at so many at most, and at none more often than twice. */
  advance(most: number): void {
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
