import { JwtExtendedConfigError } from '../../errors/config.error.js';
import { PostgresDialect } from './postgres-dialect.js';
import type { SqlClient } from './sql-client.js';
import type { SqlDialect } from './sql-dialect.js';
import type { SqlTable } from './sql-table.js';
import { SqliteDialect } from './sqlite-dialect.js';

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
