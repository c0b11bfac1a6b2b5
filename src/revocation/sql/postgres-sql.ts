import type { SqlWording } from './sql-statements.js';
import type { SqlTable } from './sql-table.js';

/** PostgreSQL's way of saying it. */
export const postgresWording: SqlWording = {
  parameter: (place) => `$${place}`,
  isAsked: 'key = ANY ($1)',
  // CASE, since the sides of AND are evaluated in any order, and a cast of what is no number is an error.
  isLower: `CASE WHEN held.value ~ '^[0-9]+$'
      THEN held.value::numeric < excluded.value::numeric ELSE false END`,
  // Several processes may purge at once, each of them what no other has in hand. The moment is compared again where the
  // rows go, since a ctid alone says too little in a table of partitions.
  purge: (table) => `DELETE FROM ${table} WHERE expires_at <= $1 AND ctid = ANY (ARRAY(
      SELECT ctid FROM ${table} WHERE expires_at <= $1
      ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1`,
};

/** Collated by bytes: by case, with every blank, and the same on every machine. */
const TEXT = 'text COLLATE "C" NOT NULL';

export function postgresDdl({ schema, name }: SqlTable): readonly string[] {
  const sessions = `${name}_sessions`;
  return [
    `CREATE TABLE IF NOT EXISTS ${schema}"${name}" (
      key ${TEXT} PRIMARY KEY, value text NOT NULL, expires_at bigint)`,
    expiryIndex(schema, name),
    `CREATE TABLE IF NOT EXISTS ${schema}"${sessions}" (
      identity ${TEXT}, session_id ${TEXT}, value text NOT NULL, expires_at bigint,
      PRIMARY KEY (identity, session_id))`,
    expiryIndex(schema, sessions),
  ];
}

/** One row that says of what type every column is; an error where one of them is not. */
export function postgresTypes({ schema, name }: SqlTable): string {
  const columns = [
    ...['key', 'value', 'expires_at'].map((column) => `entries.${column}`),
    ...['identity', 'session_id', 'value', 'expires_at'].map((column) => `sessions.${column}`),
  ];
  const types = columns.map((column) => `pg_typeof(${column})::text AS "${column}"`);
  return `SELECT ${types.join(', ')} FROM (SELECT) AS nothing
      LEFT JOIN ${schema}"${name}" AS entries ON false
      LEFT JOIN ${schema}"${name}_sessions" AS sessions ON false`;
}

function expiryIndex(schema: string, name: string): string {
  return `CREATE INDEX IF NOT EXISTS "${name}_expiry" ON ${schema}"${name}" (expires_at)
      WHERE expires_at IS NOT NULL`;
}
