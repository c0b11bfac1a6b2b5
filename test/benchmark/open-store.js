// The stores that a guarded route is measured with, each opened in the process of the server that asks it.
import { Redis } from 'ioredis';
import Keyv from 'keyv';
import Database from 'libsql';
import {
  KeyvBlocklistStore,
  MemoryBlocklistStore,
  RedisBlocklistStore,
  SqlBlocklistStore,
} from 'nestjs-jwt-extended';
import pg from 'pg';
import { createClient } from 'redis';
import { fill } from './revoked.js';

/** As the store's documentation has them. */
const UNTIMED = { commandOptions: { timeout: 0 } };
const CACHED = {
  ...UNTIMED,
  RESP: 3,
  clientSideCache: { ttl: 5_000, maxEntries: 10_000, evictPolicy: 'FIFO' },
};

/** By name. What keeps its entries in this process is filled here, a database is already. */
const OPEN = {
  memory: (size) => fill(new MemoryBlocklistStore({ maxEntries: 1_100_000 }), size),
  keyv: (size) => fill(new KeyvBlocklistStore(new Keyv()), size),
  redisCached: (_size, url) => nodeRedis({ ...CACHED, url }),
  redis: (_size, url) => nodeRedis({ ...UNTIMED, url }),
  ioredis: (_size, url) => new RedisBlocklistStore(new Redis(url)),
  sqlite: (_size, file) => new SqlBlocklistStore(sqlite(file)),
  postgres: (_size, connectionString) => new SqlBlocklistStore(new pg.Pool({ connectionString })),
};

export function openStore(name, size, address) {
  return OPEN[name](size, address);
}

async function nodeRedis(options) {
  return new RedisBlocklistStore(await createClient(options).connect());
}

/** As the store's documentation has it. */
function sqlite(file) {
  const database = new Database(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  return database;
}
