// The stores that a guarded route is measured with, each opened in the process of the server that asks it.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import Database from 'libsql';
import { MemoryBlocklistStore, RedisBlocklistStore, SqlBlocklistStore } from 'nestjs-jwt-extended';
import pg from 'pg';
import { createClient } from 'redis';

const HOUR_MS = 3_600_000;
/** How many tokens are revoked in every store that is not said to have more or fewer, and how many of them at a time. */
const REVOKED = 10_000;
const AT_ONCE = 100;

/** As the store's documentation has them. */
const UNTIMED = { commandOptions: { timeout: 0 } };
const CACHED = {
  ...UNTIMED,
  RESP: 3,
  clientSideCache: { ttl: 5_000, maxEntries: 10_000, evictPolicy: 'FIFO' },
};

/** By name, and given the address of the server if there is one. */
const OPEN = {
  memory: () => memory(0),
  memory10Thousand: () => memory(REVOKED),
  memoryMillion: () => memory(1_000_000),
  redisCached: (url) => nodeRedis({ ...CACHED, url }),
  redisCachedLru: (url) => {
    const clientSideCache = { ...CACHED.clientSideCache, evictPolicy: 'LRU' };
    return nodeRedis({ ...CACHED, url, clientSideCache });
  },
  redis: (url) => nodeRedis({ ...UNTIMED, url }),
  redisTimed: (url) => nodeRedis({ url }),
  ioredis: (url) => filled(new RedisBlocklistStore(new Redis(url))),
  sqlite: () => sql(sqliteFile()),
  postgres: (connectionString) => sql(new pg.Pool({ connectionString })),
};

export function openStore(name, address) {
  return OPEN[name](address);
}

function memory(count) {
  return filled(new MemoryBlocklistStore({ maxEntries: 1_000_000 }), count);
}

async function nodeRedis(options) {
  return filled(new RedisBlocklistStore(await createClient(options).connect()));
}

async function sql(client) {
  const store = new SqlBlocklistStore(client);
  await store.migrate();
  return filled(store);
}

/** Revoked are other tokens than those of the requests. The keys are as the library writes them. */
async function filled(store, count = REVOKED) {
  const expiresAt = new Date(Date.now() + HOUR_MS);
  const revoke = () => store.add(`jti:${randomUUID()}`, '1', expiresAt);
  for (let left = count; left > 0; left -= AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, revoke));
  }
  return store;
}

/** As the store's documentation has it. The file is gone when the process is. */
function sqliteFile() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-sqlite-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const database = new Database(join(folder, 'blocklist.db'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  return database;
}
