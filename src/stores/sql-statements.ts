import { requireWholeNumber } from '../common/checks.js';
import type { Awaitable } from '../contracts/awaitable.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';

/** What a database says of a failure. */
interface DatabaseError {
  readonly code: string;
  readonly message: string;
}

/** Reads an error without asking for its class: one that native code throws may be of another realm. */
export function databaseError(error: unknown): DatabaseError {
  const { code, message } = (error ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  return {
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' ? message : '',
  };
}

/** As much of a `Pool` or a `Client` of `pg`, or of a `PGlite`, as a store needs. */
export interface PostgresClient {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** As much of the `Database` of `libsql` or `better-sqlite3` as a store needs. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
}

/** As much of a prepared statement of `libsql` or `better-sqlite3` as a store needs. */
export interface SqliteStatement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown[];
}

/** A database that the application has opened, and will close. */
export type SqlClient = PostgresClient | SqliteDatabase;

/** What a store says to a database. Each is one statement, and all of them take their values as parameters. */
export interface SqlStatements {
  /** Key, value and expiry; gives a row if it added the entry. */
  readonly add: string;
  /** Key, digits and expiry; gives a row if it wrote them. */
  readonly raise: string;
  /** The keys, as one parameter; gives `key` and `value`, both selected, of those that are there. */
  readonly get: string;
  /** A key. */
  readonly delete: string;
  /** Identity, session id, value and expiry. */
  readonly put: string;
  /** An identity; gives each `value`, selected. */
  readonly list: string;
  /** Identity and session id. */
  readonly remove: string;
  /** A moment and how many at most; gives a row for each that expired by then and is gone. */
  readonly purge: readonly string[];
}

/** How one kind of database is spoken to. */
export interface SqlDialect {
  readonly statements: SqlStatements;
  /** Creates the tables and their indexes where they are absent, one statement each. */
  readonly ddl: readonly string[];
  /** Several keys as the one parameter that `get` takes. */
  keyList(keys: readonly string[]): unknown;
  /** Runs a statement and gives its rows, whatever they are. */
  rows(statement: string, values: readonly unknown[]): Awaitable<readonly unknown[]>;
  migrate(): Promise<void>;
  /** @throws JwtExtendedConfigError - when the tables are not such that the statements run */
  check(): Promise<void>;
}

/** PGlite cuts a byte order mark off the beginning of a text: so none may be the first character of what is read. */
const MARK = '=';

/** A column of text, selected such that {@link textOf} can read it. */
function selected(column: string): string {
  return `'${MARK}' || ${column} AS ${column}`;
}

/** The text of a selected column. */
export function textOf(row: unknown, column: string): string {
  const text: unknown = (row as Readonly<Record<string, unknown>> | null | undefined)?.[column];
  if (typeof text === 'string' && text.startsWith(MARK)) return text.slice(MARK.length);
  throw new Error(`SqlBlocklistStore: the database gave a row without text for its ${column}`);
}

/**
 * The values of some keys, in the order of the keys, from the rows that a database gave.
 *
 * @throws Error - on a row that is no answer to the question: to take it for nothing would be to say "not revoked"
 */
export function valuesOf(
  keys: readonly string[],
  rows: readonly unknown[],
): readonly (string | null)[] {
  const values = new Map<string, string | null>(keys.map((key) => [key, null]));
  for (const row of rows) {
    const key = textOf(row, 'key');
    // To a column that does not tell cases or blanks apart, it is the key that was asked for.
    if (!values.has(key)) {
      throw new Error('SqlBlocklistStore: the database gave a row for a key that nobody asked for');
    }
    values.set(key, textOf(row, 'value'));
  }
  return keys.map((key) => values.get(key) ?? null);
}

const NAME = /^[A-Za-z_][A-Za-z0-9_.]{0,62}$/;
/** PostgreSQL cuts names off after 63 characters, and the longest that is made of this one ends in `_sessions_expiry`. */
const LONGEST = 63 - '_sessions_expiry'.length;

/** Where a table is, in words that are safe within SQL. */
export interface SqlTable {
  /** The quoted schema with its dot, or nothing. */
  readonly schema: string;
  /** Not quoted, since other names are made of it. */
  readonly name: string;
}

/**
 * Reads `'jwt_blocklist'` or `'auth.jwt_blocklist'`.
 *
 * @throws JwtExtendedConfigError - when it is no name of a table
 */
export function sqlTable(table: unknown): SqlTable {
  const parts = typeof table === 'string' && NAME.test(table) ? table.split('.') : [];
  const name = parts.at(-1);
  if (name === undefined || parts.length > 2 || parts.includes('')) {
    throw new JwtExtendedConfigError(
      'SqlBlocklistStore: table must be a name such as "jwt_blocklist" or "auth.jwt_blocklist", of ASCII letters, digits and underscores, at most 63 characters',
    );
  }
  if (name.length > LONGEST) {
    throw new JwtExtendedConfigError(
      `SqlBlocklistStore: table must be at most ${LONGEST} characters after the schema, so that the names of its indexes fit`,
    );
  }
  return { schema: parts.length === 2 ? `"${parts[0]}".` : '', name };
}

/** Where the dialects differ. */
export interface SqlWording {
  /** The first parameter is 1; they are used in order, and each of them once. */
  parameter(place: number): string;
  /** A condition: the key is in the list of keys that is the first parameter. */
  readonly isAsked: string;
  /** A condition: `held.value` is decimal digits, and a lower number than `excluded.value`. */
  readonly isLower: string;
  /** Deletes the first few expired rows of a table with this primary key. */
  purge(table: string, primaryKey: string): string;
}

/** The statements about a table and its sessions. What has to be counted is returned, which both dialects do alike. */
export function sqlStatements({ schema, name }: SqlTable, wording: SqlWording): SqlStatements {
  const entries = `${schema}"${name}"`;
  const sessions = `${schema}"${name}_sessions"`;
  const [first, second, third, fourth] = [1, 2, 3, 4].map((place) => wording.parameter(place));
  return {
    add: `INSERT INTO ${entries} (key, value, expires_at) VALUES (${first}, ${second}, ${third})
      ON CONFLICT (key) DO NOTHING RETURNING 1`,
    raise: `INSERT INTO ${entries} AS held (key, value, expires_at)
      VALUES (${first}, ${second}, ${third})
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
      WHERE ${wording.isLower} RETURNING 1`,
    get: `SELECT ${selected('key')}, ${selected('value')} FROM ${entries} WHERE ${wording.isAsked}`,
    delete: `DELETE FROM ${entries} WHERE key = ${first} RETURNING 1`,
    put: `INSERT INTO ${sessions} (identity, session_id, value, expires_at)
      VALUES (${first}, ${second}, ${third}, ${fourth})
      ON CONFLICT (identity, session_id)
      DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at RETURNING 1`,
    list: `SELECT ${selected('value')} FROM ${sessions} WHERE identity = ${first}`,
    remove: `DELETE FROM ${sessions} WHERE identity = ${first} AND session_id = ${second} RETURNING 1`,
    purge: [wording.purge(entries, 'key'), wording.purge(sessions, 'identity, session_id')],
  };
}

/** NUL, and half a surrogate pair where the other half is not. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/**
 * Text as databases can keep it. What they make of the rest, they do not say: NUL ends a text early in one, and each half
 * of a surrogate pair becomes the same U+FFFD on its way to UTF-8.
 */
export function assertStorableText(text: string): string {
  if (UNSTORABLE.test(text)) {
    throw new TypeError(
      'SqlBlocklistStore: text with a NUL character or half a surrogate pair cannot be kept in a database; hash it',
    );
  }
  return text;
}

/** Milliseconds since the epoch, in UTC. */
export function storableMoment(moment: Date | null): number | null {
  if (moment === null) return null;
  const milliseconds = moment.getTime();
  if (Number.isNaN(milliseconds)) throw new TypeError('SqlBlocklistStore: an invalid date');
  return milliseconds;
}

/** The decimal digits of a whole number. */
export function storableNumber(value: number): string {
  requireWholeNumber(value, 'SqlBlocklistStore: a number to raise to must be whole, and 0 or more');
  return String(value);
}

/** What the application is told when the tables are not as the statements need them. */
export function unfitTables(
  { schema, name }: SqlTable,
  finding: string,
  cause?: unknown,
): JwtExtendedConfigError {
  const table = schema.replaceAll('"', '') + name;
  return new JwtExtendedConfigError(
    `SqlBlocklistStore: the tables ${table} and ${table}_sessions are not as they must be: ${finding}. ` +
      'Call `await store.migrate()` once before the application starts, or create them as `store.ddl` says; ' +
      'a table of another shape has to be moved out of the way first',
    { cause },
  );
}
