/** Clocks are set back now and then: whatever expires is kept for so many seconds more. */
const MARGIN = 5 * 60;
/** 68 years. Up to here V8 keeps a whole number in place, beyond it in a box of its own. */
const NEVER = 2 ** 31 - 1;

/** A point in time by both clocks, in whole seconds since they were made. */
export interface Moment {
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
