import { join } from 'node:path';
import { dataFolder } from '../folders.js';
import { openRedis } from './open-redis.js';
import { openSqlite } from './open-sqlite.js';
import type { OpenedStore } from './opened-store.js';

/** Redis if REDIS_URL names one, otherwise a file of SQLite. */
export function openStore(): Promise<OpenedStore> {
  const { REDIS_URL } = process.env;
  return REDIS_URL ? openRedis(REDIS_URL) : openSqlite(join(dataFolder(), 'sessions.db'));
}
