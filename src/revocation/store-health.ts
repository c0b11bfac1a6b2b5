import { Logger } from '@nestjs/common';
import { faultMessage } from '../common/fault-message.js';
import type { EventPublisher } from '../events/security-event-publisher.js';

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
    const reason = faultMessage(fault);
    this.#logger.error(`The blocklist store does not answer: ${reason}`);
    this.events.publish('store-down', { reason });
  }
}
