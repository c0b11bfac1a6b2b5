/** How often, and how many are looked at each time: a sweep never holds the event loop for long. */
const INTERVAL_MS = 1_000;
const LOOKS = 5_000;

/** What is swept from time to time while there is anything to sweep. */
interface Swept {
  readonly sweep: { advance(most: number): void };
  readonly room: { readonly taken: number };
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
    for (const { sweep } of this.holdings) sweep.advance(LOOKS);
    if (this.holdings.every(({ room }) => room.taken === 0)) this.stop();
  }
}
