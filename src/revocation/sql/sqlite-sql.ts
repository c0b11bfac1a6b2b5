import type { SqlWording } from './sql-statements.js';
import type { SqlTable } from './sql-table.js';

/** SQLite's way of saying it. */
export const sqliteWording: SqlWording = {
  parameter: () => '?',
  isAsked: 'key IN (SELECT value FROM json_each(?))',
  // A cast of what is no number is 0 here, and of one that is too high it is the highest.
  isLower: `held.value <> '' AND held.value NOT GLOB '*[^0-9]*'
      AND CAST(held.value AS INTEGER) < CAST(excluded.value AS INTEGER)`,
  purge: (table, primaryKey) => `DELETE FROM ${table} WHERE (${primaryKey}) IN (
      SELECT ${primaryKey} FROM ${table} WHERE expires_at <= ?
      ORDER BY expires_at LIMIT ?) RETURNING 1`,
};

export function sqliteDdl({ schema, name }: SqlTable): readonly string[] {
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
export function sqliteColumns({ schema, name }: SqlTable): readonly string[] {
  return [name, `${name}_sessions`].map((table) => `PRAGMA ${schema}table_info("${table}")`);
}

function expiryIndex(schema: string, name: string): string {
  return `CREATE INDEX IF NOT EXISTS ${schema}"${name}_expiry" ON "${name}" (expires_at)
      WHERE expires_at IS NOT NULL`;
}
