import { setTimeout as pause } from 'node:timers/promises';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  databaseError,
  SqlDialect,
  type SqliteDatabase,
  type SqliteStatement,
  type SqlTable,
  type SqlWording,
  unfitTables,
} from './sql-statements.js';

const WORDING: SqlWording = {
  keyType: 'TEXT NOT NULL',
  valueType: 'TEXT NOT NULL',
  momentType: 'INTEGER',
  tableOptions: ' STRICT, WITHOUT ROWID',
  indexOn: (schema, index, table) => `${schema}${index} ON ${table}`,
  parameter: () => '?',
  isAsked: 'key IN (SELECT value FROM json_each(?))',
  purge: (table, primaryKey) => `DELETE FROM ${table} WHERE (${primaryKey}) IN (
      SELECT ${primaryKey} FROM ${table} WHERE expires_at <= ?
      ORDER BY expires_at LIMIT ?) RETURNING 1`,
};

/** SQLite describes what is wrong with a statement in its message only. */
const UNFIT = /^no such (table|column)|has no column named|^ON CONFLICT clause does not match/;
const LOCKED = /\bis locked\b/;
/** How long a migration waits for another process that writes, and how often it tries. */
const MIGRATION_TIMEOUT_MS = 10_000;
const RETRY_INTERVAL_MS = 20;

/** SQLite within this process, which answers synchronously. */
export class SqliteDialect extends SqlDialect {
  readonly #writing: ReadonlySet<string>;
  /** Prepared at first use, because the tables may not exist before `migrate`. */
  readonly #prepared = new Map<string, SqliteStatement>();

  constructor(
    private readonly database: SqliteDatabase,
    table: SqlTable,
  ) {
    super(table, WORDING);
    const { get: _get, session: _session, list: _list, purge, ...others } = this.statements;
    this.#writing = new Set([...Object.values(others), ...purge]);
  }

  keyList(keys: readonly string[]): unknown {
    return JSON.stringify(keys);
  }

  /**
   * Takes the lock before a writing statement runs. Otherwise libsql leaves a prepared statement that met a lock
   * unfinished, and does not commit later writes of the same connection.
   */
  rows(statement: string, values: readonly unknown[]): readonly unknown[] {
    if (!this.#writing.has(statement)) return this.#run(statement, values);
    this.#exec('BEGIN IMMEDIATE');
    try {
      const written = this.#run(statement, values);
      this.#exec('COMMIT');
      return written;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** Tries again for a while, because a database without a timeout reports at once that it is locked. */
  async migrate(): Promise<void> {
    const deadline = performance.now() + MIGRATION_TIMEOUT_MS;
    for (const statement of this.ddl) {
      while (!this.#isRun(statement, performance.now() < deadline)) await pause(RETRY_INTERVAL_MS);
    }
  }

  async check(): Promise<void> {
    const { purge, ...others } = this.statements;
    try {
      // Compiled again, because a statement that was prepared before the tables changed fails only when it runs.
      for (const statement of [...Object.values(others), ...purge]) this.#compile(statement);
    } catch (error) {
      const { message } = databaseError(error);
      throw UNFIT.test(message) ? unfitTables(this.table, message, error) : error;
    }
    const { schema, name: table } = this.table;
    const columns = [table, `${table}_sessions`].flatMap((each) =>
      this.rows(`PRAGMA ${schema}table_info("${each}")`, []),
    );
    for (const column of columns) {
      const { name, type } = column as { readonly name: string; readonly type: string };
      if (!isFit(name, type))
        throw unfitTables(this.table, `the column ${name} is of the type ${type}`);
    }
  }

  /** After some errors, such as a full disk, SQLite has rolled back already, and ROLLBACK fails. */
  #rollBack(): void {
    try {
      this.#exec('ROLLBACK');
    } catch {
      // The first error is the one to report.
    }
  }

  #run(statement: string, values: readonly unknown[]): readonly unknown[] {
    let prepared = this.#prepared.get(statement);
    if (!prepared) {
      prepared = this.#compile(statement);
      this.#prepared.set(statement, prepared);
    }
    const rows: unknown = prepared.all(...values);
    if (Array.isArray(rows)) return rows;
    throw unknownApi();
  }

  #compile(statement: string): SqliteStatement {
    const compiled = this.database.prepare(statement);
    if (typeof compiled.all === 'function' && typeof compiled.run === 'function') return compiled;
    throw unknownApi(compiled);
  }

  #isRun(statement: string, mayWait: boolean): boolean {
    try {
      this.#exec(statement);
      return true;
    } catch (error) {
      if (mayWait && LOCKED.test(databaseError(error).message)) return false;
      throw error;
    }
  }

  #exec(statement: string): void {
    const answer = this.database.exec(statement);
    const isPromise = typeof answer === 'object' && answer !== null && 'then' in answer;
    if (isPromise) throw unknownApi(answer);
  }
}

/** For libraries that answer with a promise. Its rejection is handled here, because no caller gets the promise. */
function unknownApi(answer?: unknown): JwtExtendedConfigError {
  Promise.resolve(answer).catch(() => undefined);
  return new JwtExtendedConfigError(
    'SqlBlocklistStore: the database does not answer at once with rows; give it a Database of libsql or better-sqlite3',
  );
}

/** SQLite's rule for what a declared type means. A column of numbers would take the keys 1 and 01 for the same. */
function isFit(column: string, type: string): boolean {
  const isInteger = /INT/i.test(type);
  if (column === 'expires_at') return isInteger;
  const isOurs = ['key', 'value', 'identity', 'session_id'].includes(column);
  return !isOurs || (!isInteger && /CHAR|CLOB|TEXT/i.test(type));
}
