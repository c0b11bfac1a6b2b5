import { setImmediate as turn } from 'node:timers/promises';
import type { BlocklistStore, SessionRecords } from '../../../src/index.js';
import type { OpenedStore } from '../../../src/testing/index.js';

/** A store with a common mistake, and the case of the contract that must fail for it. */
export interface Fault {
  readonly fault: string;
  readonly refusedBy: string;
  readonly open: () => OpenedStore;
}

/** A store that differs from the plain one in the members that `change` returns. */
export function fault(
  refusedBy: string,
  fault: string,
  change: (plain: PlainStore) => Partial<BlocklistStore>,
): Fault {
  return { fault, refusedBy, open: () => opened(change) };
}

/** A store that rewrites its keys, identities and session ids. */
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

/** A store whose sessions differ from the plain ones in the members that `change` returns. */
export function sessionFault(
  refusedBy: string,
  what: string,
  change: (plain: PlainStore) => Partial<SessionRecords>,
): Fault {
  return fault(refusedBy, what, (plain) => ({
    sessions: { ...plain.sessions, ...change(plain) },
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

export interface PlainEntry {
  readonly value: string;
  readonly expiresAt: Date | null;
}

/** The simplest store that keeps every promise. Each broken store differs from it in one respect. */
export class PlainStore implements BlocklistStore {
  readonly entries = new Map<string, PlainEntry>();
  readonly records = new Map<string, Map<string, PlainEntry>>();
  #isDown = false;

  /** From here on, each call rejects. */
  takeDown(): void {
    this.#isDown = true;
  }

  async add(key: string, value: string, expiresAt: Date | null): Promise<boolean> {
    await this.#reach();
    if (this.live(key) !== null) return false;
    this.entries.set(key, { value, expiresAt });
    return true;
  }

  async raise(key: string, value: number, expiresAt: Date | null): Promise<void> {
    await this.#reach();
    const there = this.live(key);
    if (there !== null && !/^\d+$/.test(there)) throw new Error('not a number');
    if (there === null || value > Number(there)) {
      this.entries.set(key, { value: String(value), expiresAt });
    }
  }

  async get(keys: readonly string[]): Promise<readonly (string | null)[]> {
    await this.#reach();
    return keys.map((key) => this.live(key));
  }

  async delete(key: string): Promise<void> {
    await this.#reach();
    this.entries.delete(key);
  }

  readonly sessions: SessionRecords = {
    put: async (identity, sessionId, value, expiresAt) => {
      await this.#reach();
      this.recordsOf(identity).set(sessionId, { value, expiresAt });
    },
    list: async (identity) => {
      await this.#reach();
      const records = [...this.recordsOf(identity).values()];
      return records.filter(isLive).map(({ value }) => value);
    },
    remove: async (identity, sessionId) => {
      await this.#reach();
      this.recordsOf(identity).delete(sessionId);
    },
  };

  async #reach(): Promise<void> {
    await turn();
    if (this.#isDown) throw new Error('connect ECONNREFUSED');
  }

  live(key: string): string | null {
    const entry = this.entries.get(key);
    return entry && isLive(entry) ? entry.value : null;
  }

  recordsOf(identity: string): Map<string, PlainEntry> {
    const records = this.records.get(identity) ?? new Map<string, PlainEntry>();
    this.records.set(identity, records);
    return records;
  }
}

function isLive({ expiresAt }: PlainEntry): boolean {
  return expiresAt === null || expiresAt.getTime() > Date.now();
}
