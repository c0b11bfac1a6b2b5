import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import pg from 'pg';
import { JwtExtendedConfigError } from '../../../src/index.js';
import { SqlBlocklistStore } from '../../../src/stores/sql-blocklist.store.js';
import { PostgresServer } from '../../support/postgres.js';
import { DIALECTS, type OpenDatabase, poolOf } from './sql-databases.js';

/** What may be wrong with tables that somebody else made, and the words in which the database says so. */
const MISSHAPEN: Record<string, readonly (readonly [string, readonly string[], RegExp])[]> = {
  PostgreSQL: [
    ['no table', ['DROP TABLE t'], /relation "t" does not exist/],
    ['no table of sessions', ['DROP TABLE t_sessions'], /relation "t_sessions" does not exist/],
    ...['key', 'value', 'expires_at'].map(
      (column) => [`no ${column}`, [`ALTER TABLE t DROP ${column}`], RegExp(column)] as const,
    ),
    ['no id of a session', ['ALTER TABLE t_sessions DROP session_id'], /sessions.session_id/],
    ['keys that blanks are cut off', ['ALTER TABLE t ALTER key TYPE char(64)'], /type character/],
    ['values of JSON', ['ALTER TABLE t ALTER value TYPE jsonb USING null'], /type jsonb/],
    [
      'moments too small',
      ['ALTER TABLE t ALTER expires_at TYPE integer'],
      /is of the type integer/,
    ],
    ['an expiry of text', ['ALTER TABLE t_sessions ALTER expires_at TYPE text'], /type text/],
    ['keys that are not unique', ['ALTER TABLE t DROP CONSTRAINT t_pkey'], /ON CONFLICT/],
    ['sessions twice', ['ALTER TABLE t_sessions DROP CONSTRAINT t_sessions_pkey'], /ON CONFLICT/],
  ],
  SQLite: [
    ['no table', ['DROP TABLE t'], /no such table: t/],
    ['no table of sessions', ['DROP TABLE t_sessions'], /no such table: t_sessions/],
    ['no value', ['ALTER TABLE t DROP COLUMN value'], /no column named value/],
    ['no expiry', ['DROP INDEX t_expiry', 'ALTER TABLE t DROP COLUMN expires_at'], /expires_at/],
    [
      'numbers for keys',
      recreated('key INTEGER PRIMARY KEY, value TEXT'),
      /key is of the type INT/,
    ],
    [
      'bytes for values',
      recreated('key TEXT PRIMARY KEY, value BLOB'),
      /value is of the type BLOB/,
    ],
    ['keys that are not unique', recreated('key TEXT, value TEXT'), /ON CONFLICT clause/],
    [
      'an expiry of text',
      ['DROP TABLE t', 'CREATE TABLE t (key TEXT PRIMARY KEY, value TEXT, expires_at TEXT)'],
      /expires_at is of the type TEXT/,
    ],
  ],
};

function recreated(columns: string): readonly string[] {
  return ['DROP TABLE t', `CREATE TABLE t (${columns}, expires_at INTEGER)`];
}

describe.each(DIALECTS)('The tables of a SqlBlocklistStore in %s', (dialect, open) => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());

  it('are created by a migration, which may run again and loses nothing', async () => {
    const store = new SqlBlocklistStore(database.client, { table: 'migrated' });
    await store.migrate();
    await store.add('jti:one', '1', null);
    await store.migrate();
    await store.check();
    expect(await store.get(['jti:one'])).toEqual(['1']);
  });

  it('are created by its statements just as well', async () => {
    const store = new SqlBlocklistStore(database.client, { table: 'by_hand' });
    for (const statement of store.ddl) await database.rows(statement);
    await store.check();
    expect(await store.add('jti:one', '1', null)).toBe(true);
  });

  it('are found fit by the one who keeps them under the default name', async () => {
    const store = new SqlBlocklistStore(database.client);
    await store.migrate();
    await store.check();
    expect(await database.rows('SELECT key FROM jwt_blocklist')).toEqual([]);
    expect(await database.rows('SELECT identity FROM jwt_blocklist_sessions')).toEqual([]);
  });

  it.each(MISSHAPEN[dialect] ?? [])('are refused with %s', async (_, changes, finding) => {
    const store = new SqlBlocklistStore(database.client, { table: 't' });
    await store.migrate();
    for (const change of changes) await database.rows(change);
    const refusal = await store.check().catch((error: unknown) => error);
    await database.rows('DROP TABLE IF EXISTS t');
    await database.rows('DROP TABLE IF EXISTS t_sessions');

    expect(refusal).toBeInstanceOf(JwtExtendedConfigError);
    expect((refusal as Error).message).toMatch(finding);
    expect((refusal as Error).message).toMatch(
      /the tables t and t_sessions are not as they must be/,
    );
    expect((refusal as Error).message).toMatch(/Call `await store\.migrate\(\)`/);
  });

  it('are refused when they are gone, also by a store that had found them fit', async () => {
    const store = new SqlBlocklistStore(database.client, { table: 't' });
    await store.migrate();
    await store.add('jti:one', '1', null);
    await store.check();
    await database.rows('DROP TABLE t');
    await expect(store.check()).rejects.toThrow(/the tables t and t_sessions are not as they must/);
    await expect(store.get(['jti:one'])).rejects.toMatchObject({
      message: expect.stringMatching(/no such table|does not exist/),
    });
    await store.migrate();
    await store.check();
    expect(await store.get(['jti:one'])).toEqual([null]);
  });

  it('are told apart by case, and may be named like a word of SQL', async () => {
    for (const table of ['order', 'SELECT']) {
      const store = new SqlBlocklistStore(database.client, { table });
      await store.migrate();
      await store.check();
      expect(await store.add('jti:one', '1', null)).toBe(true);
    }
  });

  it('may have the longest name there is', async () => {
    const stores = ['a', 'b'].map(
      (end) => new SqlBlocklistStore(database.client, { table: 'x'.repeat(46) + end }),
    );
    for (const store of stores) {
      await store.migrate();
      await store.check();
      expect(await store.add('jti:one', '1', null)).toBe(true);
    }
  });
});

describe('The tables of a SqlBlocklistStore in PostgreSQL', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.close());

  it('are created once when ten processes migrate at once', async () => {
    const pools = Array.from({ length: 10 }, () => poolOf(server));
    const stores = pools.map((pool) => new SqlBlocklistStore(pool));
    // Connected beforehand, so that they do not arrive one by one.
    await Promise.all(pools.map((pool) => pool.query('SELECT 1')));
    await Promise.all(stores.map((store) => store.migrate()));
    await Promise.all(stores.map((store) => store.check()));
    const tables = await pools[0]?.query(
      `SELECT relname FROM pg_class WHERE relname LIKE 'jwt_blocklist%' ORDER BY 1`,
    );
    await Promise.all(pools.map((pool) => pool.end()));
    expect(tables?.rows.map((row: { relname: string }) => row.relname)).toEqual([
      'jwt_blocklist',
      'jwt_blocklist_expiry',
      'jwt_blocklist_pkey',
      'jwt_blocklist_sessions',
      'jwt_blocklist_sessions_expiry',
      'jwt_blocklist_sessions_pkey',
    ]);
  });

  it('may be in a schema', async () => {
    const pool = poolOf(server);
    await pool.query('CREATE SCHEMA auth');
    const store = new SqlBlocklistStore(pool, { table: 'auth.revoked' });
    const before = await store.check().catch((error: unknown) => error);
    await store.migrate();
    await store.check();
    await store.add('jti:one', '1', null);
    const { rows } = await pool.query('SELECT key, value FROM auth.revoked');
    await pool.end();
    expect(before).toBeInstanceOf(JwtExtendedConfigError);
    expect((before as Error).message).toMatch('the tables auth.revoked and auth.revoked_sessions');
    expect(rows).toEqual([{ key: 'jti:one', value: '1' }]);
  });

  it('are not said to be unfit when the server is away', async () => {
    const pool = new pg.Pool({ host: '127.0.0.1', port: 1 });
    const refusal = await new SqlBlocklistStore(pool).check().catch((error: unknown) => error);
    await pool.end();
    expect(refusal).toMatchObject({ code: 'ECONNREFUSED' });
    expect(refusal).not.toBeInstanceOf(JwtExtendedConfigError);
  });
});

describe('The tables of a SqlBlocklistStore in SQLite', () => {
  it('may be in another file that is attached', async () => {
    const database = new Database(':memory:');
    database.exec(`ATTACH ':memory:' AS auth`);
    const store = new SqlBlocklistStore(database, { table: 'auth.revoked' });
    await store.migrate();
    await store.check();
    await store.add('jti:one', '1', null);
    expect(database.prepare('SELECT key, value FROM auth.revoked').all()).toEqual([
      { key: 'jti:one', value: '1' },
    ]);
    expect(database.prepare('SELECT name FROM main.sqlite_schema').all()).toEqual([]);
    database.close();
  });

  it('are waited for while another writes to the file', async () => {
    const [, open] = DIALECTS[1] ?? [];
    const database = await open?.();
    const [{ file } = { file: '' }] = (await database?.rows('PRAGMA database_list')) ?? [];
    const [writer, other] = [new Database(String(file)), new Database(String(file))];
    writer.exec('BEGIN IMMEDIATE');
    const store = new SqlBlocklistStore(other);
    let isOver = false;
    const migration = store.migrate().then(() => (isOver = true));
    for (let look = 0; look < 10; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      expect(isOver).toBe(false);
    }
    writer.exec('COMMIT');
    await migration;
    await store.check();
    for (const each of [writer, other, database]) await each?.close();
  });

  it('are created without a word about the rest of the database', async () => {
    const database = new Database(':memory:');
    const settings = () =>
      ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout', 'user_version'].map((name) =>
        database.prepare(`PRAGMA ${name}`).all(),
      );
    const before = settings();
    await new SqlBlocklistStore(database).migrate();
    expect(settings()).toEqual(before);
    database.close();
  });

  it('are not said to be unfit when the database is closed', async () => {
    const database = new Database(':memory:');
    const store = new SqlBlocklistStore(database);
    await store.migrate();
    database.close();
    const refusal = await store.check().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ message: expect.stringMatching(/not open/) });
    expect(refusal).not.toBeInstanceOf(JwtExtendedConfigError);
  });
});
