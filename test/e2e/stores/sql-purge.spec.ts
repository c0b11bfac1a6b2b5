import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { dialectOf, SqlBlocklistStore } from '../../../src/stores/sql-blocklist.store.js';
import { type SqlClient, sqlTable } from '../../../src/stores/sql-statements.js';
import { PostgresServer } from '../../support/postgres.js';
import { DIALECTS, type OpenDatabase, poolOf } from './sql-databases.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A moment that lies so far from now. */
function ahead(milliseconds: number): Date {
  return new Date(Date.now() + milliseconds);
}

/** Numbers from 1, as a table; PostgreSQL and SQLite both understand it. */
function numbers(count: number): string {
  return `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    SELECT i FROM n) AS numbers`;
}

/** The client, with an ear on what is handed over with each statement. */
function overheard(client: SqlClient, heard: (values: readonly unknown[]) => void): SqlClient {
  if ('query' in client) {
    return {
      query(text, values) {
        heard(values);
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
          heard(values);
          return statement.all(...values);
        },
      };
    },
  };
}

describe.each(DIALECTS)('Purging a SqlBlocklistStore in %s', (dialect, open) => {
  let database: OpenDatabase;
  let store: SqlBlocklistStore;

  beforeAll(async () => {
    database = await open();
    store = new SqlBlocklistStore(database.client);
    await store.migrate();
  });
  beforeEach(async () => {
    await database.rows('DELETE FROM jwt_blocklist');
    await database.rows('DELETE FROM jwt_blocklist_sessions');
  });
  afterAll(() => database.close());

  it('deletes what expired five minutes ago, and nothing that is younger (R58, R74)', async () => {
    await store.add('jti:old', '1', ahead(-5 * MINUTE - 1));
    await store.add('jti:recent', '1', ahead(-4 * MINUTE));
    await store.add('jti:live', '1', ahead(MINUTE));
    await store.add('jti:immortal', '1', null);
    await store.raise('sub:old', 1, ahead(-DAY));
    await store.raise('sub:immortal', 1, null);
    await store.sessions.put('alice', 'old', 'old', ahead(-DAY));
    await store.sessions.put('alice', 'recent', 'recent', ahead(-MINUTE));
    await store.sessions.put('alice', 'live', 'live', ahead(DAY));
    await store.sessions.put('alice', 'immortal', 'immortal', null);

    expect(await store.purge()).toBe(3);

    expect(
      await store.get(['jti:old', 'jti:recent', 'jti:live', 'jti:immortal', 'sub:old']),
    ).toEqual([null, '1', '1', '1', null]);
    expect(await store.get(['sub:immortal'])).toEqual(['1']);
    expect([...(await store.sessions.list('alice'))].sort()).toEqual([
      'immortal',
      'live',
      'recent',
    ]);
    expect(await store.purge()).toBe(0);
  });

  it('deletes what expired five minutes before another moment', async () => {
    const noon = new Date('2026-01-01T12:00:00Z');
    await store.add('jti:at 11:55', '1', new Date('2026-01-01T11:55:00.000Z'));
    await store.add('jti:after 11:55', '1', new Date('2026-01-01T11:55:00.001Z'));
    expect(await store.purge({ before: noon })).toBe(1);
    expect(await store.get(['jti:at 11:55', 'jti:after 11:55'])).toEqual([null, '1']);
  });

  it('deletes for everybody who shares the table', async () => {
    const other = new SqlBlocklistStore(database.client, { prefix: 'other:' });
    await other.add('jti:one', '1', ahead(-DAY));
    await other.sessions.put('alice', 'sid', '1', ahead(-DAY));
    expect(await store.purge()).toBe(2);
    expect(await other.get(['jti:one'])).toEqual([null]);
  });

  it('lets an entry be added anew', async () => {
    await store.add('jti:one', 'before', ahead(-DAY));
    await store.purge();
    expect(await store.add('jti:one', 'after', ahead(DAY))).toBe(true);
    expect(await store.get(['jti:one'])).toEqual(['after']);
  });

  it.each([
    [1_000, undefined, [1_000, 1_000, 1_000, 1_000]],
    [700, 700, [700, 700, 700, 700, 700]],
  ])('goes by batches of %i, and lets others run in between', async (_, batch, batches) => {
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
    const client = overheard(database.client, (values) => {
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

  it.each([0, -1, 1.5, NaN, Infinity, '10', null])('refuses batches of %p', async (batch) => {
    await expect(store.purge({ batch: batch as number })).rejects.toThrow(
      'SqlBlocklistStore: batch must be a whole number of 1 or more',
    );
  });

  it('refuses an invalid date', async () => {
    await store.add('jti:one', '1', ahead(-DAY));
    await expect(store.purge({ before: new Date(NaN) })).rejects.toThrow(
      'SqlBlocklistStore: before must be a valid date',
    );
    expect(await store.get(['jti:one'])).toEqual(['1']);
  });

  it('goes by the index, as every question does', async () => {
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
    const { statements, keyList, rows } = bound(database.client);
    const [purgeEntries = '', purgeSessions = ''] = statements.purge;
    const explain = dialect === 'SQLite' ? 'EXPLAIN QUERY PLAN ' : 'EXPLAIN ';
    const plan = async (statement: string, ...values: readonly unknown[]) =>
      JSON.stringify(await rows(explain + statement, values));

    const keys = keyList(['jti:1', 'jti:x', 'jti:y', 'jti:z']);
    const byKey =
      /Index (Only )?Scan (using|on) jwt_blocklist_pkey|SEARCH jwt_blocklist USING PRIM/;
    const byIdentity =
      /(using|on) jwt_blocklist_sessions_pkey|SEARCH jwt_blocklist_sessions USING P/;
    expect(await plan(statements.get, keys)).toMatch(byKey);
    expect(await plan(statements.delete, 'jti:1')).toMatch(byKey);
    expect(await plan(statements.list, 'user:1')).toMatch(byIdentity);
    expect(await plan(statements.remove, 'user:1', 'sid')).toMatch(byIdentity);
    expect(await plan(purgeEntries, Date.now(), 1_000)).toMatch(/ jwt_blocklist_expiry /);
    expect(await plan(purgeSessions, Date.now(), 1_000)).toMatch(/ jwt_blocklist_sessions_expiry /);
    for (const statement of [purgeEntries, purgeSessions]) {
      expect(await plan(statement, Date.now(), 1_000)).not.toMatch(/Seq Scan|SCAN jwt/);
    }
  });
});

/** What the store says to a database, and the means to say it. */
function bound(client: SqlClient) {
  const dialect = dialectOf(client, sqlTable('jwt_blocklist'));
  return {
    statements: dialect.statements,
    keyList: dialect.keyList.bind(dialect),
    rows: dialect.rows.bind(dialect),
  };
}

describe('Purging a SqlBlocklistStore in PostgreSQL from several processes', () => {
  let server: PostgresServer;
  let pools: readonly pg.Pool[];
  let stores: readonly SqlBlocklistStore[];

  beforeAll(async () => {
    server = await PostgresServer.start();
    pools = [1, 2, 3, 4].map(() => poolOf(server));
    stores = pools.map((pool) => new SqlBlocklistStore(pool));
    await stores[0]?.migrate();
  });
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await server.close();
  });

  it('deletes each row once', async () => {
    await pools[0]?.query(
      `INSERT INTO jwt_blocklist SELECT 'jti:' || i, '1', i FROM ${numbers(5_000)}`,
    );
    const counts = await Promise.all(stores.map((store) => store.purge({ batch: 50 })));
    expect(counts.reduce((sum, count) => sum + count)).toBe(5_000);
    expect((await pools[0]?.query('SELECT FROM jwt_blocklist'))?.rowCount).toBe(0);
  });

  it('neither waits for an entry that is being prolonged nor deletes it', async () => {
    const [store] = stores as [SqlBlocklistStore];
    await store.raise('sub:alice', 1, ahead(-DAY));
    await store.add('jti:old', '1', ahead(-DAY));
    const connection = await (pools[1] as pg.Pool).connect();
    await connection.query('BEGIN');
    await new SqlBlocklistStore(connection).raise('sub:alice', 2, ahead(DAY));
    const meanwhile = await store.purge();
    await connection.query('COMMIT');
    connection.release();

    expect(meanwhile).toBe(1);
    expect(await store.purge()).toBe(0);
    expect(await store.get(['sub:alice', 'jti:old'])).toEqual(['2', null]);
  });
});
