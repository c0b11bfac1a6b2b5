import { setImmediate as turn } from 'node:timers/promises';
import { readOptions, type Rows } from '../common/read-options.js';
import type { BlocklistStore, SessionRecords } from '../contracts/blocklist-store.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { PostgresDialect } from './postgres.dialect.js';
import {
  type SqlClient,
  type SqlDialect,
  type SqlTable,
  sqlTable,
  assertStorableText,
  storableMoment,
  storableNumber,
  textOf,
  valuesOf,
} from './sql-statements.js';
import { SqliteDialect } from './sqlite.dialect.js';

/**
 * How to speak to a client, which is known by what it can do.
 *
 * @throws JwtExtendedConfigError - when it is none
 */
export function dialectOf(client: SqlClient, table: SqlTable): SqlDialect {
  const given: unknown = client;
  if (typeof given === 'object' && given !== null) {
    if ('prepare' in client && typeof client.prepare === 'function') {
      return new SqliteDialect(client, table);
    }
    if ('query' in client && typeof client.query === 'function') {
      return new PostgresDialect(client, table);
    }
  }
  throw new JwtExtendedConfigError(
    'SqlBlocklistStore: give it a Pool or a Client of pg, a PGlite, or a Database of libsql or better-sqlite3',
  );
}

/** Clocks are set back now and then: what has expired stays for as long as the memory store keeps it, too. */
const MARGIN_MS = 5 * 60 * 1_000;

/** What may be said of a purge. */
export interface SqlPurgeOptions {
  /**
   * Deletes what expired five minutes before this, or earlier.
   *
   * @default now
   */
  readonly before?: Date;
  /**
   * How many rows are deleted at once, which is for how long others may have to wait.
   *
   * @default 1000
   */
  readonly batch?: number;
}

/** Deletes what has expired, batch by batch, and gives the number of rows. */
async function purgeExpired(
  dialect: SqlDialect,
  { before = new Date(), batch = 1_000 }: SqlPurgeOptions,
): Promise<number> {
  const moment = before.getTime() - MARGIN_MS;
  if (Number.isNaN(moment)) throw new TypeError('SqlBlocklistStore: before must be a valid date');
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new TypeError('SqlBlocklistStore: batch must be a whole number of 1 or more');
  }
  let total = 0;
  for (const statement of dialect.statements.purge) {
    let gone = 0;
    do {
      gone = (await dialect.rows(statement, [moment, batch])).length;
      total += gone;
      // SQLite works within this process, where others want to be heard meanwhile.
      await turn();
    } while (gone === batch);
  }
  return total;
}

/** The sessions of each identity, in a table of their own. */
class SqlSessionRecords implements SessionRecords {
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
    const record = [this.#name(identity), assertStorableText(sessionId), assertStorableText(value)];
    await this.dialect.rows(this.dialect.statements.put, [...record, storableMoment(expiresAt)]);
  }

  async list(identity: string): Promise<readonly string[]> {
    const rows = await this.dialect.rows(this.dialect.statements.list, [this.#name(identity)]);
    return rows.map((row) => textOf(row, 'value'));
  }

  async remove(identity: string, sessionId: string): Promise<void> {
    const record = [this.#name(identity), assertStorableText(sessionId)];
    await this.dialect.rows(this.dialect.statements.remove, record);
  }

  #name(identity: string): string {
    return assertStorableText(this.prefix + identity);
  }
}

/** How a {@link SqlBlocklistStore} is made. */
export interface SqlBlocklistStoreOptions {
  /**
   * The name of the table, or `schema.table`; sessions are kept in another, with `_sessions` after that name. ASCII
   * letters, digits and underscores, taken as they are written: `Revoked` and `revoked` are two tables in PostgreSQL.
   *
   * @default 'jwt_blocklist'
   */
  readonly table?: string;
  /**
   * Put before every key and identity, so that two modules can share a table. End it with a mark, as in `'admin:'`: what
   * begins with another's prefix belongs to that one, too.
   *
   * @default ''
   */
  readonly prefix?: string;
}

const ROWS = {
  table: [sqlTable, 'jwt_blocklist'],
  prefix: [checkPrefix, ''],
} satisfies Rows<SqlBlocklistStoreOptions>;

/**
 * Keeps revocations in a database that the application has opened: PostgreSQL over `pg` or as PGlite, or SQLite by
 * `libsql` or `better-sqlite3`. Several processes on one database act as one. The application goes on owning the
 * connection, and closes it; nobody else should leave a transaction open on it, since what is revoked within one is undone
 * with it.
 *
 * Of `pg` a `Pool` is what an application wants, with a listener for its `'error'` events; a lone `Client` takes one
 * statement after the other. Let it be the primary, as a replica learns of a revocation late.
 *
 * A revocation is as durable as the database makes a commit. PostgreSQL's defaults are good. To SQLite say
 * `PRAGMA journal_mode = WAL` and `PRAGMA synchronous = FULL`; and where several processes write to one file, open it with
 * a `timeout`, without which one that comes while another writes is refused.
 *
 * Call `migrate` before the application starts, or create the tables as `ddl` says, and `purge` now and then. Text with a
 * NUL character or half a surrogate pair is refused, since databases take it for other text.
 *
 * @throws JwtExtendedConfigError - for a client that it does not know, for an option that it has not, and for a table or
 * a prefix that is none
 *
 * @example
 * ```ts
 * const store = new SqlBlocklistStore(new Pool({ connectionString: process.env.DATABASE_URL }));
 * await store.migrate();
 * JwtExtendedModule.forRoot({ secret, blocklist: { store } });
 * ```
 */
export class SqlBlocklistStore implements BlocklistStore {
  /** What `migrate` does, a statement each, for those who have a migration tool of their own. */
  readonly ddl: readonly string[];
  readonly sessions: SessionRecords;
  readonly #dialect: SqlDialect;
  readonly #prefix: string;

  constructor(client: SqlClient, options: SqlBlocklistStoreOptions = {}) {
    const { table, prefix } = readOptions('SqlBlocklistStore', ROWS, options);
    this.#dialect = dialectOf(client, table);
    this.#prefix = prefix;
    this.ddl = this.#dialect.ddl;
    this.sessions = new SqlSessionRecords(this.#dialect, this.#prefix);
  }

  /**
   * Creates the tables and their indexes where they are absent. It may be called again, and by several processes at once.
   * A schema has to be there.
   */
  async migrate(): Promise<void> {
    await this.#dialect.migrate();
  }

  /** @throws JwtExtendedConfigError - when a table or a column is missing, or of another type */
  async check(): Promise<void> {
    await this.#dialect.check();
  }

  async add(key: string, value: string, expiresAt: Date | null): Promise<boolean> {
    const entry = [this.#key(key), assertStorableText(value), storableMoment(expiresAt)];
    return (await this.#dialect.rows(this.#dialect.statements.add, entry)).length > 0;
  }

  /** @throws Error - when the entry that is there is not a number; it stays as it is */
  async raise(key: string, value: number, expiresAt: Date | null): Promise<void> {
    const entry = [this.#key(key), storableNumber(value), storableMoment(expiresAt)];
    const written = await this.#dialect.rows(this.#dialect.statements.raise, entry);
    if (written.length > 0) return;
    const [held] = await this.get([key]);
    if (typeof held === 'string' && !/^[0-9]+$/.test(held)) {
      throw new Error('SqlBlocklistStore: an entry that is not a number cannot be raised');
    }
  }

  async get(keys: readonly string[]): Promise<readonly (string | null)[]> {
    if (keys.length === 0) return [];
    const stored = keys.map((key) => this.#key(key));
    const list = this.#dialect.keyList(stored);
    return valuesOf(stored, await this.#dialect.rows(this.#dialect.statements.get, [list]));
  }

  async delete(key: string): Promise<void> {
    await this.#dialect.rows(this.#dialect.statements.delete, [this.#key(key)]);
  }

  /**
   * Deletes entries and sessions that expired five minutes ago or earlier, whatever their prefix; the minutes are for
   * clocks that get set back. It goes by the index and in batches, so it may run while the application does, and in
   * several processes at once.
   *
   * @returns how many rows are gone
   * @throws TypeError - for a `batch` that is not a whole number of 1 or more, and for an invalid date
   *
   * @example
   * ```ts
   * const everyHour = setInterval(() => void store.purge().catch(console.error), 3_600_000);
   * everyHour.unref();
   * ```
   */
  async purge(options: SqlPurgeOptions = {}): Promise<number> {
    return purgeExpired(this.#dialect, options);
  }

  #key(key: string): string {
    return assertStorableText(this.#prefix + key);
  }
}

function checkPrefix(prefix: unknown): string {
  try {
    if (typeof prefix === 'string') return assertStorableText(prefix);
  } catch {
    // Said below.
  }
  throw new JwtExtendedConfigError(
    'SqlBlocklistStore: prefix must be text, without NUL and without half a surrogate pair',
  );
}
