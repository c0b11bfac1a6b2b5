import { type BlocklistStore, MemoryBlocklistStore } from '../../src/index.js';

/** A memory store that counts the round trips to it, and may wait before each. */
export class CountingStore implements BlocklistStore {
  readonly inner = new MemoryBlocklistStore();
  /** The names of the calls since the last {@link CountingStore.take}. */
  #calls: string[] = [];

  /** @param turn - awaited before each call */
  constructor(private readonly turn: () => Promise<void> = () => Promise.resolve()) {}

  take(): string[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }

  readonly add = this.#counted('add', this.inner.add.bind(this.inner));
  readonly replace = this.#counted('replace', this.inner.replace.bind(this.inner));
  readonly get = this.#counted('get', this.inner.get.bind(this.inner));
  readonly delete = this.#counted('delete', this.inner.delete.bind(this.inner));
  readonly sessions = {
    put: this.#counted('put', this.inner.sessions.put.bind(this.inner.sessions)),
    get: this.#counted('getSession', this.inner.sessions.get.bind(this.inner.sessions)),
    list: this.#counted('list', this.inner.sessions.list.bind(this.inner.sessions)),
    remove: this.#counted('remove', this.inner.sessions.remove.bind(this.inner.sessions)),
  };

  #counted<A extends unknown[], R>(name: string, call: (...args: A) => R | Promise<R>) {
    return async (...args: A): Promise<R> => {
      this.#calls.push(name);
      await this.turn();
      return call(...args);
    };
  }
}
