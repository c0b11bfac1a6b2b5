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
