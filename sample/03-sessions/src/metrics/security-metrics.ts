import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { SecurityEvents } from 'nestjs-jwt-extended';
import { Counter, Registry } from 'prom-client';

/**
 * The labels of each event, which have a handful of values. Identities and sessions are no labels, because each value
 * would make a time series of its own: they belong in a log.
 */
const LABELS: Readonly<Record<keyof SecurityEvents, readonly string[]>> = {
  minted: ['type'],
  refused: ['code'],
  revoked: ['level'],
  rotated: [],
  raced: [],
  reused: [],
  'store-down': [],
  'store-up': [],
};

/** Counts every security event for Prometheus. Set an alarm on `jwt_reused_total`: a refresh token was stolen. */
@Injectable()
export class SecurityMetrics implements OnModuleInit, OnApplicationShutdown {
  readonly registry = new Registry();
  private readonly listeners = Object.entries(LABELS).map(([event, labelNames]) => {
    const counter = new Counter({
      name: `jwt_${event.replace('-', '_')}_total`,
      help: `How often ${event} was published`,
      labelNames,
      registers: [this.registry],
    });
    const count = (message: unknown) => counter.inc(pick(message, labelNames));
    return { channel: `nestjs-jwt-extended:${event}`, count };
  });

  onModuleInit() {
    for (const { channel, count } of this.listeners) subscribe(channel, count);
  }

  onApplicationShutdown() {
    for (const { channel, count } of this.listeners) unsubscribe(channel, count);
  }
}

function pick(message: unknown, names: readonly string[]): Record<string, string> {
  const event = message as Record<string, string>;
  return Object.fromEntries(names.map((name) => [name, event[name]!]));
}
