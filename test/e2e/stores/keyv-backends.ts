import { EventEmitter } from 'node:events';
import type { KeyvStoreAdapter } from 'keyv';

/** A backend of Keyv that asks for one key at a time, and of which every method may be replaced. */
export class Backend extends EventEmitter implements KeyvStoreAdapter {
  readonly opts = {};
  readonly entries = new Map<string, string>();
  /** The lifetimes that it was given, in milliseconds. */
  readonly lifetimes: (number | undefined)[] = [];

  async get<T>(key: string): Promise<T | undefined> {
    return this.entries.get(key) as T | undefined;
  }

  async set(key: string, value: string, lifetime?: number): Promise<unknown> {
    this.entries.set(key, value);
    return this.lifetimes.push(lifetime);
  }

  async delete(key: string): Promise<boolean> {
    return this.entries.delete(key);
  }

  async clear(): Promise<void> {
    this.entries.clear();
  }

  /** From here on, every method rejects. */
  takeDown(): void {
    const reject = () => Promise.reject(new Error('connect ECONNREFUSED'));
    Object.assign(this, { get: reject, getMany: reject, set: reject, delete: reject });
  }
}

/** A backend of Keyv that asks for many keys at once. */
export class BulkBackend extends Backend {
  async getMany<T>(keys: string[]): Promise<T[]> {
    return keys.map((key) => this.entries.get(key) as T);
  }
}
