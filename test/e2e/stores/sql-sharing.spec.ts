import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SqlBlocklistStore } from '../../../src/stores/sql-blocklist.store.js';
import { DIALECTS, type OpenDatabase } from './sql-databases.js';

/** Text that would be a part of the statement if it were not handed over beside it. */
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
    database = await open();
    await new SqlBlocklistStore(database.client).migrate();
  });
  afterAll(() => database.close());

  it('do not see each other by two prefixes in one table', async () => {
    const [admin, shop] = ['admin:', 'shop:'].map(
      (prefix) => new SqlBlocklistStore(database.client, { prefix }),
    ) as [SqlBlocklistStore, SqlBlocklistStore];
    await areApart(admin, shop);
    const keys = await database.rows(`SELECT key FROM jwt_blocklist WHERE key LIKE '%:jti:one'`);
    expect(keys).toEqual([{ key: 'shop:jti:one' }]);
  });

  it('do not see each other in two tables', async () => {
    const [admin, shop] = ['admin', 'shop'].map(
      (table) => new SqlBlocklistStore(database.client, { table }),
    ) as [SqlBlocklistStore, SqlBlocklistStore];
    await admin.migrate();
    await shop.migrate();
    await areApart(admin, shop);
  });

  it('act as one by one prefix in one table (R65)', async () => {
    const [one, other] = [1, 2].map(
      () => new SqlBlocklistStore(database.client, { prefix: 'both:' }),
    ) as [SqlBlocklistStore, SqlBlocklistStore];
    expect(await one.add('jti:two', '1', null)).toBe(true);
    expect(await other.add('jti:two', '2', null)).toBe(false);
    expect(await other.get(['jti:two'])).toEqual(['1']);
    await one.sessions.put('bob', 'sid', 'laptop', null);
    expect(await other.sessions.list('bob')).toEqual(['laptop']);
  });

  it.each(INJECTIONS)('take %j for text wherever it stands (R66)', async (text) => {
    const store = new SqlBlocklistStore(database.client, { prefix: `injection:${text}:` });
    await store.add('jti:victim', 'kept', null);
    expect(await store.get([text])).toEqual([null]);
    expect(await store.add(text, text, null)).toBe(true);
    await store.raise(`${text}#`, 7, null);
    expect(await store.get([text, `${text}#`, 'jti:victim'])).toEqual([text, '7', 'kept']);
    await store.sessions.put(text, text, text, null);
    expect(await store.sessions.list(text)).toEqual([text]);
    await store.sessions.remove(text, text);
    await store.delete(text);
    expect(await store.get([text, `${text}#`, 'jti:victim'])).toEqual([null, '7', 'kept']);
    expect(await store.sessions.list(text)).toEqual([]);
  });

  /** Whatever is done in the first leaves the second as it is. */
  async function areApart(one: SqlBlocklistStore, other: SqlBlocklistStore): Promise<void> {
    expect(await one.add('jti:one', 'one', null)).toBe(true);
    expect(await other.get(['jti:one'])).toEqual([null]);
    expect(await other.add('jti:one', 'other', null)).toBe(true);
    await one.raise('sub:alice', 9, null);
    await other.raise('sub:alice', 3, null);
    await one.sessions.put('alice', 'sid', 'of one', null);
    await other.sessions.put('alice', 'sid', 'of the other', null);
    await one.delete('jti:one');
    expect(await one.get(['jti:one', 'sub:alice'])).toEqual([null, '9']);
    expect(await other.get(['jti:one', 'sub:alice'])).toEqual(['other', '3']);
    expect(await one.sessions.list('alice')).toEqual(['of one']);
    await one.sessions.remove('alice', 'sid');
    expect(await other.sessions.list('alice')).toEqual(['of the other']);
  }
});
