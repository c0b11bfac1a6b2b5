import { Logger } from '@nestjs/common';
import { channel } from 'node:diagnostics_channel';
import { safeMessage } from '../common/fault-message.js';
import { isPromise } from '../contracts/awaitable.js';
import type { SecurityEventEmitter, SecurityEvents } from '../contracts/security-events.js';

type EventName = keyof SecurityEvents;

const CHANNELS = {
  minted: channel('nestjs-jwt-extended:minted'),
  refused: channel('nestjs-jwt-extended:refused'),
  revoked: channel('nestjs-jwt-extended:revoked'),
  rotated: channel('nestjs-jwt-extended:rotated'),
  raced: channel('nestjs-jwt-extended:raced'),
  reused: channel('nestjs-jwt-extended:reused'),
  'store-down': channel('nestjs-jwt-extended:store-down'),
  'store-up': channel('nestjs-jwt-extended:store-up'),
} satisfies Record<EventName, unknown>;

/** Publishes security events on `node:diagnostics_channel`, and emits them on the emitter of the option `events`. */
export class EventPublisher {
  readonly #logger = new Logger('JwtExtendedModule');

  constructor(private readonly emitter: SecurityEventEmitter | undefined) {}

  publish<N extends EventName>(name: N, payload: SecurityEvents[N]): void {
    const { [name]: subscribers } = CHANNELS;
    if (subscribers.hasSubscribers) subscribers.publish(Object.freeze(payload));
    if (this.emitter) this.#emit(this.emitter, `jwt.${name}`, payload);
  }

  /** An emitter or a listener that fails does not change what happens to the token. */
  #emit(emitter: SecurityEventEmitter, name: string, payload: unknown): void {
    const logFailure = (fault: unknown) =>
      this.#logger.error(`A listener of ${name} failed: ${safeMessage(fault)}`);
    try {
      const result = emitter.emit(name, payload);
      if (isPromise(result)) void Promise.resolve(result).catch(logFailure);
    } catch (fault) {
      logFailure(fault);
    }
  }
}
