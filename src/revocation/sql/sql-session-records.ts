import type { SessionRecords } from '../../contracts/blocklist-store.js';
import type { SqlDialect } from './sql-dialect.js';
import { textOf } from './sql-rows.js';
import { storable, storableMoment } from './sql-values.js';

/** The sessions of each identity, in a table of their own. */
export class SqlSessionRecords implements SessionRecords {
  constructor(
    private readonly dialect: SqlDialect,
    private readonly prefix: string,
  ) {}

  async put(
    identity: string,
    sessionId: string,
    value: string,
    expiresAt: Date | null,
  ): Promise<void> {
    const record = [this.#name(identity), storable(sessionId), storable(value)];
    await this.dialect.rows(this.dialect.statements.put, [...record, storableMoment(expiresAt)]);
  }

  async list(identity: string): Promise<readonly string[]> {
    const rows = await this.dialect.rows(this.dialect.statements.list, [this.#name(identity)]);
    return rows.map((row) => textOf(row, 'value'));
  }

  async remove(identity: string, sessionId: string): Promise<void> {
    const record = [this.#name(identity), storable(sessionId)];
    await this.dialect.rows(this.dialect.statements.remove, record);
  }

  #name(identity: string): string {
    return storable(this.prefix + identity);
  }
}
