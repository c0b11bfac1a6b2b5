import { setImmediate as endOfTurn } from 'node:timers/promises';
import { readOptions, type Rows } from '../common/read-options.js';
import type { BlocklistStore, SessionRecords } from '../contracts/blocklist-store.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { PostgresDialect } from './postgres.dialect.js';
import {
  type PostgresClient,
  type SqlClient,
  type SqlDialect,
  type SqlTable,
  sqlTable,
  textOf,
  valuesOf,
} from './sql-statements.js';
import { SqliteDialect } from './sqlite.dialect.js';
import { expiryOf, MARGIN_MS } from './store-rules.js';

const STORE = 'SqlBlocklistStore';

/** How a {@link SqlBlocklistStore} is made. */
export interface SqlBlocklistStoreOptions {
  /**
   * The name of the table, or `schema.table`. Sessions are kept in a second table, whose name ends in `_sessions`. A
   * name consists of ASCII letters, digits and underscores and is quoted: `Revoked` and `revoked` are two tables in
   * PostgreSQL. @default 'jwt_blocklist'
   */
  readonly table?: string;
  /**
   * The beginning of every key and identity, so that two modules can share a table. End it with a separator, as in
   * `'admin:'`: with the prefixes `a` and `ab`, the first module could meet keys of the second.
   *
   * @default ''
   */
  readonly prefix?: string;
}

const ROWS = {
  table: [sqlTable, 'jwt_blocklist'],
  prefix: [checkPrefix, ''],
} satisfies Rows<SqlBlocklistStoreOptions>;

/** What {@link SqlBlocklistStore.purge} deletes, and how much at once. */
export interface SqlPurgeOptions {
  /** Rows that expired five minutes before this date, or earlier, are deleted. @default now */
  readonly before?: Date;
  /** The number of rows that one statement deletes. Other statements may have to wait for so long. @default 1000 */
  readonly batch?: number;
}

/**
 * Keeps revocations in a database that the application has opened: PostgreSQL over `pg`, as PGlite or over a `DataSource`
 * of TypeORM, or SQLite over `libsql` or `better-sqlite3`. Several processes on one database act as one. The application
 * still owns the connection, and closes it. Leave no transaction open on it: a revocation that is written within a
 * transaction is lost if the transaction is rolled back.
 *
 * With `pg`, use a `Pool` with a listener for its `'error'` events; a single `Client` runs one statement after the other.
 * Connect to the primary, because a replica receives revocations late.
 *
 * A revocation is as durable as a commit of the database. PostgreSQL's defaults are good. For SQLite, run
 * `PRAGMA journal_mode = WAL` and `PRAGMA synchronous = FULL`. If several processes write to one file, open it with a
 * `timeout`: without one, SQLite rejects a write while another process writes.
 *
 * Call `migrate` before the application starts, or create the tables with the statements of `ddl`. Call `purge` from time
 * to time. The store rejects text with a NUL character or an unpaired surrogate, because databases change such text.
 *
 * @throws JwtExtendedConfigError - for an unknown client or option, and for an invalid table or prefix
 *
 * @example
 * ```ts
 * const store = new SqlBlocklistStore(new Pool({ connectionString: process.env.DATABASE_URL }));
 * await store.migrate();
 * JwtExtendedModule.forRoot({ secret, blocklist: { store } });
 * ```
 */
export class SqlBlocklistStore implements BlocklistStore {
  /** The statements that `migrate` runs, for a migration tool of your own. */
  readonly ddl: readonly string[];
  readonly #dialect: SqlDialect;
  readonly #prefix: string;

  constructor(client: SqlClient, options: SqlBlocklistStoreOptions = {}) {
    const { table, prefix } = readOptions(STORE, ROWS, options);
    this.#dialect = dialectOf(client, table);
    this.#prefix = prefix;
    this.ddl = this.#dialect.ddl;
  }

  /**
   * Creates the tables and their indexes if they are absent. It may run again, and in several processes at once. The
   * schema must exist.
   */
  migrate(): Promise<void> {
    return this.#dialect.migrate();
  }

  /** @throws JwtExtendedConfigError - if a table or a column is missing, or of another type */
  check(): Promise<void> {
    return this.#dialect.check();
  }

  async add(key: string, value: string, expiresAt: Date | null): Promise<boolean> {
    const entry = [this.#name(key), assertStorableText(value), expiryOf(expiresAt, STORE)];
    return (await this.#dialect.rows(this.#dialect.statements.add, entry)).length > 0;
  }

  async replace(
    key: string,
    expected: string,
    value: string,
    expiresAt: Date | null,
  ): Promise<boolean> {
    const written = [assertStorableText(value), expiryOf(expiresAt, STORE)];
    const held = [this.#name(key), assertStorableText(expected)];
    const rows = await this.#dialect.rows(this.#dialect.statements.replace, [...written, ...held]);
    return rows.length > 0;
  }

  async get(keys: readonly string[]): Promise<readonly (string | null)[]> {
    if (keys.length === 0) return [];
    const names = keys.map((key) => this.#name(key));
    const list = this.#dialect.keyList(names);
    return valuesOf(names, await this.#dialect.rows(this.#dialect.statements.get, [list]));
  }

  async delete(key: string): Promise<void> {
    await this.#dialect.rows(this.#dialect.statements.delete, [this.#name(key)]);
  }

  /** The sessions of each identity. */
  readonly sessions: SessionRecords = {
    put: async (identity, sessionId, value, expiresAt) => {
      const names = [this.#name(identity), assertStorableText(sessionId)];
      const record = [...names, assertStorableText(value), expiryOf(expiresAt, STORE)];
      await this.#dialect.rows(this.#dialect.statements.put, record);
    },
    get: async (identity, sessionId) => {
      const names = [this.#name(identity), assertStorableText(sessionId)];
      const [row] = await this.#dialect.rows(this.#dialect.statements.session, names);
      return row === undefined ? null : textOf(row, 'value');
    },
    list: async (identity) => {
      const name = this.#name(identity);
      const rows = await this.#dialect.rows(this.#dialect.statements.list, [name]);
      return rows.map((row) => textOf(row, 'value'));
    },
    remove: async (identity, sessionId) => {
      const names = [this.#name(identity), assertStorableText(sessionId)];
      await this.#dialect.rows(this.#dialect.statements.remove, names);
    },
  };

  /**
   * Deletes entries and sessions that expired at least five minutes ago, with any prefix. The five minutes allow for
   * clocks that get set back. It uses the index and deletes in batches, so it may run while the application does, and in
   * several processes at once.
   *
   * @returns the number of rows that were deleted
   * @throws TypeError - for a `batch` that is not a whole number of 1 or more, and for an invalid date
   *
   * @example
   * ```ts
   * const everyHour = setInterval(() => void store.purge().catch(console.error), 3_600_000);
   * everyHour.unref();
   * ```
   */
  async purge(options: SqlPurgeOptions = {}): Promise<number> {
    const { before = new Date(), batch = 1_000 } = options;
    const moment = before.getTime() - MARGIN_MS;
    if (Number.isNaN(moment)) throw new TypeError(`${STORE}: before must be a valid date`);
    if (!Number.isSafeInteger(batch) || batch < 1)
      throw new TypeError(`${STORE}: batch must be a whole number of 1 or more`);
    let total = 0;
    for (const statement of this.#dialect.statements.purge) {
      let deleted = 0;
      do {
        deleted = (await this.#dialect.rows(statement, [moment, batch])).length;
        total += deleted;
        // SQLite blocks the event loop while it deletes, so other work runs between two batches.
        await endOfTurn();
      } while (deleted === batch);
    }
    return total;
  }

  #name(text: string): string {
    return assertStorableText(this.#prefix + text);
  }
}

/** @throws JwtExtendedConfigError - for an unknown client; a client is recognized by its methods */
export function dialectOf(client: SqlClient, table: SqlTable): SqlDialect {
  const given: unknown = client;
  if (typeof given === 'object' && given !== null) {
    if ('prepare' in client && typeof client.prepare === 'function')
      return new SqliteDialect(client, table);
    if ('query' in client && typeof client.query === 'function') {
      assertPostgres(client);
      return new PostgresDialect(client, table);
    }
  }
  throw new JwtExtendedConfigError(
    `${STORE}: give it a Pool or a Client of pg, a PGlite, a DataSource of TypeORM, or a Database of libsql or better-sqlite3`,
  );
}

/** A DataSource of TypeORM has the same methods for every kind of database. */
function assertPostgres(client: PostgresClient): void {
  const { options } = client as { readonly options?: { readonly type?: unknown } };
  const type = options?.type;
  if (typeof type !== 'string' || type === 'postgres') return;
  throw new JwtExtendedConfigError(
    `${STORE}: the DataSource is for ${type}, and must be for postgres; for SQLite, open a Database of libsql or better-sqlite3 on the same file`,
  );
}

/** NUL ends a text in some databases. An unpaired surrogate becomes U+FFFD in UTF-8, so two keys would become one. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

function checkPrefix(prefix: unknown): string {
  if (typeof prefix === 'string' && !UNSTORABLE.test(prefix)) return prefix;
  throw new JwtExtendedConfigError(
    `${STORE}: prefix must be text without a NUL character and without an unpaired surrogate`,
  );
}

function assertStorableText(text: string): string {
  if (!UNSTORABLE.test(text)) return text;
  throw new TypeError(
    `${STORE}: a database cannot keep text with a NUL character or an unpaired surrogate; hash it first`,
  );
}
