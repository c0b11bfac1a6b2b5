import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import Database from 'libsql';
import pg from 'pg';
import { createClient } from 'redis';
import { type BlocklistStore, RedisBlocklistStore, SqlBlocklistStore } from '../../../src/index.js';
import { PostgresServer } from '../../support/postgres.js';
import { RedisServer } from '../../support/redis.js';

/** How soon clients connect again. Their other settings are the defaults. */
const RECONNECTS_AFTER_MS = 100;

/** A server that a test can break. */
export interface Server {
  readonly port: number;
  kill(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** A store over its own client. */
export interface OpenStore {
  readonly store: BlocklistStore;
  /** Runs a command of the test over that client: words for Redis, SQL for the others. */
  run(...words: string[]): Promise<unknown>;
  close(): Promise<unknown>;
}

/** A kind of store, with its server. */
export interface Subject {
  /** Starts an empty server that keeps what it has acknowledged. */
  startServer(): Promise<Server>;
  /** Does not wait for the server, which may be down. */
  open(port: number): OpenStore;
}

/** Written to a file before it is acknowledged. Nothing waits for the disk, because no test cuts the power. */
const startRedis = () =>
  RedisServer.start({ args: ['--appendonly', 'yes', '--appendfsync', 'no'] });

export const REDIS_SUBJECTS: readonly (readonly [string, Subject])[] = [
  ['RedisBlocklistStore over redis', { startServer: startRedis, open: openNodeRedis }],
  ['RedisBlocklistStore over ioredis', { startServer: startRedis, open: openIoRedis }],
];

export const SUBJECTS: readonly (readonly [string, Subject])[] = [
  ...REDIS_SUBJECTS,
  ['SqlBlocklistStore over a pg Pool', { startServer: startPostgres, open: openPool }],
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

/** A server or a file. Each store that is opened on it has its own client. */
export interface Host {
  open(): OpenStore;
  close(): Promise<void>;
}

export async function hostOf({ startServer, open }: Subject): Promise<Host> {
  const server = await startServer();
  return { open: () => open(server.port), close: () => server.close() };
}

/** A file of SQLite with the documented settings, and a short timeout. */
export async function sqliteFile(): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-'));
  const open = () => openDatabase(join(folder, 'blocklist.db'));
  const { store, close } = open();
  await (store as SqlBlocklistStore).migrate();
  await close();
  return { open, close: async () => rmSync(folder, { recursive: true }) };
}

function openDatabase(path: string): OpenStore {
  const database = new Database(path, { timeout: 50 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  return {
    store: new SqlBlocklistStore(database),
    run: async (sql = '') => database.exec(sql),
    close: async () => database.close(),
  };
}
