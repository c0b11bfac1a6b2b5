import type { IoRedisClient } from './redis-client.js';
import type { RedisCommands } from './redis-commands.js';

export class IoRedisCommands implements RedisCommands {
  constructor(private readonly client: IoRedisClient) {}

  setIfAbsent(key: string, value: string, keptUntil: number | null): Promise<unknown> {
    if (keptUntil === null) return this.client.set(key, value, 'NX');
    return this.client.set(key, value, 'PXAT', keptUntil, 'NX');
  }

  get(key: string): Promise<unknown> {
    return this.client.get(key);
  }

  /** The keys of a cluster live on several nodes: one command each, all of them sent before any is answered. */
  getAll(keys: string[]): Promise<unknown> {
    if (this.client.isCluster) return Promise.all(keys.map((key) => this.client.get(key)));
    return this.client.mget(keys);
  }

  delete(key: string): Promise<unknown> {
    return this.client.del(key);
  }

  run(script: string, key: string, ...args: string[]): Promise<unknown> {
    return this.client.eval(script, 1, key, ...args);
  }

  hashValues(key: string): Promise<unknown> {
    return this.client.hvals(key);
  }

  deleteField(key: string, field: string): Promise<unknown> {
    return this.client.hdel(key, field);
  }
}
