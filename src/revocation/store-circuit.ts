import { safeMessage } from '../common/fault-message.js';
import { type Awaitable, DeadlineError, isPromise, withDeadline } from '../contracts/awaitable.js';
import type { TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { Outages } from '../events/outages.js';
import type { EventPublisher } from '../events/security-event-publisher.js';

/** Whether a call looks something up or changes something: a full store, for example, fails at the latter only. */
type StoreUse = 'reading' | 'writing';

const SOURCE = 'The blocklist store';

/** How many calls may be overdue before the circuit opens, and how many if the store answers other calls. */
const LIMIT = 64;
const LIMIT_WHILE_ANSWERING = 1_024;
/** After that time an overdue call no longer counts. */
const COUNTED_FOR_MS = 30_000;
const PROBE_INTERVAL_MS = 1_000;

/**
 * A circuit breaker: gives each call of the store a deadline. If too many calls are overdue, further ones fail at once,
 * because they would fill the memory; one call a second (`half-open`) finds out whether the store answers again.
 *
 * When an overdue call ends or grows old, it makes room for one. When the store answers a call, the limit rises by as
 * many again, because a store that is back need not answer the old calls.
 */
export class StoreCircuit {
  #overdue = 0;
  #limit = LIMIT;
  #probedAt = -Infinity;
  /** What fails in this outage. If only writing fails, an answer to a look-up does not end the outage. */
  #failing: StoreUse | undefined;

  constructor(
    private readonly timeoutMs: number,
    private readonly events: EventPublisher,
    private readonly outages: Outages,
  ) {}

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#overdue < this.#limit) return 'closed';
    return performance.now() - this.#probedAt < PROBE_INTERVAL_MS ? 'open' : 'half-open';
  }

  /**
   * Calls the store. If the store answers at once, the answer is returned at once.
   *
   * @param method - the name of the store's method, for messages
   * @param read - checks the answer; one of the wrong shape counts as none
   * @throws TokenCheckUnavailableError - if the call fails, is late, or does not go to the store
   */
  call<T>(
    use: StoreUse,
    method: string,
    ask: () => Awaitable<unknown>,
    read: (answer: unknown) => T,
  ): Awaitable<T> {
    try {
      if (this.#overdue >= this.#limit) this.#probe(method);
      const answer = ask();
      if (isPromise(answer)) return this.#answerInTime(use, method, Promise.resolve(answer), read);
      const value = read(answer);
      this.#succeeded(use);
      return value;
    } catch (error) {
      throw this.#failed(use, error);
    }
  }

  /** @throws DeadlineError - if the circuit is open */
  #probe(method: string): void {
    if (this.state === 'open')
      throw new DeadlineError(`${nameOf(method)} was not called: other calls are overdue`);
    this.#probedAt = performance.now();
  }

  async #answerInTime<T>(
    use: StoreUse,
    method: string,
    pending: Promise<unknown>,
    read: (answer: unknown) => T,
  ): Promise<T> {
    try {
      const value = read(await withDeadline(pending, this.timeoutMs, nameOf(method)));
      this.#succeeded(use);
      return value;
    } catch (error) {
      if (error instanceof DeadlineError) this.#countOverdue(pending);
      throw this.#failed(use, error);
    }
  }

  #countOverdue(pending: Promise<unknown>): void {
    this.#overdue += 1;
    let isCounted = true;
    const discount = () => {
      clearTimeout(timer);
      if (!isCounted) return;
      isCounted = false;
      this.#overdue -= 1;
      if (this.#overdue < LIMIT) this.#limit = LIMIT;
    };
    const timer = setTimeout(discount, COUNTED_FOR_MS).unref();
    pending.then(discount, discount);
  }

  #succeeded(use: StoreUse): void {
    if (this.#overdue >= this.#limit)
      this.#limit = Math.min(this.#overdue + LIMIT, LIMIT_WHILE_ANSWERING);
    if (this.#failing === undefined || (use === 'reading' && this.#failing === 'writing')) return;
    this.#failing = undefined;
    this.outages.answered(SOURCE);
    this.events.publish('store-up', { reason: '' });
  }

  #failed(use: StoreUse, fault: unknown): TokenCheckUnavailableError {
    const isNew = this.#failing === undefined;
    if (this.#failing !== 'reading') this.#failing = use;
    if (isNew) this.events.publish('store-down', { reason: safeMessage(fault) });
    return this.outages.failed(SOURCE, fault);
  }
}

function nameOf(method: string): string {
  return `${SOURCE} (${method})`;
}
