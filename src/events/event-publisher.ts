import { channel } from 'node:diagnostics_channel';
import { Logger } from '@nestjs/common';
import type { SecurityEvents } from '../contracts/security-events.js';
import { faultMessage } from '../common/fault-message.js';

type EventName = keyof SecurityEvents;

/** The little that is needed of `EventEmitter2`. */
export interface EventEmitterLike {
  emit(name: string, payload: unknown): unknown;
}

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

/** Tells what happened to whoever listens; with nobody listening it costs next to nothing. */
export class EventPublisher {
  readonly #logger = new Logger('JwtExtendedModule');
  #emitter: EventEmitterLike | undefined;

  /** From now on the application's emitter hears of everything, too. */
  bridgeTo(emitter: EventEmitterLike): void {
    this.#emitter = emitter;
  }

  publish<N extends EventName>(name: N, payload: SecurityEvents[N]): void {
    const { [name]: subscribers } = CHANNELS;
    if (subscribers.hasSubscribers) subscribers.publish(Object.freeze(payload));
    if (this.#emitter) this.#emit(name, payload);
  }

  /** A listener that throws is the listener's own trouble: the token is as good or as bad as before. */
  #emit(name: EventName, payload: unknown): void {
    try {
      this.#emitter?.emit(`jwt.${name}`, payload);
    } catch (fault) {
      this.#logger.error(`A listener of jwt.${name} failed: ${faultMessage(fault)}`);
    }
  }
}
