import { setTimeout as delay } from 'node:timers/promises';
import type { RevocationLedger } from './revocation-ledger.js';

/** Under this name the testing kit's clock, which stands still, has a function that moves it to a moment. */
export const ADVANCE_TO = Symbol.for('nestjs-jwt-extended:advance-to');

type Clock = (() => Date) & { readonly [ADVANCE_TO]?: (moment: Date) => void };

/**
 * Revokes everything that was issued before a moment, to one identity or to all. A cut-off is a whole
 * second, because `iat` is. The store keeps it for ever, because a token may be valid for ever.
 */
export class CutOffs {
  constructor(
    private readonly ledger: RevocationLedger,
    private readonly clock: Clock,
  ) {}

  /**
   * Revokes what was issued before a moment that is not in the future, and within the second that this moment is in.
   *
   * @param key - of the cut-off
   * @throws TypeError, RangeError - for any other moment
   */
  async revokeBefore(key: string, moment: Date): Promise<void> {
    if (!(moment instanceof Date) || Number.isNaN(moment.getTime()))
      throw new TypeError('issuedBefore must be a valid Date');
    if (moment > this.clock()) throw new RangeError('issuedBefore must not lie in the future');
    if (moment.getTime() < 0) throw new RangeError('issuedBefore must not lie before 1970');
    const cutOff = Math.ceil(moment.getTime() / 1000);
    await this.ledger.raise(key, cutOff);
    await this.#secondOver(cutOff);
  }

  /**
   * Revokes what was issued until now, the present second included. If a new second begins before the store acknowledges
   * it, that second counts too: a request that did not see the cut-off yet may have refreshed a session meanwhile.
   *
   * @returns the end of the last second in which everything is revoked
   */
  async revokeNow(key: string): Promise<Date> {
    const first = this.#nextSecond();
    await this.ledger.raise(key, first);
    const cutOff = Math.max(first, this.#nextSecond());
    if (cutOff > first) await this.ledger.raise(key, cutOff);
    await this.#secondOver(cutOff);
    return new Date(cutOff * 1000);
  }

  #nextSecond(): number {
    return Math.floor(this.clock().getTime() / 1000) + 1;
  }

  /** Resolves when new tokens are issued at the cut-off or later; after a second even if the clock stands still. */
  async #secondOver(cutOff: number): Promise<void> {
    const left = cutOff * 1000 - this.clock().getTime();
    if (left <= 0) return;
    const advanceTo = this.clock[ADVANCE_TO];
    if (advanceTo) advanceTo(new Date(cutOff * 1000));
    // A timer may fire a fraction of a millisecond early.
    else await delay(Math.min(left, 1000) + 1);
  }
}
