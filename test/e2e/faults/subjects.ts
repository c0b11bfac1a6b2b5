import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import { type BlocklistStore, RedisBlocklistStore, SqlBlocklistStore } from '../../../src/index.js';
import { PostgresServer } from '../../support/postgres.js';
import { RedisServer } from '../../support/redis.js';

/** How soon clients look for their server again; apart from it they are as they come. */
const RECONNECTS_AFTER_MS = 100;

/** A server that things happen to. */
export interface Server {
  readonly port: number;
  kill(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** A store over a client of its own. */
export interface OpenStore {
  readonly store: BlocklistStore;
  /** Runs a command of the test's own over that client: words for Redis, SQL for PostgreSQL. */
  run(...words: string[]): Promise<unknown>;
  close(): Promise<unknown>;
}

/** A store, and what it keeps its entries on. */
export interface Subject {
  /** A server that forgets nothing of what it has acknowledged, with nothing on it yet. */
  startServer(): Promise<Server>;
  /** Does not wait for the server, which may be away. */
  open(port: number): OpenStore;
}

const OVER_REDIS = 'RedisBlocklistStore over redis';
const OVER_IOREDIS = 'RedisBlocklistStore over ioredis';
const OVER_PG = 'SqlBlocklistStore over a pg Pool';

/** Written down before it is acknowledged; that no machine loses power here saves waiting for the disk. */
const startRedis = () =>
  RedisServer.start({ args: ['--appendonly', 'yes', '--appendfsync', 'no'] });

export const REDIS_SUBJECTS: readonly (readonly [string, Subject])[] = [
  [OVER_REDIS, { startServer: startRedis, open: openNodeRedis }],
  [OVER_IOREDIS, { startServer: startRedis, open: openIoRedis }],
];

export const SUBJECTS: readonly (readonly [string, Subject])[] = [
  ...REDIS_SUBJECTS,
  [OVER_PG, { startServer: startPostgres, open: openPool }],
];

function openNodeRedis(port: number): OpenStore {
  const client = createClient({
    url: `redis://127.0.0.1:${port}`,
    socket: { reconnectStrategy: () => RECONNECTS_AFTER_MS },
  });
  client.on('error', () => undefined);
  client.connect().catch(() => undefined);
  return {
    store: new RedisBlocklistStore(client),
    run: (...words) => client.sendCommand(words),
    close: async () => client.destroy(),
  };
}

function openIoRedis(port: number): OpenStore {
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => RECONNECTS_AFTER_MS });
  client.on('error', () => undefined);
  return {
    store: new RedisBlocklistStore(client),
    run: (command = '', ...words) => client.call(command, ...words),
    close: async () => client.disconnect(),
  };
}

async function startPostgres(): Promise<Server> {
  const server = await PostgresServer.start();
  const pool = poolAt(server.port);
  await new SqlBlocklistStore(pool).migrate();
  await pool.query('ALTER SYSTEM SET fsync = off');
  await pool.query('SELECT pg_reload_conf()');
  await pool.end();
  return server;
}

function openPool(port: number): OpenStore {
  const pool = poolAt(port);
  return {
    store: new SqlBlocklistStore(pool),
    run: async (sql = '') => (await pool.query(sql)).rows,
    close: () => pool.end(),
  };
}

function poolAt(port: number): pg.Pool {
  const connectionString = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return new pg.Pool({ connectionString }).on('error', () => undefined);
}
