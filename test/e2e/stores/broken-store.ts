import type { BlocklistStore } from '../../../src/contracts/blocklist-store.js';
import type { OpenedStore } from '../../../src/testing/index.js';
import { PlainStore } from './plain-store.js';

/** A mistake that people make, and the case of the contract that must find it. */
export interface Fault {
  readonly fault: string;
  readonly refusedBy: string;
  readonly open: () => OpenedStore;
}

/** A store that differs from the plain one in what `change` gives. */
export function fault(
  refusedBy: string,
  fault: string,
  change: (plain: PlainStore) => Partial<BlocklistStore>,
): Fault {
  return { fault, refusedBy, open: () => opened(change) };
}

/** A store that writes its keys, identities and session ids in another way. */
export function keyFault(refusedBy: string, what: string, rewrite: (key: string) => string): Fault {
  return fault(refusedBy, what, (plain) => ({
    add: (key, value, expiresAt) => plain.add(rewrite(key), value, expiresAt),
    raise: (key, value, expiresAt) => plain.raise(rewrite(key), value, expiresAt),
    get: (keys) => plain.get(keys.map(rewrite)),
    delete: (key) => plain.delete(rewrite(key)),
    sessions: {
      put: (identity, id, value, expiresAt) =>
        plain.sessions.put(rewrite(identity), rewrite(id), value, expiresAt),
      list: (identity) => plain.sessions.list(rewrite(identity)),
      remove: (identity, id) => plain.sessions.remove(rewrite(identity), rewrite(id)),
    },
  }));
}

function opened(change: (plain: PlainStore) => Partial<BlocklistStore>): OpenedStore {
  const plain = new PlainStore();
  const store: BlocklistStore = {
    add: (key, value, expiresAt) => plain.add(key, value, expiresAt),
    raise: (key, value, expiresAt) => plain.raise(key, value, expiresAt),
    get: (keys) => plain.get(keys),
    delete: (key) => plain.delete(key),
    sessions: plain.sessions,
    ...change(plain),
  };
  return { store, takeDown: () => plain.takeDown() };
}
