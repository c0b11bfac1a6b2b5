import { Logger } from '@nestjs/common';
import { safeMessage } from '../common/fault-message.js';
import type { EventPublisher } from '../events/security-event-publisher.js';

/** How many calls may be overdue before nobody else is sent to wait; and how long one counts. */
const MOST = 64;
const COUNTED_FOR_MS = 30_000;
/** How often one is sent all the same, to see whether the store is back. */
const PROBED_EVERY_MS = 1_000;
/** How many may be overdue of a store that answers others. */
const MOST_OF_ALL = 1_024;

/**
 * The calls of a store that did not answer in time, and may yet. While there are many of them the store is asked once a
 * second, or an outage would fill the memory with questions. Each that ends, or is half a minute old, makes room for
 * one; and so does the first that is answered for as many again, since whoever is back need not answer old questions.
 */
export class OverdueCalls {
  #count = 0;
  #most = MOST;
  #probedAt = -Infinity;

  /** Whether a call may be made; to ask is to make it. */
  takesAnother(): boolean {
    if (this.#count < this.#most) return true;
    const now = performance.now();
    if (now - this.#probedAt < PROBED_EVERY_MS) return false;
    this.#probedAt = now;
    return true;
  }

  add(pending: unknown): void {
    this.#count += 1;
    let isCounted = true;
    const forget = () => {
      if (isCounted) this.#forgetOne();
      isCounted = false;
      clearTimeout(timer);
    };
    const timer = setTimeout(forget, COUNTED_FOR_MS).unref();
    Promise.resolve(pending).then(forget, forget);
  }

  /** Some call was answered in time. */
  answered(): void {
    if (this.#count >= this.#most) this.#most = Math.min(this.#count + MOST, MOST_OF_ALL);
  }

  #forgetOne(): void {
    this.#count -= 1;
    if (this.#count < MOST) this.#most = MOST;
  }
}

/** Whether a call looks something up or changes something: a store that is full, say, fails at one of them only. */
export type StoreUse = 'reading' | 'writing';

/** Notes when the store stops answering and when it answers again, and tells it once each. */
export class StoreHealth {
  readonly #logger = new Logger('JwtExtendedModule');
  /** What does not work. A store that cannot be read is away altogether, and back once it can be. */
  #broken: StoreUse | undefined;

  constructor(private readonly events: EventPublisher) {}

  answered(use: StoreUse): void {
    if (this.#broken === undefined || (use === 'reading' && this.#broken === 'writing')) return;
    this.#broken = undefined;
    this.#logger.log('The blocklist store answers again');
    this.events.publish('store-up', { reason: '' });
  }

  failed(use: StoreUse, fault: unknown): void {
    const wasBroken = this.#broken;
    this.#broken = wasBroken === 'reading' ? wasBroken : use;
    if (wasBroken !== undefined) return;
    const reason = safeMessage(fault);
    this.#logger.error(`The blocklist store does not answer: ${reason}`);
    this.events.publish('store-down', { reason });
  }
}
