import { setTimeout as delay } from 'node:timers/promises';
import type { RecentCutOffs } from '../tokens/recent-cut-offs.js';
import { cutOffAt, cutOffNow, EVERYTHING_KEY, identityKey } from './revocation-ledger.js';
import type { StoreGateway } from './store-gateway.js';

/** Whom a cut-off is for: an identity, or, `undefined`, everybody. */
type Whom = unknown;

/** Revokes everything that was issued before a moment. The moment is kept for ever: nobody knows how long tokens live. */
export class CutOffs {
  constructor(
    private readonly access: StoreGateway,
    private readonly recent: RecentCutOffs,
    private readonly clock: () => Date,
    /** Whether other processes may work with the same store. */
    private readonly isShared: boolean,
  ) {}

  /**
   * Revokes what was issued before a moment that is over.
   *
   * @throws TypeError, RangeError - for what is none
   */
  async makeAt(whom: Whom, moment: Date): Promise<void> {
    requirePast(moment, this.clock());
    const cutOff = cutOffAt(moment);
    await this.#raise(whom, cutOff);
    await this.#separate(whom, cutOff);
  }

  /**
   * Revokes what was issued until now. The store is told once more if it took its time: a session that was refreshed
   * meanwhile, by whoever did not see the cut-off yet, must not outlive it.
   *
   * @returns the moment
   */
  async revokeBefore(whom: Whom): Promise<Date> {
    const first = this.recent.next(whom, cutOffNow(this.clock()));
    await this.#raise(whom, first);
    const moment = this.clock();
    const cutOff = Math.max(first, cutOffNow(moment));
    if (cutOff > first) await this.#raise(whom, cutOff);
    await this.#separate(whom, cutOff);
    return moment;
  }

  async #raise(whom: Whom, cutOff: number): Promise<void> {
    const key = whom === undefined ? EVERYTHING_KEY : identityKey(whom);
    await this.access.raise(key, cutOff, null);
  }

  /** Sees to it that what is minted from now on counts as issued after a cut-off, here and in every other process. */
  async #separate(whom: Whom, cutOff: number): Promise<void> {
    this.recent.remember(whom, cutOff);
    const now = this.clock().getTime();
    const isThisSecond = Math.floor(cutOff / 1_000_000) === Math.floor(now / 1000);
    // A timer may be early by a fraction of a millisecond.
    if (this.isShared && isThisSecond) await delay(1001 - (now % 1000));
  }
}

function requirePast(moment: Date, now: Date): void {
  if (!(moment instanceof Date) || Number.isNaN(moment.getTime()))
    throw new TypeError('issuedBefore must be a valid Date');
  if (moment > now) throw new RangeError('issuedBefore must not lie in the future');
  if (moment.getTime() < 0) throw new RangeError('issuedBefore must not lie before 1970');
}
