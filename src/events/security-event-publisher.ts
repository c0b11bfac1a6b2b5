import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { channel } from 'node:diagnostics_channel';
import { safeMessage } from '../common/fault-message.js';
import type { SecurityEvents } from '../contracts/security-events.js';

type EventName = keyof SecurityEvents;

/** The little that is needed of `EventEmitter2`. */
interface EventEmitterLike {
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
      this.#logger.error(`A listener of jwt.${name} failed: ${safeMessage(fault)}`);
    }
  }
}

/**
 * Finds the application's `EventEmitter2` (of `@nestjs/event-emitter`) where it has one: by what it can do, since this
 * library does not depend on it.
 */
@Injectable()
export class EventEmitterBridge implements OnModuleInit {
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(EventPublisher) private readonly events: EventPublisher,
  ) {}

  onModuleInit(): void {
    const emitter = this.#classProviders().find(isEventEmitter2);
    if (emitter) this.events.bridgeTo(emitter);
  }

  /** What is provided under a class, which is how the emitter is. */
  #classProviders(): unknown[] {
    return [...this.modules.values()]
      .flatMap(({ providers }) => [...providers.values()])
      .filter(({ token }) => typeof token === 'function')
      .map(({ instance }): unknown => instance);
  }
}

function isEventEmitter2(value: unknown): value is EventEmitterLike {
  if (typeof value !== 'object' || value === null) return false;
  const { emit, emitAsync, onAny } = value as Partial<Record<string, unknown>>;
  return [emit, emitAsync, onAny].every((method) => typeof method === 'function');
}
