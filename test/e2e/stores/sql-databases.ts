import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import Database from 'libsql';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { SqlClient } from '../../../src/stores/sql-statements.js';
import { PostgresServer } from '../../support/postgres.js';

/** A database that is open. */
export interface OpenDatabase {
  readonly client: SqlClient;
  /** Runs a statement of the test, and returns its rows. */
  rows(sql: string): Promise<readonly Row[]>;
  close(): Promise<void>;
}

type Row = Readonly<Record<string, unknown>>;
type Queryable = SqlClient & { query(sql: string): Promise<{ readonly rows: readonly Row[] }> };

/** Every client that a store can be given, by what makes it. Those of PostgreSQL need a server. */
export const CLIENTS: Readonly<Record<string, (server: PostgresServer) => Promise<OpenDatabase>>> =
  {
    'a pg Pool': (server) => openPool(poolOf(server)),
    'a pg Client': openClient,
    PGlite: openPglite,
    'a DataSource of TypeORM': openDataSource,
    'a function that answers with rows': openFunction,
    'libsql on a file': async () => closedWithItsTables(await openFile()),
    'libsql in memory': async () => closedWithItsTables(openSqlite(':memory:')),
  };

/** One database of each dialect, empty. */
export const DIALECTS = Object.entries({
  PostgreSQL: async (server: PostgresServer) =>
    openPool(poolOf(server, await freshDatabase(server))),
  SQLite: openFile,
});

/** A pool whose connections may be lost with a server that is killed. */
export function poolOf(server: PostgresServer, database = 'postgres'): pg.Pool {
  const connectionString = new URL(`/${database}`, server.url).href;
  return new pg.Pool({ connectionString }).on('error', () => {});
}

/** Creates a database on a server, and returns its name. */
export async function freshDatabase(server: PostgresServer): Promise<string> {
  const name = `db_${randomUUID().replaceAll('-', '')}`;
  const pool = poolOf(server);
  await pool.query(`CREATE DATABASE ${name}`);
  await pool.end();
  return name;
}

/** A prepared statement of libsql reads on after the database is closed, unless no table is left to read. */
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

function postgres<C extends Queryable>(client: C, close: () => Promise<void>): OpenDatabase {
  return { client, rows: async (sql) => (await client.query(sql)).rows, close };
}

async function openPool(pool: pg.Pool): Promise<OpenDatabase> {
  return postgres(pool, () => pool.end());
}

async function openClient(server: PostgresServer): Promise<OpenDatabase> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  return postgres(client, () => client.end());
}

async function openPglite(): Promise<OpenDatabase> {
  const client = await PGlite.create();
  return postgres(client, () => client.close());
}

async function openDataSource(server: PostgresServer): Promise<OpenDatabase> {
  const client = await new DataSource({ type: 'postgres', url: server.url }).initialize();
  return { client, rows: (sql) => client.query(sql), close: () => client.destroy() };
}

/** As `$queryRawUnsafe` of Prisma and `unsafe` of postgres.js do. */
async function openFunction(server: PostgresServer): Promise<OpenDatabase> {
  const pool = poolOf(server);
  const query = async (text: string, values?: unknown[]) =>
    (await pool.query<Row>(text, values)).rows;
  return { client: { query }, rows: query, close: () => pool.end() };
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
      if (/^(SELECT|EXPLAIN|PRAGMA)/.test(sql)) return statement.all() as Row[];
      statement.run();
      return [];
    },
    async close() {
      client.close();
    },
  };
}
