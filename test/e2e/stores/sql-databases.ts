import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import Database from 'libsql';
import pg from 'pg';
import type { SqlClient } from '../../../src/revocation/sql/sql-client.js';
import { PostgresServer } from '../../support/postgres.js';

/** How long a server may take to start, and a test with it, on a busy machine. */
export const OPENS_WITHIN_MS = 60_000;

/** A database that is open. */
export interface OpenDatabase {
  readonly client: SqlClient;
  /** Runs a statement of the test's own, and gives its rows. */
  rows(sql: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Every way to a database that the store knows. */
export const DATABASES = {
  'a pg Pool': openPool,
  'a pg Client': openClient,
  PGlite: openPglite,
  'libsql on a file': openFile,
  'libsql in memory': async () => openSqlite(':memory:'),
} satisfies Record<string, () => Promise<OpenDatabase>>;

/** One of each dialect, where the way to it makes no difference. */
export const DIALECTS = Object.entries({ PostgreSQL: openPool, SQLite: openFile });

/** A pool, whose connections may be lost with a server that is killed. */
export function poolOf(server: PostgresServer): pg.Pool {
  return new pg.Pool({ connectionString: server.url }).on('error', () => {});
}

async function openPool(): Promise<OpenDatabase> {
  const server = await PostgresServer.start();
  const client = poolOf(server);
  return {
    client,
    rows: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    async close() {
      await client.end();
      await server.close();
    },
  };
}

async function openClient(): Promise<OpenDatabase> {
  const server = await PostgresServer.start();
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  return {
    client,
    rows: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    async close() {
      await client.end();
      await server.close();
    },
  };
}

async function openPglite(): Promise<OpenDatabase> {
  const client = await PGlite.create();
  return {
    client,
    rows: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    close: () => client.close(),
  };
}

async function openFile(): Promise<OpenDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-'));
  const database = openSqlite(join(folder, 'blocklist.db'));
  return {
    ...database,
    async close() {
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function openSqlite(path: string): OpenDatabase {
  const client = new Database(path);
  client.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  return {
    client,
    async rows(sql) {
      const statement = client.prepare(sql);
      if (/^(SELECT|EXPLAIN|PRAGMA)/.test(sql)) return statement.all() as Record<string, unknown>[];
      statement.run();
      return [];
    },
    async close() {
      client.close();
    },
  };
}
