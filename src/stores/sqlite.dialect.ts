import { setTimeout as pause } from 'node:timers/promises';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  databaseError,
  type SqlDialect,
  type SqliteDatabase,
  type SqliteStatement,
  type SqlStatements,
  sqlStatements,
  type SqlTable,
  type SqlWording,
  unfitTables,
} from './sql-statements.js';

/** SQLite's way of saying it. */
const sqliteWording: SqlWording = {
  parameter: () => '?',
  isAsked: 'key IN (SELECT value FROM json_each(?))',
  // A cast of what is no number is 0 here, and of one that is too high it is the highest.
  isLower: `held.value <> '' AND held.value NOT GLOB '*[^0-9]*'
      AND CAST(held.value AS INTEGER) < CAST(excluded.value AS INTEGER)`,
  purge: (table, primaryKey) => `DELETE FROM ${table} WHERE (${primaryKey}) IN (
      SELECT ${primaryKey} FROM ${table} WHERE expires_at <= ?
      ORDER BY expires_at LIMIT ?) RETURNING 1`,
};

function sqliteDdl({ schema, name }: SqlTable): readonly string[] {
  const sessions = `${name}_sessions`;
  return [
    `CREATE TABLE IF NOT EXISTS ${schema}"${name}" (
      key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, expires_at INTEGER) STRICT, WITHOUT ROWID`,
    expiryIndex(schema, name),
    `CREATE TABLE IF NOT EXISTS ${schema}"${sessions}" (
      identity TEXT NOT NULL, session_id TEXT NOT NULL, value TEXT NOT NULL, expires_at INTEGER,
      PRIMARY KEY (identity, session_id)) STRICT, WITHOUT ROWID`,
    expiryIndex(schema, sessions),
  ];
}

/** Rows with `name` and `type` of the columns of both tables. */
function sqliteColumns({ schema, name }: SqlTable): readonly string[] {
  return [name, `${name}_sessions`].map((table) => `PRAGMA ${schema}table_info("${table}")`);
}

function expiryIndex(schema: string, name: string): string {
  return `CREATE INDEX IF NOT EXISTS ${schema}"${name}_expiry" ON "${name}" (expires_at)
      WHERE expires_at IS NOT NULL`;
}

/** SQLite says what is wrong with a statement in words only. */
const UNFIT = /^no such (table|column)|has no column named|^ON CONFLICT clause does not match/;
const LOCKED = /\bis locked\b/;
/** How long a migration waits for another process that writes, and how often it looks. */
const WAITS_FOR_MS = 10_000;
const LOOKS_EVERY_MS = 20;

/** SQLite within this process, which answers at once. */
export class SqliteDialect implements SqlDialect {
  readonly statements: SqlStatements;
  readonly ddl: readonly string[];
  readonly #writing: ReadonlySet<string>;
  /** Prepared when they are first needed: before `migrate` there may be no table to prepare them for. */
  readonly #kept = new Map<string, SqliteStatement>();

  constructor(
    private readonly database: SqliteDatabase,
    private readonly table: SqlTable,
  ) {
    this.statements = sqlStatements(table, sqliteWording);
    const { get: _get, list: _list, purge, ...others } = this.statements;
    this.#writing = new Set([...Object.values(others), ...purge]);
    this.ddl = sqliteDdl(table);
  }

  keyList(keys: readonly string[]): unknown {
    return JSON.stringify(keys);
  }

  rows(statement: string, values: readonly unknown[]): readonly unknown[] {
    return this.#writing.has(statement)
      ? this.#alone(() => this.#run(statement, values))
      : this.#run(statement, values);
  }

  /** A database whose application has set no timeout says at once that it is locked; so ask again for a while. */
  async migrate(): Promise<void> {
    const deadline = performance.now() + WAITS_FOR_MS;
    for (const statement of this.ddl) {
      while (!this.#isRun(statement, performance.now() < deadline)) await pause(LOOKS_EVERY_MS);
    }
  }

  async check(): Promise<void> {
    const { purge, ...others } = this.statements;
    try {
      // Anew: what was prepared before the tables changed finds that out only when it runs.
      for (const statement of [...Object.values(others), ...purge]) this.#compiled(statement);
    } catch (error) {
      const { message } = databaseError(error);
      throw UNFIT.test(message) ? unfitTables(this.table, message, error) : error;
    }
    for (const column of sqliteColumns(this.table).flatMap((pragma) => this.rows(pragma, []))) {
      const { name, type } = column as { readonly name: string; readonly type: string };
      if (!isFit(name, type)) {
        throw unfitTables(this.table, `the column ${name} is of the type ${type}`);
      }
    }
  }

  /**
   * The lock is taken before the statement runs: libsql leaves a prepared statement that met a lock unfinished, and
   * then commits nothing that others of the connection write.
   */
  #alone<T>(write: () => T): T {
    this.#exec('BEGIN IMMEDIATE');
    try {
      const written = write();
      this.#exec('COMMIT');
      return written;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** When the disk is full, and for some more reasons, SQLite has rolled back by itself, and says so to whoever asks again. */
  #rollBack(): void {
    try {
      this.#exec('ROLLBACK');
    } catch {
      // What the database said first is what went wrong.
    }
  }

  #run(statement: string, values: readonly unknown[]): readonly unknown[] {
    const rows: unknown = this.#prepared(statement).all(...values);
    if (Array.isArray(rows)) return rows;
    throw foreignApi();
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
    if (isThenable(answer)) throw foreignApi(answer);
  }

  #prepared(statement: string): SqliteStatement {
    let prepared = this.#kept.get(statement);
    if (!prepared) {
      prepared = this.#compiled(statement);
      this.#kept.set(statement, prepared);
    }
    return prepared;
  }

  #compiled(statement: string): SqliteStatement {
    const compiled = this.database.prepare(statement);
    if (typeof compiled.all === 'function' && typeof compiled.run === 'function') return compiled;
    throw foreignApi(compiled);
  }
}

/** The asynchronous libraries give a promise, of whose failure nobody would hear otherwise. */
function foreignApi(answer?: unknown): JwtExtendedConfigError {
  Promise.resolve(answer).catch(() => undefined);
  return new JwtExtendedConfigError(
    'SqlBlocklistStore: the database does not answer at once with rows; give it a Database of libsql or better-sqlite3',
  );
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** SQLite's own rule for what a declared type means. A number in the place of a key would make 1 and 01 the same. */
function isFit(column: string, type: string): boolean {
  const isInteger = /INT/i.test(type);
  if (column === 'expires_at') return isInteger;
  const isOurs = ['key', 'value', 'identity', 'session_id'].includes(column);
  return !isOurs || (!isInteger && /CHAR|CLOB|TEXT/i.test(type));
}
