import type { Awaitable } from '../contracts/awaitable.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';

/**
 * The part of a `Pool` or a `Client` of `pg`, of a `PGlite`, or of a `DataSource` of TypeORM that a store needs. Over any
 * other library, an object with a function `query`, whose parameters are `$1`, `$2` and so on, and whose answer is the rows.
 */
export interface PostgresClient {
  query(
    text: string,
    values: unknown[],
  ): Promise<{ readonly rows: readonly unknown[] } | readonly unknown[]>;
}

/** The part of the `Database` of `libsql` or `better-sqlite3` that a store needs. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
}

/** The part of a prepared statement of `libsql` or `better-sqlite3` that a store needs. */
export interface SqliteStatement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
}

/** A database that the application has opened, and will close. */
export type SqlClient = PostgresClient | SqliteDatabase;

/** How a store talks to one kind of database. */
export abstract class SqlDialect {
  readonly statements: SqlStatements;
  /** Create the tables and their indexes if they are absent, one statement each. */
  readonly ddl: readonly string[];

  constructor(
    protected readonly table: SqlTable,
    wording: SqlWording,
  ) {
    this.statements = sqlStatements(table, wording);
    this.ddl = sqlDdl(table, wording);
  }

  /** Several keys as the one parameter that `get` takes. */
  abstract keyList(keys: readonly string[]): unknown;
  /** Runs a statement and returns its rows, unchecked. */
  abstract rows(statement: string, values: readonly unknown[]): Awaitable<readonly unknown[]>;
  abstract migrate(): Promise<void>;
  /** @throws JwtExtendedConfigError - if the tables do not fit the statements */
  abstract check(): Promise<void>;
}

/** What a store runs. Each is a single statement, and takes its values as parameters. */
export interface SqlStatements {
  /** Takes key, value and expiry; returns a row if it added the entry. */
  readonly add: string;
  /** Takes the new value, its expiry, the key and the expected value; returns a row if it wrote the new value. */
  readonly replace: string;
  /** Takes the keys as one parameter; returns `key` and `value`, both selected, of the entries that exist. */
  readonly get: string;
  /** Takes a key. */
  readonly delete: string;
  /** Takes identity, session id, value and expiry. */
  readonly put: string;
  /** Takes identity and session id; returns `value`, selected. */
  readonly session: string;
  /** Takes an identity; returns each `value`, selected. */
  readonly list: string;
  /** Takes identity and session id. */
  readonly remove: string;
  /** Each takes a moment and a number of rows; returns a row for each row that expired by then and is deleted. */
  readonly purge: readonly string[];
}

/** What differs between the dialects. */
export interface SqlWording {
  /** The type of keys, identities and session ids, which are compared by bytes. */
  readonly keyType: string;
  readonly valueType: string;
  readonly momentType: string;
  /** What follows the columns of a table. */
  readonly tableOptions: string;
  /** Of the schema and the names of index and table, which one has the schema. */
  indexOn(schema: string, index: string, table: string): string;
  /** The first parameter is 1. They are used in order, and each of them once. */
  parameter(place: number): string;
  /** A condition: the key is in the list of keys that is the first parameter. */
  readonly isAsked: string;
  /** Deletes the rows of a table that expired first, by its primary key. */
  purge(table: string, primaryKey: string): string;
}

/** The statements for a table and its sessions. Both dialects count rows by returning them. */
function sqlStatements({ schema, name }: SqlTable, wording: SqlWording): SqlStatements {
  const entries = `${schema}"${name}"`;
  const sessions = `${schema}"${name}_sessions"`;
  const [first, second, third, fourth] = [1, 2, 3, 4].map((place) => wording.parameter(place));
  return {
    add: `INSERT INTO ${entries} (key, value, expires_at) VALUES (${first}, ${second}, ${third})
      ON CONFLICT (key) DO NOTHING RETURNING 1`,
    replace: `UPDATE ${entries} SET value = ${first}, expires_at = ${second}
      WHERE key = ${third} AND value = ${fourth} RETURNING 1`,
    get: `SELECT ${selected('key')}, ${selected('value')} FROM ${entries} WHERE ${wording.isAsked}`,
    delete: `DELETE FROM ${entries} WHERE key = ${first} RETURNING 1`,
    put: `INSERT INTO ${sessions} (identity, session_id, value, expires_at)
      VALUES (${first}, ${second}, ${third}, ${fourth})
      ON CONFLICT (identity, session_id)
      DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at RETURNING 1`,
    session: `SELECT ${selected('value')} FROM ${sessions}
      WHERE identity = ${first} AND session_id = ${second}`,
    list: `SELECT ${selected('value')} FROM ${sessions} WHERE identity = ${first}`,
    remove: `DELETE FROM ${sessions} WHERE identity = ${first} AND session_id = ${second} RETURNING 1`,
    purge: [wording.purge(entries, 'key'), wording.purge(sessions, 'identity, session_id')],
  };
}

/** Creates the tables, and the indexes that `purge` uses. */
function sqlDdl({ schema, name }: SqlTable, wording: SqlWording): readonly string[] {
  const { keyType, valueType, momentType, tableOptions } = wording;
  const sessions = `${name}_sessions`;
  const index = (table: string): string =>
    `CREATE INDEX IF NOT EXISTS ${wording.indexOn(schema, `"${table}_expiry"`, `"${table}"`)} (expires_at)
      WHERE expires_at IS NOT NULL`;
  return [
    `CREATE TABLE IF NOT EXISTS ${schema}"${name}" (
      key ${keyType} PRIMARY KEY, value ${valueType}, expires_at ${momentType})${tableOptions}`,
    index(name),
    `CREATE TABLE IF NOT EXISTS ${schema}"${sessions}" (
      identity ${keyType}, session_id ${keyType}, value ${valueType}, expires_at ${momentType},
      PRIMARY KEY (identity, session_id))${tableOptions}`,
    index(sessions),
  ];
}

/** Put before selected text, because PGlite cuts off a byte order mark that is the first character. */
const MARK = '=';

/** A column of text, selected such that {@link textOf} can read it. */
function selected(column: string): string {
  return `'${MARK}' || ${column} AS ${column}`;
}

export function textOf(row: unknown, column: string): string {
  const text: unknown = (row as Readonly<Record<string, unknown>> | null | undefined)?.[column];
  if (typeof text === 'string' && text.startsWith(MARK)) return text.slice(MARK.length);
  throw new Error(`SqlBlocklistStore: the database returned a row without text in ${column}`);
}

/**
 * The values of the keys, in the order of the keys.
 *
 * @throws Error - for a row that does not answer the question, because to skip it could mean "not revoked"
 */
export function valuesOf(
  keys: readonly string[],
  rows: readonly unknown[],
): readonly (string | null)[] {
  const values = new Map<string, string | null>(keys.map((key) => [key, null]));
  for (const row of rows) {
    const key = textOf(row, 'key');
    // A column that ignores case or trailing blanks may return a similar key.
    if (!values.has(key))
      throw new Error(
        'SqlBlocklistStore: the database returned a row for a key that was not asked',
      );
    values.set(key, textOf(row, 'value'));
  }
  return keys.map((key) => values.get(key) ?? null);
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.]{0,62}$/;
/** PostgreSQL truncates names to 63 characters, and the longest name that is derived from this one ends as here. */
const LONGEST = 63 - '_sessions_expiry'.length;

/** Where a table is. Both names are safe within SQL. */
export interface SqlTable {
  /** The quoted schema with its dot, or nothing. */
  readonly schema: string;
  /** Not quoted, because other names are derived from it. */
  readonly name: string;
}

/**
 * Reads `'jwt_blocklist'` or `'auth.jwt_blocklist'`.
 *
 * @throws JwtExtendedConfigError - if it cannot be the name of a table
 */
export function sqlTable(table: unknown): SqlTable {
  const parts = typeof table === 'string' && NAME.test(table) ? table.split('.') : [];
  const name = parts.at(-1);
  if (name === undefined || parts.length > 2 || parts.includes(''))
    throw new JwtExtendedConfigError(
      'SqlBlocklistStore: table must be a name such as "jwt_blocklist" or "auth.jwt_blocklist", of ASCII letters, digits and underscores, at most 63 characters',
    );
  if (name.length > LONGEST)
    throw new JwtExtendedConfigError(
      `SqlBlocklistStore: table must be at most ${LONGEST} characters after the schema, so that the names of its indexes fit`,
    );
  return { schema: parts.length === 2 ? `"${parts[0]}".` : '', name };
}

/** The error for tables that do not fit the statements. */
export function unfitTables(
  { schema, name }: SqlTable,
  finding: string,
  cause?: unknown,
): JwtExtendedConfigError {
  const table = schema.replaceAll('"', '') + name;
  return new JwtExtendedConfigError(
    `SqlBlocklistStore: the tables ${table} and ${table}_sessions are not as they must be: ${finding}. ` +
      'Call `await store.migrate()` once before the application starts, or create them as `store.ddl` says; ' +
      'move a table of another shape out of the way first',
    { cause },
  );
}

/** Reads an error without testing its class, because native code may throw one of another realm. */
export function databaseError(error: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = (error ?? {}) as Readonly<Record<string, unknown>>;
  return {
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' ? message : '',
  };
}
