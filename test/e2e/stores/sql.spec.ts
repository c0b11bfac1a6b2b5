import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import pg from 'pg';
import { DataSource } from 'typeorm';
import {
  JwtExtendedConfigError,
  SqlBlocklistStore,
  type SqlClient,
  type TokenPair,
} from '../../../src/index.js';
import { dialectOf } from '../../../src/stores/sql-blocklist.store.js';
import { sqlTable } from '../../../src/stores/sql-statements.js';
import { blocklistStoreContract } from '../../../src/testing/index.js';
import { failureOf } from '../../support/faults.js';
import { PostgresServer } from '../../support/postgres.js';
import { claimsOf, startTokens, type TokenTools } from '../../support/tokens.js';
import { Reconnecting } from './reconnecting.js';
import { CLIENTS, DIALECTS, freshDatabase, type OpenDatabase, poolOf } from './sql-databases.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ahead = (milliseconds: number) => new Date(Date.now() + milliseconds);

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.close());

describe.each(Object.entries(CLIENTS))('SqlBlocklistStore contract over %s', (_, open) => {
  const connection = new Reconnecting(async () => {
    const { client, close } = await open(server);
    const store = new SqlBlocklistStore(client);
    await store.migrate();
    return { store, close };
  });
  afterAll(() => connection.close());

  for (const { name, run } of blocklistStoreContract(connection.open)) it(name, run);
});

/** What may be wrong with tables that the application created, and the finding that the error must name. */
const MISSHAPEN: Record<string, readonly (readonly [string, readonly string[], RegExp])[]> = {
  PostgreSQL: [
    ['no table', ['DROP TABLE t'], /relation "t" does not exist/],
    ['no table of sessions', ['DROP TABLE t_sessions'], /relation "t_sessions" does not exist/],
    ...['key', 'value', 'expires_at'].map(
      (column) => [`no ${column}`, [`ALTER TABLE t DROP ${column}`], RegExp(column)] as const,
    ),
    ['no session id', ['ALTER TABLE t_sessions DROP session_id'], /sessions.session_id/],
    ['a key without trailing blanks', ['ALTER TABLE t ALTER key TYPE char(64)'], /type character/],
    ['a value of JSON', ['ALTER TABLE t ALTER value TYPE jsonb USING null'], /type jsonb/],
    [
      'an expiry of 32 bits',
      ['ALTER TABLE t ALTER expires_at TYPE integer'],
      /is of the type integer/,
    ],
    ['an expiry of text', ['ALTER TABLE t_sessions ALTER expires_at TYPE text'], /type text/],
    ['a key that is not unique', ['ALTER TABLE t DROP CONSTRAINT t_pkey'], /ON CONFLICT/],
    [
      'a session that is not unique',
      ['ALTER TABLE t_sessions DROP CONSTRAINT t_sessions_pkey'],
      /ON CONFLICT/,
    ],
  ],
  SQLite: [
    ['no table', ['DROP TABLE t'], /no such table: t/],
    ['no table of sessions', ['DROP TABLE t_sessions'], /no such table: t_sessions/],
    ['no value', ['ALTER TABLE t DROP COLUMN value'], /no column named value/],
    ['no expiry', ['DROP INDEX t_expiry', 'ALTER TABLE t DROP COLUMN expires_at'], /expires_at/],
    [
      'a key that is a number',
      recreated('key INTEGER PRIMARY KEY, value TEXT'),
      /key is of the type INT/,
    ],
    [
      'a value that is bytes',
      recreated('key TEXT PRIMARY KEY, value BLOB'),
      /value is of the type BLOB/,
    ],
    ['a key that is not unique', recreated('key TEXT, value TEXT'), /ON CONFLICT clause/],
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

/** A store whose tables are there, and fit. */
async function migrated(client: SqlClient, table = 'jwt_blocklist'): Promise<SqlBlocklistStore> {
  const store = new SqlBlocklistStore(client, { table });
  await store.migrate();
  await store.check();
  return store;
}

describe.each(DIALECTS)('Tables of a SqlBlocklistStore in %s', (dialect, open) => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await open(server);
  });
  afterAll(() => database.close());

  it('are created by migrate, which may run again and loses nothing', async () => {
    const store = await migrated(database.client, 'migrated');
    await store.add('jti:one', '1', null);
    await store.migrate();
    await store.check();
    expect(await store.get(['jti:one'])).toEqual(['1']);
  });

  it('are created by the statements of ddl, too', async () => {
    const store = new SqlBlocklistStore(database.client, { table: 'by_hand' });
    for (const statement of store.ddl) await database.rows(statement);
    await store.check();
    expect(await store.add('jti:one', '1', null)).toBe(true);
  });

  it('have the name jwt_blocklist by default', async () => {
    await new SqlBlocklistStore(database.client).migrate();
    expect(await database.rows('SELECT key FROM jwt_blocklist')).toEqual([]);
    expect(await database.rows('SELECT identity FROM jwt_blocklist_sessions')).toEqual([]);
  });

  it.each(MISSHAPEN[dialect] ?? [])(
    'fail the check if there is %s',
    async (_, changes, finding) => {
      const store = await migrated(database.client, 't');
      for (const change of changes) await database.rows(change);
      const refusal = (await failureOf(store.check())) as Error;
      await database.rows('DROP TABLE IF EXISTS t');
      await database.rows('DROP TABLE IF EXISTS t_sessions');

      expect(refusal).toBeInstanceOf(JwtExtendedConfigError);
      expect(refusal.message).toMatch(finding);
      expect(refusal.message).toMatch(/the tables t and t_sessions are not as they must be/);
      expect(refusal.message).toMatch(/Call `await store\.migrate\(\)`/);
    },
  );

  it('fail the check after they were dropped, even if they passed it before', async () => {
    const store = await migrated(database.client, 't');
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

  it.each([
    ['be named like a keyword of SQL, and differ by case', ['order', 'SELECT']],
    ['have the longest name that fits', ['a', 'b'].map((end) => 'x'.repeat(46) + end)],
  ])('may %s', async (_, tables) => {
    const stores = await Promise.all(tables.map((table) => migrated(database.client, table)));
    for (const store of stores) expect(await store.add('jti:one', '1', null)).toBe(true);
  });
});

describe('Tables of a SqlBlocklistStore in PostgreSQL', () => {
  it('are created once when ten processes migrate at once', async () => {
    const database = await freshDatabase(server);
    const pools = Array.from({ length: 10 }, () => poolOf(server, database));
    // Connected first, so that they migrate at the same time.
    await Promise.all(pools.map((pool) => pool.query('SELECT 1')));
    await Promise.all(pools.map((pool) => migrated(pool)));
    const tables = await pools[0]?.query(
      `SELECT relname FROM pg_class WHERE relname LIKE 'jwt_blocklist%' ORDER BY 1`,
    );
    await Promise.all(pools.map((pool) => pool.end()));
    const ends = ['', '_expiry', '_pkey', '_sessions', '_sessions_expiry', '_sessions_pkey'];
    expect(tables?.rows).toEqual(ends.map((end) => ({ relname: `jwt_blocklist${end}` })));
  });

  it('may be in a schema', async () => {
    const pool = poolOf(server, await freshDatabase(server));
    await pool.query('CREATE SCHEMA auth');
    const store = new SqlBlocklistStore(pool, { table: 'auth.revoked' });
    const before = (await failureOf(store.check())) as Error;
    await store.migrate();
    await store.check();
    await store.add('jti:one', '1', null);
    const { rows } = await pool.query('SELECT key, value FROM auth.revoked');
    await pool.end();
    expect(before).toBeInstanceOf(JwtExtendedConfigError);
    expect(before.message).toMatch('the tables auth.revoked and auth.revoked_sessions');
    expect(rows).toEqual([{ key: 'jti:one', value: '1' }]);
  });

  it('are not called unfit when the server is down', async () => {
    const pool = new pg.Pool({ host: '127.0.0.1', port: 1 });
    const refusal = await failureOf(new SqlBlocklistStore(pool).check());
    await pool.end();
    expect(refusal).toMatchObject({ code: 'ECONNREFUSED' });
    expect(refusal).not.toBeInstanceOf(JwtExtendedConfigError);
  });
});

describe('A SqlBlocklistStore over a DataSource of TypeORM', () => {
  it('fails the check if its tables are missing', async () => {
    const dataSource = await new DataSource({ type: 'postgres', url: server.url }).initialize();
    const store = new SqlBlocklistStore(dataSource, { table: 'missing' });
    await expect(store.check()).rejects.toThrow(JwtExtendedConfigError);
    await dataSource.destroy();
  });

  it('keeps what it writes during a transaction that is rolled back', async () => {
    const dataSource = await new DataSource({ type: 'postgres', url: server.url }).initialize();
    const store = await migrated(dataSource, 'rolled_back');

    const failed = dataSource.transaction(async (manager) => {
      await manager.query('CREATE TABLE undone (id int)');
      await store.add('jti:one', '1', null);
      throw new Error('rolled back');
    });

    await expect(failed).rejects.toThrow('rolled back');
    expect(await store.get(['jti:one'])).toEqual(['1']);
    expect(await dataSource.query("SELECT to_regclass('undone')")).toEqual([{ to_regclass: null }]);
    await dataSource.destroy();
  });
});

describe('Tables of a SqlBlocklistStore in SQLite', () => {
  it('may be in an attached file', async () => {
    const database = new Database(':memory:');
    database.exec(`ATTACH ':memory:' AS auth`);
    const store = await migrated(database, 'auth.revoked');
    await store.add('jti:one', '1', null);
    expect(database.prepare('SELECT key, value FROM auth.revoked').all()).toEqual([
      { key: 'jti:one', value: '1' },
    ]);
    expect(database.prepare('SELECT name FROM main.sqlite_schema').all()).toEqual([]);
    database.close();
  });

  it('are created once another process no longer writes to the file', async () => {
    const database = await CLIENTS['libsql on a file']!(server);
    const [{ file } = { file: '' }] = await database.rows('PRAGMA database_list');
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
    for (const each of [writer, other, database]) await each.close();
  });

  it('are created without a change to the settings of the database', async () => {
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

  it('are not called unfit when the database is closed', async () => {
    const database = new Database(':memory:');
    const store = await migrated(database);
    database.close();
    const refusal = await failureOf(store.check());
    expect(refusal).toMatchObject({ message: expect.stringMatching(/not open/) });
    expect(refusal).not.toBeInstanceOf(JwtExtendedConfigError);
  });
});

/** Text that would change the statement if it were not a parameter. */
const INJECTIONS = [
  `'; DROP TABLE jwt_blocklist; --`,
  `' OR '1'='1`,
  `x', 'y', null); DELETE FROM jwt_blocklist; --`,
  `") OR 1=1 --`,
  `{"a","b"}`,
  `["jti:victim"]`,
  `{jti:victim}`,
  `jti:victim","jti:victim`,
  `$1`,
  `?`,
  `\\'; SELECT 1; --`,
  `/* */`,
  `%`,
  `*`,
];

describe.each(DIALECTS)('SqlBlocklistStores in one database of %s', (_, open) => {
  let database: OpenDatabase;

  beforeAll(async () => {
    database = await open(server);
    await migrated(database.client);
  });
  afterAll(() => database.close());

  it('do not see each other if their prefixes differ', async () => {
    const admin = new SqlBlocklistStore(database.client, { prefix: 'admin:' });
    const shop = new SqlBlocklistStore(database.client, { prefix: 'shop:' });
    await areApart(admin, shop);
    const keys = await database.rows(`SELECT key FROM jwt_blocklist WHERE key LIKE '%:jti:one'`);
    expect(keys).toEqual([{ key: 'shop:jti:one' }]);
  });

  it('do not see each other if their tables differ', async () => {
    await areApart(
      await migrated(database.client, 'admin'),
      await migrated(database.client, 'shop'),
    );
  });

  it('act as one if table and prefix are the same (R65)', async () => {
    const one = new SqlBlocklistStore(database.client, { prefix: 'both:' });
    const other = new SqlBlocklistStore(database.client, { prefix: 'both:' });
    expect(await one.add('jti:two', '1', null)).toBe(true);
    expect(await other.add('jti:two', '2', null)).toBe(false);
    expect(await other.get(['jti:two'])).toEqual(['1']);
    await one.sessions.put('bob', 'sid', 'laptop', null);
    expect(await other.sessions.list('bob')).toEqual(['laptop']);
  });

  it.each(INJECTIONS)('take %j for text in every place (R66)', async (text) => {
    const store = new SqlBlocklistStore(database.client, { prefix: `injection:${text}:` });
    await store.add('jti:victim', 'kept', null);
    expect(await store.get([text])).toEqual([null]);
    expect(await store.add(text, text, null)).toBe(true);
    await store.add(`${text}#`, text, null);
    expect(await store.replace(`${text}#`, text, `new ${text}`, null)).toBe(true);
    expect(await store.replace(text, `not ${text}`, 'wrong', null)).toBe(false);
    expect(await store.replace('jti:victim', text, 'wrong', null)).toBe(false);
    const values = [text, `new ${text}`, 'kept'];
    expect(await store.get([text, `${text}#`, 'jti:victim'])).toEqual(values);
    await store.sessions.put(text, text, text, null);
    expect(await store.sessions.list(text)).toEqual([text]);
    expect(await store.sessions.get(text, text)).toBe(text);
    expect(await store.sessions.get(text, 'sid')).toBeNull();
    await store.sessions.remove(text, text);
    await store.delete(text);
    expect(await store.get([text, `${text}#`, 'jti:victim'])).toEqual([
      null,
      `new ${text}`,
      'kept',
    ]);
    expect(await store.sessions.list(text)).toEqual([]);
  });

  /** Each call on the first store leaves the second as it is. */
  async function areApart(one: SqlBlocklistStore, other: SqlBlocklistStore): Promise<void> {
    expect(await one.add('jti:one', 'one', null)).toBe(true);
    expect(await other.get(['jti:one'])).toEqual([null]);
    expect(await other.add('jti:one', 'other', null)).toBe(true);
    await one.add('sub:alice', '3', null);
    await other.add('sub:alice', '3', null);
    expect(await one.replace('sub:alice', '3', '9', null)).toBe(true);
    await one.sessions.put('alice', 'sid', 'of one', null);
    await other.sessions.put('alice', 'sid', 'of the other', null);
    await one.delete('jti:one');
    expect(await one.get(['jti:one', 'sub:alice'])).toEqual([null, '9']);
    expect(await other.get(['jti:one', 'sub:alice'])).toEqual(['other', '3']);
    expect(await one.sessions.list('alice')).toEqual(['of one']);
    expect(await one.sessions.get('alice', 'sid')).toBe('of one');
    await one.sessions.remove('alice', 'sid');
    expect(await one.sessions.get('alice', 'sid')).toBeNull();
    expect(await other.sessions.list('alice')).toEqual(['of the other']);
    expect(await other.sessions.get('alice', 'sid')).toBe('of the other');
  }
});

/** A table of the numbers from 1, for PostgreSQL and for SQLite. */
function numbers(count: number): string {
  return `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    SELECT i FROM n) AS numbers`;
}

/** The client, which also reports the values of each statement. */
function reporting(client: SqlClient, report: (values: readonly unknown[]) => void): SqlClient {
  if ('query' in client) {
    return {
      query(text, values) {
        report(values);
        return client.query(text, values);
      },
    };
  }
  return {
    exec: (sql) => client.exec(sql),
    prepare(sql) {
      const statement = client.prepare(sql);
      return {
        run: (...values) => statement.run(...values),
        get: (...values) => statement.get(...values),
        all(...values) {
          report(values);
          return statement.all(...values);
        },
      };
    },
  };
}

describe.each(DIALECTS)('A purge of a SqlBlocklistStore in %s', (dialect, open) => {
  let database: OpenDatabase;
  let store: SqlBlocklistStore;

  beforeAll(async () => {
    database = await open(server);
    store = await migrated(database.client);
  });
  beforeEach(async () => {
    await database.rows('DELETE FROM jwt_blocklist');
    await database.rows('DELETE FROM jwt_blocklist_sessions');
  });
  afterAll(() => database.close());

  it('deletes what expired five minutes ago or earlier (R58, R74)', async () => {
    await store.add('jti:old', '1', ahead(-5 * MINUTE - 1));
    await store.add('jti:recent', '1', ahead(-4 * MINUTE));
    await store.add('jti:live', '1', ahead(MINUTE));
    await store.add('jti:immortal', '1', null);
    await store.add('sub:old', '0', null);
    await store.replace('sub:old', '0', '1', ahead(-DAY));
    await store.add('sub:immortal', '0', ahead(-DAY));
    await store.replace('sub:immortal', '0', '1', null);
    await store.sessions.put('alice', 'old', 'old', ahead(-DAY));
    await store.sessions.put('alice', 'recent', 'recent', ahead(-MINUTE));
    await store.sessions.put('alice', 'live', 'live', ahead(DAY));
    await store.sessions.put('alice', 'immortal', 'immortal', null);

    expect(await store.purge()).toBe(3);

    const left = ['jti:recent', 'jti:live', 'jti:immortal', 'sub:immortal'];
    expect(await store.get(['jti:old', 'sub:old', ...left])).toEqual([null, null, ...'1111']);
    const sessions = [...(await store.sessions.list('alice'))].sort();
    expect(sessions).toEqual(['immortal', 'live', 'recent']);
    expect(await store.purge()).toBe(0);
  });

  it('deletes what expired five minutes before the given date', async () => {
    const noon = new Date('2026-01-01T12:00:00Z');
    await store.add('jti:at 11:55', '1', new Date('2026-01-01T11:55:00.000Z'));
    await store.add('jti:after 11:55', '1', new Date('2026-01-01T11:55:00.001Z'));
    expect(await store.purge({ before: noon })).toBe(1);
    expect(await store.get(['jti:at 11:55', 'jti:after 11:55'])).toEqual([null, '1']);
  });

  it('deletes rows of every prefix', async () => {
    const other = new SqlBlocklistStore(database.client, { prefix: 'other:' });
    await other.add('jti:one', '1', ahead(-DAY));
    await other.sessions.put('alice', 'sid', '1', ahead(-DAY));
    expect(await store.purge()).toBe(2);
    expect(await other.get(['jti:one'])).toEqual([null]);
  });

  it('lets an entry be added again', async () => {
    await store.add('jti:one', 'before', ahead(-DAY));
    await store.purge();
    expect(await store.add('jti:one', 'after', ahead(DAY))).toBe(true);
    expect(await store.get(['jti:one'])).toEqual(['after']);
  });

  it.each([
    [1_000, undefined, [1_000, 1_000, 1_000, 1_000]],
    [700, 700, [700, 700, 700, 700, 700]],
  ])('deletes in batches of %i, and lets other work run in between', async (_, batch, batches) => {
    const soon = `${Date.now() - DAY} + i`;
    await database.rows(
      `INSERT INTO jwt_blocklist SELECT 'jti:' || i, '1', ${soon} FROM ${numbers(2_300)}`,
    );
    await database.rows(
      `INSERT INTO jwt_blocklist_sessions
        SELECT 'alice', 'sid:' || i, '1', ${soon} FROM ${numbers(10)}`,
    );
    const [limits, turns]: [unknown[], number[]] = [[], []];
    let turn = 0;
    let ticking = true;
    const tick = () => {
      turn += 1;
      if (ticking) setImmediate(tick);
    };
    setImmediate(tick);
    const client = reporting(database.client, (values) => {
      limits.push(values[1]);
      turns.push(turn);
    });

    expect(await new SqlBlocklistStore(client).purge(batch ? { batch } : {})).toBe(2_310);

    ticking = false;
    expect(limits).toEqual(batches);
    expect(new Set(turns).size).toBe(batches.length);
    expect(await database.rows('SELECT key FROM jwt_blocklist')).toEqual([]);
    expect(await database.rows('SELECT value FROM jwt_blocklist_sessions')).toEqual([]);
  });

  it.each([0, -1, 1.5, NaN, Infinity, '10', null])('rejects batches of %p', async (batch) => {
    await expect(store.purge({ batch: batch as number })).rejects.toThrow(
      'SqlBlocklistStore: batch must be a whole number of 1 or more',
    );
  });

  it('rejects an invalid date', async () => {
    await store.add('jti:one', '1', ahead(-DAY));
    await expect(store.purge({ before: new Date(NaN) })).rejects.toThrow(
      'SqlBlocklistStore: before must be a valid date',
    );
    expect(await store.get(['jti:one'])).toEqual(['1']);
  });

  it('uses an index, as each statement does', async () => {
    const many = numbers(20_000);
    const moment = `${Date.now()} + i`;
    await database.rows(
      `INSERT INTO jwt_blocklist SELECT 'jti:' || i, '1', ${moment} FROM ${many}`,
    );
    await database.rows(
      `INSERT INTO jwt_blocklist_sessions
        SELECT 'user:' || i, 'sid', '1', ${moment} FROM ${many}`,
    );
    await database.rows('ANALYZE');
    const sql = dialectOf(database.client, sqlTable('jwt_blocklist'));
    const { statements } = sql;
    const [purgeEntries = '', purgeSessions = ''] = statements.purge;
    const explain = dialect === 'SQLite' ? 'EXPLAIN QUERY PLAN ' : 'EXPLAIN ';
    const plan = async (statement: string, ...values: readonly unknown[]) =>
      JSON.stringify(await sql.rows(explain + statement, values));

    const keys = sql.keyList(['jti:1', 'jti:x', 'jti:y', 'jti:z']);
    const byKey =
      /Index (Only )?Scan (using|on) jwt_blocklist_pkey|SEARCH jwt_blocklist USING PRIM/;
    const byIdentity =
      /(using|on) jwt_blocklist_sessions_pkey|SEARCH jwt_blocklist_sessions USING P/;
    expect(await plan(statements.get, keys)).toMatch(byKey);
    expect(await plan(statements.replace, '2', null, 'jti:1', '1')).toMatch(byKey);
    expect(await plan(statements.delete, 'jti:1')).toMatch(byKey);
    expect(await plan(statements.session, 'user:1', 'sid')).toMatch(byIdentity);
    expect(await plan(statements.list, 'user:1')).toMatch(byIdentity);
    expect(await plan(statements.remove, 'user:1', 'sid')).toMatch(byIdentity);
    expect(await plan(purgeEntries, Date.now(), 1_000)).toMatch(/ jwt_blocklist_expiry /);
    expect(await plan(purgeSessions, Date.now(), 1_000)).toMatch(/ jwt_blocklist_sessions_expiry /);
    for (const statement of [purgeEntries, purgeSessions]) {
      expect(await plan(statement, Date.now(), 1_000)).not.toMatch(/Seq Scan|SCAN jwt/);
    }
  });
});

describe('A purge of a SqlBlocklistStore in PostgreSQL by several processes', () => {
  let pools: pg.Pool[];
  let stores: SqlBlocklistStore[];

  beforeAll(async () => {
    const database = await freshDatabase(server);
    pools = [1, 2, 3, 4].map(() => poolOf(server, database));
    stores = await Promise.all(pools.map((pool) => migrated(pool)));
  });
  afterAll(() => Promise.all(pools.map((pool) => pool.end())));

  it('deletes each row once', async () => {
    await pools[0]?.query(
      `INSERT INTO jwt_blocklist SELECT 'jti:' || i, '1', i FROM ${numbers(5_000)}`,
    );
    const counts = await Promise.all(stores.map((store) => store.purge({ batch: 50 })));
    expect(counts.reduce((sum, count) => sum + count)).toBe(5_000);
    expect((await pools[0]?.query('SELECT FROM jwt_blocklist'))?.rowCount).toBe(0);
  });

  it('neither waits for an entry that another transaction replaces nor deletes it', async () => {
    const [store] = stores as [SqlBlocklistStore];
    await store.add('sub:alice', '1', ahead(-DAY));
    await store.add('jti:old', '1', ahead(-DAY));
    const connection = await (pools[1] as pg.Pool).connect();
    await connection.query('BEGIN');
    await new SqlBlocklistStore(connection).replace('sub:alice', '1', '2', ahead(DAY));
    const meanwhile = await store.purge();
    await connection.query('COMMIT');
    connection.release();

    expect(meanwhile).toBe(1);
    expect(await store.purge()).toBe(0);
    expect(await store.get(['sub:alice', 'jti:old'])).toEqual(['2', null]);
  });
});

describe.each(['read committed', 'repeatable read', 'serializable'])(
  'SqlBlocklistStores in PostgreSQL whose connections are %s',
  (level) => {
    let pools: pg.Pool[];
    let stores: SqlBlocklistStore[];

    beforeAll(async () => {
      const database = await freshDatabase(server);
      const options = `-c default_transaction_isolation=${level.replace(' ', String.raw`\ `)}`;
      const connectionString = new URL(`/${database}`, server.url).href;
      pools = [1, 2].map(() => new pg.Pool({ connectionString, options }));
      stores = await Promise.all(pools.map((pool) => migrated(pool)));
    });
    afterAll(() => Promise.all(pools.map((pool) => pool.end())));

    /** Starts so many calls over both pools by turns, before the first is answered. */
    function atOnce<T>(
      count: number,
      call: (store: SqlBlocklistStore, index: number) => Promise<T>,
    ) {
      const calls = Array.from({ length: count }, (_, index) =>
        call(stores[index % 2] as SqlBlocklistStore, index),
      );
      return Promise.all(calls);
    }

    it('use that level', async () => {
      for (const pool of pools) {
        const { rows } = await pool.query('SHOW transaction_isolation');
        expect(rows).toEqual([{ transaction_isolation: level }]);
      }
    });

    it('add an entry once, of 200 calls at once', async () => {
      const answers = await atOnce(200, (store, index) => store.add('jti:one', `${index}`, null));
      const winners = answers.flatMap((added, index) => (added ? [`${index}`] : []));

      expect(winners).toHaveLength(1);
      expect(await stores[0]?.get(['jti:one'])).toEqual(winners);
    });

    it('replace a value once, of 200 calls at once', async () => {
      await stores[0]?.add('family:one', 'held', null);
      const answers = await atOnce(200, (store, index) =>
        store.replace('family:one', 'held', `${index}`, index % 3 === 0 ? null : ahead(DAY)),
      );
      const winners = answers.flatMap((replaced, index) => (replaced ? [`${index}`] : []));

      expect(winners).toHaveLength(1);
      expect(await stores[1]?.get(['family:one'])).toEqual(winners);
    });

    it('end at 200 if 200 calls count together', async () => {
      await stores[0]?.add('sub:alice', '0', null);
      await atOnce(200, async (store) => {
        for (;;) {
          const [held] = await store.get(['sub:alice']);
          if (await store.replace('sub:alice', held as string, `${Number(held) + 1}`, null)) return;
        }
      });

      expect(await stores[1]?.get(['sub:alice'])).toEqual(['200']);
    });

    it('answer each of many calls at once that add, replace, delete and write sessions', async () => {
      const keys = Array.from({ length: 5 }, (_, index) => `mixed:${index}`);
      const outcomes = await atOnce(400, async (store, index) => {
        const key = keys[index % keys.length] as string;
        const act = index % 4;
        if (act === 0) return store.add(key, '1', null);
        if (act === 1) return store.replace(key, '1', '2', ahead(DAY));
        if (act === 2) return store.delete(key);
        return store.sessions.put(key, `sid:${index % 10}`, '1', null);
      });

      expect(outcomes).toHaveLength(400);
      expect(await stores[0]?.sessions.list('mixed:0')).not.toEqual([]);
    });

    it('rotate a refresh token once, of 40 calls at once over two modules', async () => {
      const modules = await Promise.all(
        stores.map((store) => startTokens({ blocklist: { store }, rotation: { grace: '60s' } })),
      );
      const rotate = (token: string) =>
        Promise.all(
          Array.from({ length: 40 }, (_, index) =>
            (modules[index % 2] as TokenTools).tokens.rotateRefreshToken(token),
          ),
        );
      const { refreshToken } = await (modules[0] as TokenTools).tokens.createTokenPair('alice');
      const first = await rotate(refreshToken);
      // The first rotation adds the entry of the family, and the second replaces it.
      const second = await rotate((first[0] as TokenPair).refreshToken);
      for (const { module } of modules) await module.close();

      for (const pairs of [first, second]) {
        expect(new Set(pairs.map((pair) => claimsOf(pair.refreshToken).jti)).size).toBe(1);
        expect(new Set(pairs.map((pair) => claimsOf(pair.accessToken).jti)).size).toBe(1);
      }
    });
  },
);

describe('A conflict of a SqlBlocklistStore in PostgreSQL', () => {
  let pool: pg.Pool;
  let blocker: pg.PoolClient;
  let queries: { text: string; code: string | undefined }[];
  let store: SqlBlocklistStore;

  beforeAll(async () => {
    const connectionString = new URL(`/${await freshDatabase(server)}`, server.url).href;
    const options = String.raw`-c default_transaction_isolation=repeatable\ read`;
    pool = new pg.Pool({ connectionString, options });
    await migrated(pool);
    blocker = await pool.connect();
  });
  beforeEach(() => {
    queries = [];
    store = new SqlBlocklistStore({
      async query(text, values) {
        const query: (typeof queries)[number] = { text, code: undefined };
        queries.push(query);
        try {
          return await pool.query(text, values);
        } catch (error) {
          query.code = (error as { code?: string }).code;
          throw error;
        }
      },
    });
  });
  afterAll(async () => {
    blocker.release();
    await pool.end();
  });

  it('with a replacement that is committed meanwhile is tried again, and finds the new value', async () => {
    await store.add('family:one', 'held', null);
    queries = [];
    await blocker.query('BEGIN');
    await blocker.query(`UPDATE jwt_blocklist SET value = 'theirs' WHERE key = 'family:one'`);
    const replacing = store.replace('family:one', 'held', 'ours', null);
    await isWaiting();
    await blocker.query('COMMIT');

    expect(await replacing).toBe(false);
    expect(queries.map(({ code }) => code)).toEqual(['40001', undefined]);
    expect(await store.get(['family:one'])).toEqual(['theirs']);
  });

  it('with an entry that is added meanwhile is tried again, and finds the entry', async () => {
    await blocker.query('BEGIN');
    await blocker.query(`INSERT INTO jwt_blocklist VALUES ('family:two', 'theirs', null)`);
    const adding = store.add('family:two', 'ours', null);
    await isWaiting();
    await blocker.query('COMMIT');

    expect(await adding).toBe(false);
    expect(queries.map(({ code }) => code)).toEqual(['40001', undefined]);
    expect(await store.get(['family:two'])).toEqual(['theirs']);
  });

  it.each([
    ['a serialization failure', '40001'],
    ['a deadlock', '40P01'],
  ])('that never ends, %s, is given up after 20 attempts', async (_, code) => {
    await alwaysRaise(code);
    const calls = [
      () => store.add('x', '1', null),
      () => store.replace('family:one', 'theirs', 'x', null),
    ];
    for (const call of calls) {
      queries = [];

      await expect(call()).rejects.toMatchObject({ code, message: 'raised by the test' });

      expect(queries.map((query) => query.code)).toEqual(Array(20).fill(code));
    }
    await neverRaise();
    expect(await store.get(['x', 'family:one'])).toEqual([null, 'theirs']);
  });

  it('is not what any other error is: it is not tried again', async () => {
    await alwaysRaise('55000');
    const calls = [
      () => store.add('x', '1', null),
      () => store.replace('family:one', 'theirs', 'x', null),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: '55000' });

    expect(queries.map((query) => query.code)).toEqual(['55000', '55000']);
    await neverRaise();
  });

  /** Waits until a statement waits for the transaction of the test. */
  async function isWaiting(): Promise<void> {
    let count = 0;
    while (count === 0) {
      const { rows } = await blocker.query('SELECT FROM pg_locks WHERE NOT granted');
      count = rows.length;
    }
  }

  async function alwaysRaise(code: string): Promise<void> {
    await pool.query(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'raised by the test' USING ERRCODE = '${code}'; END $$`);
    await pool.query(`CREATE OR REPLACE TRIGGER refuse BEFORE INSERT OR UPDATE ON jwt_blocklist
      FOR EACH ROW EXECUTE FUNCTION refuse()`);
  }

  async function neverRaise(): Promise<void> {
    await pool.query('DROP TRIGGER refuse ON jwt_blocklist');
  }
});

const WRITER = join(import.meta.dirname, 'sql-writer.mjs');

/** A number of keys. */
function keysTo(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `jti:${index}`);
}

describe('A write that a SqlBlocklistStore in PostgreSQL acknowledged (R57)', () => {
  it('is there after the server was killed', async () => {
    const mortal = await PostgresServer.start();
    const pool = poolOf(mortal);
    const store = await migrated(pool);
    await store.sessions.put('alice', 'sid', 'laptop', null);
    await Promise.all(keysTo(200).map((key) => store.add(`sub:${key}`, '0', null)));
    const acknowledged: string[] = [];
    const replaced: string[] = [];
    const writes = keysTo(1_000).map(async (key, index) => {
      const former = `sub:${key}`;
      if (index < 200 && (await store.replace(former, '0', '1', null))) replaced.push(former);
      await store.add(key, '1', null);
      acknowledged.push(key);
      if (acknowledged.length === 500) await mortal.kill();
    });
    const outcomes = await Promise.allSettled(writes);
    await expect(store.get(['jti:one'])).rejects.toThrow();
    await mortal.restart();

    expect(acknowledged.length).toBeGreaterThanOrEqual(500);
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
    expect(await store.get(acknowledged)).toEqual(acknowledged.map(() => '1'));
    expect(replaced.length).toBeGreaterThan(0);
    expect(await store.get(replaced)).toEqual(replaced.map(() => '1'));
    expect(await store.sessions.list('alice')).toEqual(['laptop']);
    expect(await store.add(acknowledged[0] as string, '2', null)).toBe(false);
    await pool.end();
    await mortal.close();
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
    store = await migrated(database);
    await store.add('counter', '0', null);
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  it('is there after the process that wrote it was killed', async () => {
    const acknowledged = await write(100_000, { killedAfter: 200 });
    expect(acknowledged.length).toBeGreaterThanOrEqual(200);
    expect(acknowledged.length).toBeLessThan(100_000);
    // The process may have died between the addition and its replacement, or the report.
    const [counted] = await store.get(['counter']);
    expect(Math.abs(Number(counted) - acknowledged.length)).toBeLessThanOrEqual(1);
    expect(await store.get(acknowledged)).toEqual(acknowledged.map(() => '1'));
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    expect(await store.add('jti:0', '2', null)).toBe(false);
    expect(await store.add('jti:another', '1', null)).toBe(true);
  });

  it('is acknowledged to one of several processes, and no replacement is lost (R59)', async () => {
    const winners = await Promise.all([write(300), write(300), write(300)]);
    expect(winners.flat().sort()).toEqual(keysTo(300).sort());
    expect(await store.get(keysTo(300))).toEqual(keysTo(300).map(() => '1'));
    expect(await store.get(['counter'])).toEqual(['900']);
  });

  it('is never one that met the lock of another connection, and the next write is there', async () => {
    await store.add('sub:alice', '0', null);
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
      await store.add('sub:alice', '0', null);
      const triggers = [
        ['no_add', 'INSERT ON jwt_blocklist'],
        ['no_replace', 'UPDATE ON jwt_blocklist'],
        ['no_put', 'INSERT ON jwt_blocklist_sessions'],
      ] as const;
      for (const [name, event] of triggers) {
        database.exec(
          `CREATE TRIGGER ${name} BEFORE ${event} BEGIN SELECT RAISE(${how}, 'the disk is full'); END`,
        );
      }
      await expectRejections(store, { message: expect.stringMatching(/the disk is full/) });
      for (const [name] of triggers) database.exec(`DROP TRIGGER ${name}`);
      const other = new Database(path);
      await expectWorking(new SqlBlocklistStore(other));
      other.close();
    },
  );

  /** Nothing was written, the next write is visible over another connection, and that one can write. */
  async function expectWorking(theirs: SqlBlocklistStore): Promise<void> {
    expect(await store.get(['jti:one', 'sub:alice'])).toEqual([null, '0']);
    expect(await store.sessions.list('alice')).toEqual([]);
    expect(await store.add('jti:one', '1', null)).toBe(true);
    expect(await store.replace('sub:alice', '0', '1', null)).toBe(true);
    expect(await theirs.get(['sub:alice'])).toEqual(['1']);
    expect(await theirs.get(['jti:one'])).toEqual(['1']);
    expect(await theirs.add('jti:another', '1', null)).toBe(true);
  }

  /** The keys that another process reported as added before it ended or was killed. */
  async function write(
    count: number,
    { killedAfter = Infinity }: { readonly killedAfter?: number } = {},
  ): Promise<readonly string[]> {
    const { add, replace } = dialectOf(database, sqlTable('jwt_blocklist')).statements;
    const task = JSON.stringify({ path, add, replace, count });
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
    store.replace('sub:alice', '0', '1', null),
    store.sessions.put('alice', 'sid', '1', null),
  ];
  for (const outcome of await Promise.allSettled(writes))
    expect(outcome).toMatchObject({ status: 'rejected', reason });
}
