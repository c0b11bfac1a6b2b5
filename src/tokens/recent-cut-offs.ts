const MICROSECONDS = 1_000_000;

/**
 * The cut-offs that this process has made in the current second. `iat` counts whole seconds, so a token that is minted
 * in the second of a cut-off would look older than it: such a token, and no other, says its `iat` to the microsecond.
 */
export class RecentCutOffs {
  /** By identity; `''` for everybody. In microseconds since the epoch. */
  readonly #moments = new Map<string, number>();
  #second = -Infinity;

  /** @param identity - `undefined` for everybody */
  remember(identity: unknown, microseconds: number): void {
    const name = nameOf(identity);
    const second = Math.floor(microseconds / MICROSECONDS);
    if (second < this.#second) return;
    if (second > this.#second) this.#moments.clear();
    this.#second = second;
    this.#moments.set(name, Math.max(microseconds, this.#moments.get(name) ?? 0));
  }

  /** At least so many microseconds; and later than the cut-offs before, or tokens that were minted since would live. */
  next(identity: unknown, microseconds: number): number {
    return Math.max(microseconds, this.#last(identity) + 1);
  }

  /** The `iat` of a token that is minted in a second, in seconds: that second, unless a cut-off lies in it. */
  issuedAt(identity: unknown, second: number, moment: Date): number {
    if (second !== this.#second) return second;
    const cutOff = this.#last(identity);
    return cutOff === 0 ? second : Math.max(moment.getTime() * 1000, cutOff) / MICROSECONDS;
  }

  #last(identity: unknown): number {
    return Math.max(this.#moments.get(nameOf(identity)) ?? 0, this.#moments.get('') ?? 0);
  }
}

/** With `verifySub: false` an identity may be anything that JSON holds. */
function nameOf(identity: unknown): string {
  if (identity === undefined) return '';
  return typeof identity === 'string' ? identity : JSON.stringify(identity);
}
