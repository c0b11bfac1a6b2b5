import { setImmediate as turn } from 'node:timers/promises';
import type { BlocklistStore, SessionRecords } from '../../../src/contracts/blocklist-store.js';

export interface PlainEntry {
  readonly value: string;
  readonly expiresAt: Date | null;
}

/** A store that keeps its promises in the plainest way, for broken ones to differ from in one respect each. */
export class PlainStore implements BlocklistStore {
  readonly entries = new Map<string, PlainEntry>();
  readonly records = new Map<string, Map<string, PlainEntry>>();
  #isDown = false;

  /** From here on, whatever asks its backend rejects. */
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
