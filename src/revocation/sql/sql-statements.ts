import type { SqlStatements } from './sql-dialect.js';
import { selected } from './sql-rows.js';
import type { SqlTable } from './sql-table.js';

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
