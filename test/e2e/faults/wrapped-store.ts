import type { Awaitable, BlocklistStore } from '../../../src/index.js';

/** Replaces a call of a store. It may make the call itself. */
export type Around = <T>(method: string, call: () => Awaitable<T>) => Awaitable<T>;

/** A store each of whose calls is replaced. */
export function wrapped(store: BlocklistStore, around: Around): BlocklistStore {
  const { sessions } = store;
  return {
    add: (...args) => around('add', () => store.add(...args)),
    replace: (...args) => around('replace', () => store.replace(...args)),
    get: (...args) => around('get', () => store.get(...args)),
    delete: (...args) => around('delete', () => store.delete(...args)),
    sessions: sessions && {
      put: (...args) => around('put', () => sessions.put(...args)),
      get: (...args) => around('session', () => sessions.get(...args)),
      list: (...args) => around('list', () => sessions.list(...args)),
      remove: (...args) => around('remove', () => sessions.remove(...args)),
    },
  };
}

/** Counts the calls of a store, and those that are not settled. */
export class CallCount {
  handed = 0;
  pending = 0;
  /** The most that were pending at once. */
  peak = 0;

  readonly around: Around = async (_, call) => {
    this.handed += 1;
    this.pending += 1;
    this.peak = Math.max(this.peak, this.pending);
    try {
      return await call();
    } finally {
      this.pending -= 1;
    }
  };
}
