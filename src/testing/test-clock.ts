import type { Duration } from '../contracts/token.js';
import { parseSeconds } from '../common/duration.js';
import { ADVANCE_TO } from '../revocation/cut-offs.js';

/**
 * A clock that stands still until it is moved, so that a test need not wait for a token to expire. Only `revokeAllFor`
 * and `revokeAllIssuedBefore` move it by themselves: to the next second, for which they would otherwise wait.
 *
 * @example
 * ```ts
 * const clock = new TestClock();
 * JwtExtendedModule.forRoot({ secret, clock: clock.now });
 * clock.advance('15m');
 * ```
 */
export class TestClock {
  #milliseconds = 0;

  /**
   * @param moment - when it is
   * @throws TypeError - for an invalid `Date`
   */
  constructor(moment: Date = new Date()) {
    this.set(moment);
  }

  /** What time it is; give it to the option `clock` as it is, since a function around it stands still for ever. */
  readonly now: () => Date = Object.assign(() => new Date(this.#milliseconds), {
    [ADVANCE_TO]: (moment: Date) => this.set(moment),
  });

  /**
   * Moves the clock by a duration, such as `'15m'`; backwards by a negative number of seconds.
   *
   * @throws TypeError - for what is no duration
   */
  advance(duration: Duration): void {
    this.#milliseconds += parseSeconds(duration, 'duration', TypeError) * 1000;
  }

  /** Sets the clock to a moment. @throws TypeError - for an invalid `Date` */
  set(moment: Date): void {
    const milliseconds = moment.getTime();
    if (Number.isNaN(milliseconds)) throw new TypeError('A clock needs a valid Date');
    this.#milliseconds = milliseconds;
  }
}
