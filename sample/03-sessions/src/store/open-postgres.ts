import { Logger } from '@nestjs/common';
import { SqlBlocklistStore } from 'nestjs-jwt-extended';
import pg from 'pg';
import type { OpenedStore } from './opened-store.js';

export async function openPostgres(url: string): Promise<OpenedStore> {
  const pool = new pg.Pool({
    connectionString: url,
    // In milliseconds. A connection that cannot be had, or that has died, is given up.
    connectionTimeoutMillis: 1_000,
    query_timeout: 5_000,
  });
  // Without a listener, an idle connection that breaks would end the process. The pool opens another one.
  pool.on('error', (error) => new Logger('PostgreSQL').warn(error.message));
  const store = new SqlBlocklistStore(pool);
  await store.migrate();
  return { store, purge: () => store.purge(), close: () => pool.end() };
}
