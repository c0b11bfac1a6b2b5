import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type EventEmitterLike, EventPublisher } from './event-publisher.js';

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
