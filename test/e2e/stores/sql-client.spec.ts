import { describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import AsyncDatabase from 'libsql/promise';
import { JwtExtendedConfigError } from '../../../src/index.js';
import {
  SqlBlocklistStore,
  type SqlBlocklistStoreOptions,
} from '../../../src/stores/sql-blocklist.store.js';
import type { SqlClient } from '../../../src/stores/sql-statements.js';

/** A client of PostgreSQL's kind that answers whatever is asked with these rows. */
function answering(...rows: readonly unknown[]): SqlBlocklistStore {
  return new SqlBlocklistStore({ query: async () => ({ rows }) });
}

/** A client whose answers are of another library's kind. */
function foreign(answer: unknown): SqlBlocklistStore {
  return new SqlBlocklistStore({ query: async () => answer } as SqlClient);
}

async function inMemory(options?: SqlBlocklistStoreOptions): Promise<SqlBlocklistStore> {
  const store = new SqlBlocklistStore(new Database(':memory:'), options);
  await store.migrate();
  return store;
}

describe('A SqlBlocklistStore is not made', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an address', 'postgres://localhost/app'],
    ['an object', {}],
    ['a query builder', () => ({ query: async () => ({ rows: [] }) })],
    ['what only has the names', { query: 'SELECT 1', prepare: true }],
    ['a client of Redis', { get: async () => null, set: async () => 'OK' }],
  ])('with %s for a client', (_, client) => {
    const made = () => new SqlBlocklistStore(client as unknown as SqlClient);
    expect(made).toThrow(JwtExtendedConfigError);
    expect(made).toThrow(
      'SqlBlocklistStore: give it a Pool or a Client of pg, a PGlite, or a Database of libsql or better-sqlite3',
    );
  });

  it.each([
    ...[
      '',
      '1st',
      'a b',
      'a-b',
      'a"b',
      "a'b",
      'a;b',
      'ä',
      'a\n',
      'a\0',
      '.a',
      'a.',
      'a..b',
      'a.b.c',
    ],
    ...['x; DROP TABLE users', 'x"; DROP TABLE users; --', 'a'.repeat(64), 'a'.repeat(48)],
    ...[null, 1, {}, ['a'], { toString: () => 'a' }],
  ])('with the table %j (R66)', (table) => {
    const made = () => new SqlBlocklistStore(new Database(':memory:'), { table: table as string });
    expect(made).toThrow(JwtExtendedConfigError);
    expect(made).toThrow(/^SqlBlocklistStore: table must be /);
  });

  it.each([null, 1, {}, 'a\0', '\ud800', 'a\udc00'])('with the prefix %j', (prefix) => {
    const made = () =>
      new SqlBlocklistStore(new Database(':memory:'), { prefix: prefix as string });
    expect(made).toThrow(JwtExtendedConfigError);
    expect(made).toThrow(/^SqlBlocklistStore: prefix must be text/);
  });
});

it('A SqlBlocklistStore is not made with an option that it has not', () => {
  for (const options of [{ tabel: 'revoked' }, null, 'revoked']) {
    const made = () => new SqlBlocklistStore(new Database(':memory:'), options as object);
    expect(made).toThrow(JwtExtendedConfigError);
    expect(made).toThrow(/^SqlBlocklistStore/);
  }
});

describe('A SqlBlocklistStore refuses to start', () => {
  it('with a database that answers later', async () => {
    const database = new AsyncDatabase(':memory:', {});
    const store = new SqlBlocklistStore(database as unknown as SqlClient);
    for (const attempt of [store.check(), store.migrate(), store.get(['jti:one'])]) {
      const refusal: unknown = await attempt.catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(JwtExtendedConfigError);
      expect((refusal as Error).message).toMatch(/give it a Database of libsql or better-sqlite3$/);
    }
    database.close();
  });

  it('with a database whose answers come by callback', async () => {
    const statement = { run: () => statement, get: () => statement, all: () => statement };
    const client = { prepare: () => statement, exec: () => undefined } as unknown as SqlClient;
    const refusal = await new SqlBlocklistStore(client).check().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(JwtExtendedConfigError);
    expect((refusal as Error).message).toMatch(/give it a Database of libsql or better-sqlite3$/);
  });

  it.each([
    ['a list', [[], []]],
    ['nothing', undefined],
    ['null', null],
    ['rows that are none', { rows: {} }],
    ['another name for rows', { recordset: [] }],
  ])('with a client that answers with %s', async (_, answer) => {
    const store = foreign(answer);
    for (const attempt of [
      store.check(),
      store.add('jti:one', '1', null),
      store.get(['jti:one']),
    ]) {
      const refusal: unknown = await attempt.catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(JwtExtendedConfigError);
      expect((refusal as Error).message).toMatch(/give it a Pool or a Client of pg, or a PGlite$/);
    }
  });
});

describe('A SqlBlocklistStore passes on', () => {
  it.each([
    ['an error', new Error('the network is away')],
    ['a state that is not of its tables', { code: '42501', message: 'permission denied' }],
    ['a number for a state', { code: 42, message: 7 }],
    ['text', 'no such table'],
    ['null', null],
    ['nothing', undefined],
  ])('%s that a client rejects with', async (_, reason) => {
    const postgres = { query: () => Promise.reject(reason) };
    const fail = () => {
      throw reason;
    };
    const sqlite = { exec: fail, prepare: fail };
    for (const client of [postgres, sqlite]) {
      const store = new SqlBlocklistStore(client);
      for (const attempt of [store.check(), store.migrate(), store.add('jti:one', '1', null)]) {
        await expect(attempt).rejects.toBe(reason);
      }
    }
  });
});

describe('A SqlBlocklistStore takes no answer for "not revoked"', () => {
  it.each([
    ['a row that is null', null],
    ['a row that is text', 'jti:one'],
    ['a row without columns', {}],
    ['a row as a list', ['=jti:one', '=1']],
    ['a value that is null', { key: '=jti:one', value: null }],
    ['a value that is a number', { key: '=jti:one', value: 1 }],
    ['a value that is bytes', { key: '=jti:one', value: Buffer.from('=1') }],
    ['a value that was not asked for in this way', { key: '=jti:one', value: '1' }],
    ['a key that is missing', { value: '=1' }],
    ['a key that is a number', { key: 1, value: '=1' }],
    ['a key in another case', { key: '=JTI:ONE', value: '=1' }],
    ['a key with blanks after it', { key: '=jti:one  ', value: '=1' }],
    ['a column by another name', { KEY: '=jti:one', VALUE: '=1' }],
  ])('when there is %s', async (_, row) => {
    await expect(answering(row).get(['jti:one'])).rejects.toThrow(
      /^SqlBlocklistStore: the database gave a row (without text for its|for a key that nobody)/,
    );
  });

  it('when a session is not text', async () => {
    await expect(answering({ value: { id: 1 } }).sessions.list('alice')).rejects.toThrow(
      'SqlBlocklistStore: the database gave a row without text for its value',
    );
  });

  it('and says nothing of the key or the value in doing so', async () => {
    const refusal = await answering({ key: '=jti:secret', value: '=secret' })
      .get(['jti:one'])
      .catch((error: unknown) => error);
    expect((refusal as Error).message).not.toMatch('secret');
  });
});

describe('A SqlBlocklistStore refuses', () => {
  it.each(['\0', 'a\0b', 'a\0', '\ud800', '\udc00', 'a\udfffb', '\ude00\ud83d'])(
    'the text %j, which a database would take for another (R66)',
    async (text) => {
      const store = await inMemory();
      for (const attempt of [
        () => store.add(text, '1', null),
        () => store.add('jti:one', text, null),
        () => store.raise(text, 1, null),
        () => store.get(['jti:one', text]),
        () => store.delete(text),
        async () => store.sessions.put(text, 'sid', '1', null),
        async () => store.sessions.put('alice', text, '1', null),
        async () => store.sessions.put('alice', 'sid', text, null),
        async () => store.sessions.list(text),
        async () => store.sessions.remove(text, 'sid'),
        async () => store.sessions.remove('alice', text),
      ]) {
        await expect(attempt()).rejects.toThrow(
          'SqlBlocklistStore: text with a NUL character or half a surrogate pair cannot be kept',
        );
      }
      expect(await store.get(['jti:one', 'a', '\ufffd'])).toEqual([null, null, null]);
      expect(await store.sessions.list('alice')).toEqual([]);
    },
  );

  it.each([-1, 1.5, NaN, Infinity, 2 ** 53, '7'])('to raise to %p', async (number) => {
    const store = await inMemory();
    await expect(store.raise('sub:alice', number as number, null)).rejects.toThrow(
      'SqlBlocklistStore: a number to raise to must be whole, and 0 or more',
    );
    expect(await store.get(['sub:alice'])).toEqual([null]);
  });

  it('to keep anything until an invalid date', async () => {
    const store = await inMemory();
    const never = new Date(NaN);
    for (const attempt of [
      () => store.add('jti:one', '1', never),
      () => store.raise('jti:one', 1, never),
      async () => store.sessions.put('alice', 'sid', '1', never),
    ]) {
      await expect(attempt()).rejects.toThrow('SqlBlocklistStore: an invalid date');
    }
    expect(await store.get(['jti:one'])).toEqual([null]);
    expect(await store.sessions.list('alice')).toEqual([]);
  });

  it('to raise what is not a number, however much it looks like one', async () => {
    const store = await inMemory();
    for (const value of ['', ' ', '1 ', '+1', '-1', '1.0', '1e3', '0x1', 'NaN', '1\n', '１']) {
      await store.add(`sub:${value}`, value, null);
      await expect(store.raise(`sub:${value}`, 5, null)).rejects.toThrow(
        'SqlBlocklistStore: an entry that is not a number cannot be raised',
      );
      expect(await store.get([`sub:${value}`])).toEqual([value]);
    }
  });
});
