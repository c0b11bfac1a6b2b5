import { join } from 'node:path';
import { openPostgres } from './open-postgres.js';
import { openRedis } from './open-redis.js';
import { openSqlite } from './open-sqlite.js';
import type { OpenedStore } from './opened-store.js';

/** Redis or PostgreSQL if the environment names one, otherwise a file of SQLite. */
export function openStore(): Promise<OpenedStore> {
  const { REDIS_URL, DATABASE_URL, SQLITE_FILE } = process.env;
  if (REDIS_URL) return openRedis(REDIS_URL);
  if (DATABASE_URL) return openPostgres(DATABASE_URL);
  return openSqlite(SQLITE_FILE ?? join(import.meta.dirname, '../../sessions.db'));
}
