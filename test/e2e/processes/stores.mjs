// Opens a store of each kind, as an application does, with a client of its own.
import Database from 'libsql';
import { Redis } from 'ioredis';
import { RedisBlocklistStore, SqlBlocklistStore } from 'nestjs-jwt-extended';
import pg from 'pg';
import { createClient } from 'redis';

const nothing = () => undefined;

const KINDS = {
  memory: async () => ({ store: undefined, close: nothing }),
  redis: (url) => nodeRedis({ url }),
  'redis with a cache': (url) => nodeRedis({ url, RESP: 3, clientSideCache: { ttl: 0 } }),
  ioredis: async (url) => {
    const client = new Redis(url).on('error', nothing);
    return { store: new RedisBlocklistStore(client), close: () => client.disconnect() };
  },
  postgres: async (connectionString) => {
    const pool = new pg.Pool({ connectionString }).on('error', nothing);
    return { store: await migrated(pool), close: () => pool.end() };
  },
  sqlite: async (path) => {
    const database = new Database(path, { timeout: 5_000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    return { store: await migrated(database), close: () => database.close() };
  },
};

export function openStore(kind, address) {
  return KINDS[kind](address);
}

async function nodeRedis(options) {
  const socket = { reconnectStrategy: () => 100 };
  const client = createClient({ ...options, socket }).on('error', nothing);
  await client.connect();
  return { store: new RedisBlocklistStore(client), close: () => client.destroy() };
}

/** Several processes may do so at once. */
async function migrated(client) {
  const store = new SqlBlocklistStore(client);
  await store.migrate();
  return store;
}
