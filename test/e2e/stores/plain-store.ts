import { setImmediate as turn } from 'node:timers/promises';
import type { BlocklistStore, SessionRecords } from '../../../src/index.js';

export type Expiry = Date | null;

export interface PlainEntry {
  readonly value: string;
  readonly expiresAt: Expiry;
}

/** The simplest store that keeps every promise. */
export class PlainStore implements BlocklistStore {
  readonly entries = new Map<string, PlainEntry>();
  readonly records = new Map<string, Map<string, PlainEntry>>();
  #isDown = false;

  /** From here on, each call rejects. */
  takeDown(): void {
    this.#isDown = true;
  }

  async add(key: string, value: string, expiresAt: Expiry): Promise<boolean> {
    await this.#reach();
    if (this.live(key) !== null) return false;
    this.write(key, value, expiresAt);
    return true;
  }

  async replace(key: string, expected: string, value: string, expiresAt: Expiry): Promise<boolean> {
    await this.#reach();
    if (this.live(key) !== expected) return false;
    this.write(key, value, expiresAt);
    return true;
  }

  async get(keys: readonly string[]): Promise<readonly (string | null)[]> {
    await this.#reach();
    return keys.map((key) => this.live(key));
  }

  async delete(key: string): Promise<void> {
    await this.#reach();
    this.entries.delete(key);
  }

  readonly sessions = {
    put: async (identity, sessionId, value, expiresAt) => {
      await this.#reach();
      this.recordsOf(identity).set(sessionId, { value, expiresAt });
    },
    get: async (identity, sessionId) => {
      await this.#reach();
      const record = this.recordsOf(identity).get(sessionId);
      return record && isLive(record) ? record.value : null;
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
  } satisfies SessionRecords;

  async #reach(): Promise<void> {
    await turn();
    if (this.#isDown) throw new Error('connect ECONNREFUSED');
  }

  live(key: string): string | null {
    const entry = this.entries.get(key);
    return entry && isLive(entry) ? entry.value : null;
  }

  /** Writes an entry in place of any other, even if the backend is down. */
  write(key: string, value: string, expiresAt: Expiry): void {
    this.entries.set(key, { value, expiresAt });
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
