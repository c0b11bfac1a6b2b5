import { Logger } from '@nestjs/common';
import { SqlBlocklistStore } from 'nestjs-jwt-extended';
import pg from 'pg';
import type { OpenedStore } from './opened-store.js';

export async function openPostgres(url: string): Promise<OpenedStore> {
  const pool = new pg.Pool({
    connectionString: url,
    // In milliseconds: when to give up on a connection that cannot be opened, and on one that does not answer.
    connectionTimeoutMillis: 1_000,
    query_timeout: 5_000,
  });
  // Without a listener, an idle connection that breaks would end the process. The pool opens a new one.
  pool.on('error', (error) => new Logger('PostgreSQL').warn(error.message));
  const store = new SqlBlocklistStore(pool);
  await store.migrate();
  return { store, purge: () => store.purge(), close: () => pool.end() };
}
