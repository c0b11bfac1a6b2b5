import { Logger } from '@nestjs/common';
import { faultMessage } from '../errors/fault-message.js';
import type { EventPublisher } from '../events/event-publisher.js';

/** Notes when the store stops answering and when it answers again, and tells it once each. */
export class StoreHealth {
  readonly #logger = new Logger('JwtExtendedModule');
  #isDown = false;

  constructor(private readonly events: EventPublisher) {}

  answered(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#logger.log('The blocklist store answers again');
    this.events.publish('store-up', { reason: '' });
  }

  failed(fault: unknown): void {
    if (this.#isDown) return;
    this.#isDown = true;
    const reason = faultMessage(fault);
    this.#logger.error(`The blocklist store does not answer: ${reason}`);
    this.events.publish('store-down', { reason });
  }
}
