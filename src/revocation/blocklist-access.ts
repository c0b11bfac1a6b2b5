import type { BlocklistStore } from '../contracts/blocklist-store.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import { withDeadline } from '../tokens/deadline.js';

/** The store, asked with a deadline and believed only when it makes sense. */
export class BlocklistAccess {
  constructor(
    private readonly store: BlocklistStore,
    private readonly timeoutMs: number,
  ) {}

  /** Resolves once the store has said that the entry is there. */
  async add(key: string, expiresAt: Date | null): Promise<void> {
    const added: unknown = await this.#ask('add', () => this.store.add(key, '1', expiresAt));
    if (typeof added !== 'boolean') throw nonsense('add', 'true or false');
  }

  async has(key: string): Promise<boolean> {
    const values: unknown = await this.#ask('get', () => this.store.get([key]));
    const value: unknown = Array.isArray(values) && values.length === 1 ? values[0] : undefined;
    if (value === null) return false;
    if (typeof value === 'string') return true;
    throw nonsense('get', 'one string or null for each key');
  }

  async delete(key: string): Promise<void> {
    await this.#ask('delete', () => this.store.delete(key));
  }

  async #ask<T>(method: keyof BlocklistStore, call: () => T | Promise<T>): Promise<T> {
    try {
      return await withDeadline(call(), this.timeoutMs, `The blocklist store (${method})`);
    } catch (error) {
      throw new TokenCheckUnavailableError(error);
    }
  }
}

function nonsense(method: string, expected: string): TokenCheckUnavailableError {
  return new TokenCheckUnavailableError(
    new TypeError(`The blocklist store's ${method} must give ${expected}`),
  );
}
