import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import pg from 'pg';
import { SqlBlocklistStore } from '../../../src/index.js';
import { dialectOf } from '../../../src/stores/sql-blocklist.store.js';
import { sqlTable } from '../../../src/stores/sql-statements.js';
import { PostgresServer } from '../../support/postgres.js';
import { poolOf } from './sql-databases.js';

const WRITER = join(import.meta.dirname, 'sql-writer.mjs');

/** A number of keys. */
function keysTo(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `jti:${index}`);
}

describe('A write that a SqlBlocklistStore in PostgreSQL acknowledged (R57)', () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  let store: SqlBlocklistStore;

  beforeAll(async () => {
    server = await PostgresServer.start();
    pool = poolOf(server);
    store = new SqlBlocklistStore(pool);
    await store.migrate();
  });
  beforeEach(async () => {
    await pool.query('TRUNCATE jwt_blocklist, jwt_blocklist_sessions');
  });
  afterAll(async () => {
    await pool.end();
    await server.close();
  });

  it('is there after the server was killed', async () => {
    await store.raise('sub:alice', 7, null);
    await store.sessions.put('alice', 'sid', 'laptop', null);
    const acknowledged: string[] = [];
    const writes = keysTo(1_000).map(async (key) => {
      await store.add(key, '1', null);
      acknowledged.push(key);
      if (acknowledged.length === 500) await server.kill();
    });
    const outcomes = await Promise.allSettled(writes);
    await expect(store.get(['jti:one'])).rejects.toThrow();
    await server.restart();

    expect(acknowledged.length).toBeGreaterThanOrEqual(500);
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
    expect(await store.get(acknowledged)).toEqual(acknowledged.map(() => '1'));
    expect(await store.get(['sub:alice'])).toEqual(['7']);
    expect(await store.sessions.list('alice')).toEqual(['laptop']);
    expect(await store.add(acknowledged[0] as string, '2', null)).toBe(false);
  });
});

describe('A write that a SqlBlocklistStore on a SQLite file acknowledged (R57)', () => {
  let folder: string;
  let path: string;
  let database: Database.Database;
  let store: SqlBlocklistStore;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sqlite-'));
    path = join(folder, 'blocklist.db');
    database = new Database(path);
    store = new SqlBlocklistStore(database);
    await store.migrate();
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  it('is there after the process that wrote it was killed', async () => {
    const acknowledged = await write(100_000, { killedAfter: 200 });
    expect(acknowledged.length).toBeGreaterThanOrEqual(200);
    expect(acknowledged.length).toBeLessThan(100_000);
    expect(await store.get(acknowledged)).toEqual(acknowledged.map(() => '1'));
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    expect(await store.add('jti:0', '2', null)).toBe(false);
    expect(await store.add('jti:another', '1', null)).toBe(true);
  });

  it('is acknowledged to one of several processes (R59)', async () => {
    const winners = await Promise.all([write(300), write(300), write(300)]);
    expect(winners.flat().sort()).toEqual(keysTo(300).sort());
    expect(await store.get(keysTo(300))).toEqual(keysTo(300).map(() => '1'));
  });

  it('is never one that met the lock of another connection, and the next write is there', async () => {
    const [other, third] = [new Database(path), new Database(path)];
    other.exec('BEGIN EXCLUSIVE');
    await expectRejections(store, { message: expect.stringMatching(/locked/) });
    other.exec('ROLLBACK');
    await expectWorking(new SqlBlocklistStore(third));
    other.close();
    third.close();
  });

  it.each([
    ['undoes the statement', 'ABORT'],
    ['rolls the transaction back, as with a full disk', 'ROLLBACK'],
    ['undoes nothing', 'FAIL'],
  ])(
    'is never one after which the database %s, and the next write is there',
    async (...[, how]) => {
      for (const table of ['jwt_blocklist', 'jwt_blocklist_sessions']) {
        database.exec(
          `CREATE TRIGGER no_${table} BEFORE INSERT ON ${table} BEGIN SELECT RAISE(${how}, 'the disk is full'); END`,
        );
      }
      await expectRejections(store, { message: expect.stringMatching(/the disk is full/) });
      database.exec('DROP TRIGGER no_jwt_blocklist; DROP TRIGGER no_jwt_blocklist_sessions');
      const other = new Database(path);
      await expectWorking(new SqlBlocklistStore(other));
      other.close();
    },
  );

  /** Nothing was written, the next write is visible over another connection, and that one can write. */
  async function expectWorking(theirs: SqlBlocklistStore): Promise<void> {
    expect(await store.get(['jti:one', 'sub:alice'])).toEqual([null, null]);
    expect(await store.sessions.list('alice')).toEqual([]);
    expect(await store.add('jti:one', '1', null)).toBe(true);
    expect(await theirs.get(['jti:one'])).toEqual(['1']);
    expect(await theirs.add('jti:another', '1', null)).toBe(true);
  }

  /** The keys that another process reported as added before it ended or was killed. */
  async function write(
    count: number,
    { killedAfter = Infinity }: { readonly killedAfter?: number } = {},
  ): Promise<readonly string[]> {
    const { add } = dialectOf(database, sqlTable('jwt_blocklist')).statements;
    const task = JSON.stringify({ path, add, count });
    const writer = spawn(process.execPath, [WRITER, task], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    writer.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      if (printed.split('\n').length > killedAfter) writer.kill('SIGKILL');
    });
    await once(writer, 'close');
    return printed.split('\n').slice(0, -1);
  }
});

/** Each method that writes rejects with such an error. */
async function expectRejections(store: SqlBlocklistStore, reason: object): Promise<void> {
  const writes = [
    store.add('jti:one', '1', null),
    store.raise('sub:alice', 1, null),
    store.sessions.put('alice', 'sid', '1', null),
  ];
  for (const outcome of await Promise.allSettled(writes))
    expect(outcome).toMatchObject({ status: 'rejected', reason });
}
