import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import Database from 'libsql';
import pg from 'pg';
import type { SqlClient } from '../../../src/stores/sql-statements.js';
import { PostgresServer } from '../../support/postgres.js';

/** A database that is open. */
export interface OpenDatabase {
  readonly client: SqlClient;
  /** Runs a statement of the test's own, and gives its rows. */
  rows(sql: string): Promise<readonly Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Every client that a store can be handed, by what makes it; those of PostgreSQL are handed a server. */
export const CLIENTS: Readonly<Record<string, (server: PostgresServer) => Promise<OpenDatabase>>> =
  {
    'a pg Pool': openPool,
    'a pg Client': openClient,
    PGlite: openPglite,
    'libsql on a file': async () => closedWithItsTables(await openFile()),
    'libsql in memory': async () => closedWithItsTables(openSqlite(':memory:')),
  };

/** One of each dialect, where the way to it makes no difference. */
export const DIALECTS = Object.entries({ PostgreSQL: openPostgres, SQLite: openFile });

/** A pool, whose connections may be lost with a server that is killed. */
export function poolOf(server: PostgresServer): pg.Pool {
  return new pg.Pool({ connectionString: server.url }).on('error', () => {});
}

/** A statement that libsql has prepared reads on when the database is closed, unless there is nothing left to read. */
function closedWithItsTables(database: OpenDatabase): OpenDatabase {
  return {
    ...database,
    async close() {
      const tables = await database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'");
      for (const { name } of tables) await database.rows(`DROP TABLE "${String(name)}"`);
      await database.close();
    },
  };
}

async function openPostgres(): Promise<OpenDatabase> {
  const server = await PostgresServer.start();
  const database = await openPool(server);
  return {
    ...database,
    async close() {
      await database.close();
      await server.close();
    },
  };
}

async function openPool(server: PostgresServer): Promise<OpenDatabase> {
  const client = poolOf(server);
  return {
    client,
    rows: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    close: () => client.end(),
  };
}

async function openClient(server: PostgresServer): Promise<OpenDatabase> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  return {
    client,
    rows: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    close: () => client.end(),
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
