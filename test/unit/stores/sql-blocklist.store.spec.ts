import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import Database from 'libsql';
import AsyncDatabase from 'libsql/promise';
import {
  JwtExtendedConfigError,
  SqlBlocklistStore,
  type SqlBlocklistStoreOptions,
  type SqlClient,
} from '../../../src/index.js';
import { failureOf, throwing } from '../../support/faults.js';

/** A store over a client of PostgreSQL that answers each statement with these rows. */
function answering(...rows: readonly unknown[]): SqlBlocklistStore {
  return new SqlBlocklistStore({ query: async () => ({ rows }) });
}

async function inMemory(options?: SqlBlocklistStoreOptions): Promise<SqlBlocklistStore> {
  const store = new SqlBlocklistStore(new Database(':memory:'), options);
  await store.migrate();
  return store;
}

describe('SqlBlocklistStore', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an address', 'postgres://localhost/app'],
    ['an object', {}],
    ['a query builder', () => ({ query: async () => ({ rows: [] }) })],
    ['an object with members that are not functions', { query: 'SELECT 1', prepare: true }],
    ['a client of Redis', { get: async () => null, set: async () => 'OK' }],
  ])('rejects %s as a client', (_, client) => {
    const made = () => new SqlBlocklistStore(client as unknown as SqlClient);
    expect(made).toThrow(JwtExtendedConfigError);
    expect(made).toThrow(
      'SqlBlocklistStore: give it a Pool or a Client of pg, a PGlite, a DataSource of TypeORM, or a Database of libsql or better-sqlite3',
    );
  });

  it.each(['better-sqlite3', 'mysql', 'cockroachdb'])(
    'rejects a DataSource of TypeORM for %s and names what to give',
    (type) => {
      const dataSource = { options: { type }, query: async () => [] };
      const made = () => new SqlBlocklistStore(dataSource);
      expect(made).toThrow(JwtExtendedConfigError);
      expect(made).toThrow(
        `SqlBlocklistStore: the DataSource is for ${type}, and must be for postgres; for SQLite, open a Database of libsql or better-sqlite3 on the same file`,
      );
    },
  );

  it.each([
    ['{ rows }', { rows: [{ value: '=1' }] }],
    ['rows', [{ value: '=1' }]],
    ['a pair of rows and their number', [[{ value: '=1' }], 1]],
  ])('takes %s as the answer of a client', async (_, answer) => {
    const store = new SqlBlocklistStore({ query: async () => answer });
    expect(await store.replace('jti:one', '1', '2', null)).toBe(true);
    expect(await store.sessions.list('alice')).toEqual(['1']);
  });

  it.each([
    ['{ rows }', { rows: [] }],
    ['rows', []],
    ['a pair of rows and their number', [[], 0]],
  ])('sees in %s that no row was written', async (_, answer) => {
    const store = new SqlBlocklistStore({ query: async () => answer });
    expect(await store.add('jti:one', '1', null)).toBe(false);
    expect(await store.get(['jti:one'])).toEqual([null]);
  });

  /** Options that a store refuses, and how its error begins. */
  const REFUSED: readonly (readonly [object | string | null, RegExp])[] = [
    ...[
      ...['', '1st', 'a b', 'a-b', 'a"b', "a'b", 'a;b', 'ä', 'a\n', 'a\0', '.a', 'a.', 'a..b'],
      ...['a.b.c', 'x; DROP TABLE users', 'x"; DROP TABLE users; --', 'a'.repeat(64)],
      ...['a'.repeat(48), null, 1, {}, ['a'], { toString: () => 'a' }],
    ].map((table) => [{ table }, /^SqlBlocklistStore: table must be /] as const),
    ...[null, 1, {}, 'a\0', '\ud800', 'a\udc00'].map(
      (prefix) => [{ prefix }, /^SqlBlocklistStore: prefix must be text/] as const,
    ),
    ...[{ tabel: 'revoked' }, null, 'revoked'].map(
      (options) => [options, /^SqlBlocklistStore/] as const,
    ),
  ];

  it.each(REFUSED)('rejects the options %j (R66)', (options, message) => {
    const made = () => new SqlBlocklistStore(new Database(':memory:'), options as object);
    expect(made).toThrow(JwtExtendedConfigError);
    expect(made).toThrow(message);
  });

  it('rejects a database whose methods return promises', async () => {
    const database = new AsyncDatabase(':memory:', {});
    const store = new SqlBlocklistStore(database as unknown as SqlClient);
    await expectMisfit([store.check(), store.migrate(), store.get(['jti:one'])], SQLITE);
    database.close();
  });

  it('rejects a database that answers by callback', async () => {
    const statement = { run: () => statement, get: () => statement, all: () => statement };
    const client = { prepare: () => statement, exec: () => undefined } as unknown as SqlClient;
    await expectMisfit([new SqlBlocklistStore(client).check()], SQLITE);
  });

  it.each([
    ['a pair of rows and columns', [[], []]],
    ['rows as lists', [['=jti:one', '=1']]],
    ['nothing', undefined],
    ['null', null],
    ['rows that are not a list', { rows: {} }],
    ['another name for rows', { recordset: [] }],
  ])('rejects a client that answers with %s', async (_, answer) => {
    const store = new SqlBlocklistStore({ query: async () => answer } as unknown as SqlClient);
    await expectMisfit(
      [store.check(), store.add('jti:one', '1', null), store.get(['a'])],
      POSTGRES,
    );
  });

  const SQLITE = 'give it a Database of libsql or better-sqlite3';
  const POSTGRES = 'give it a Pool or a Client of pg, a PGlite, or a DataSource of TypeORM';

  /** Each call rejects because the client is of another library, and says what to give. */
  async function expectMisfit(calls: readonly Promise<unknown>[], hint: string): Promise<void> {
    for (const failure of (await Promise.all(calls.map(failureOf))) as Error[]) {
      expect(failure).toBeInstanceOf(JwtExtendedConfigError);
      expect(failure.message.endsWith(hint)).toBe(true);
    }
  }
});

describe('An error of the client of a SqlBlocklistStore', () => {
  it.each([
    ['an error', new Error('the network is away')],
    ['a SQLSTATE that does not concern the tables', { code: '42501', message: 'denied' }],
    ['a code that is a number', { code: 42, message: 7 }],
    ['text', 'no such table'],
    ['null', null],
    ['undefined', undefined],
  ])('is passed on if it is %s', async (_, reason) => {
    const fail = throwing(reason);
    for (const client of [{ query: () => Promise.reject(reason) }, { exec: fail, prepare: fail }]) {
      const store = new SqlBlocklistStore(client);
      for (const attempt of [store.check(), store.migrate(), store.add('jti:one', '1', null)])
        await expect(attempt).rejects.toBe(reason);
    }
  });
});

describe('A conflict in PostgreSQL with another transaction', () => {
  /** The calls of a store, each of which is one statement. */
  const CALLS: readonly (readonly [string, (store: SqlBlocklistStore) => unknown, unknown])[] = [
    ['add', (store) => store.add('jti:one', '1', null), true],
    ['replace', (store) => store.replace('jti:one', '1', '2', null), true],
    ['delete', (store) => store.delete('jti:one'), undefined],
    ['put', (store) => store.sessions.put('alice', 'sid', '1', null), undefined],
    ['remove', (store) => store.sessions.remove('alice', 'sid'), undefined],
  ];
  const CONFLICTS = ['40001', '40P01'];
  const EACH = CALLS.flatMap(([method, call, answer]) =>
    CONFLICTS.map((code) => [method, code, call, answer] as const),
  );

  /** A store whose client rejects so many statements, and the statements that it was given. */
  function failing(count: number, error: unknown) {
    const statements: string[] = [];
    const query = async (text: string, values: unknown[]) => {
      statements.push(JSON.stringify([text, values]));
      if (statements.length <= count) throw error;
      return { rows: [{}] };
    };
    return { store: new SqlBlocklistStore({ query }), statements };
  }

  beforeEach(() => {
    // The pauses between the attempts are random.
    jest.spyOn(Math, 'random').mockReturnValue(0);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each(EACH)('makes %s try the same statement again (%s)', async (_, code, call, answer) => {
    const { store, statements } = failing(19, { code, message: 'could not serialize access' });

    expect(await call(store)).toBe(answer);

    expect(statements).toHaveLength(20);
    expect(new Set(statements).size).toBe(1);
  });

  it.each(EACH)(
    "makes %s give up after 20 attempts with the database's error (%s)",
    async (_, code, call) => {
      const error = Object.assign(new Error('could not serialize access'), { code });
      const { store, statements } = failing(Infinity, error);

      expect(await failureOf(Promise.resolve(call(store)))).toBe(error);

      expect(statements).toHaveLength(20);
    },
  );

  it('is told from another error, which is not tried again', async () => {
    const codes = ['40000', '40002', '40003', '23505', '25P02', '55P03', '57014', '08006', 40001];
    for (const error of [...codes.map((code) => ({ code, message: '40001' })), null, '40001']) {
      for (const [, call] of CALLS) {
        const { store, statements } = failing(Infinity, error);

        expect(await failureOf(Promise.resolve(call(store)))).toBe(error);

        expect(statements).toHaveLength(1);
      }
    }
  });

  it('makes a call fail with the error of a later attempt, if that is another one', async () => {
    const errors = [{ code: '40001' }, { code: '40P01' }, { code: '57P01' }];
    const query = () => Promise.reject(errors.shift());
    const store = new SqlBlocklistStore({ query });

    expect(await failureOf(store.replace('jti:one', '1', '2', null))).toEqual({ code: '57P01' });
    expect(errors).toEqual([]);
  });
});

describe('Rows that do not answer the question', () => {
  it.each([
    ['a row that is null', null],
    ['a row that is text', 'jti:one'],
    ['a row without columns', {}],
    ['a row as a list', ['=jti:one', '=1']],
    ['a value that is null', { key: '=jti:one', value: null }],
    ['a value that is a number', { key: '=jti:one', value: 1 }],
    ['a value that is bytes', { key: '=jti:one', value: Buffer.from('=1') }],
    ['a value without the mark that the statement adds', { key: '=jti:one', value: '1' }],
    ['a key that is missing', { value: '=1' }],
    ['a key that is a number', { key: 1, value: '=1' }],
    ['a key in another case', { key: '=JTI:ONE', value: '=1' }],
    ['a key with blanks after it', { key: '=jti:one  ', value: '=1' }],
    ['a column by another name', { KEY: '=jti:one', VALUE: '=1' }],
  ])('make a look-up reject if there is %s', async (_, row) => {
    await expect(answering(row).get(['jti:one'])).rejects.toThrow(
      /^SqlBlocklistStore: the database returned a row (without text in|for a key that was not)/,
    );
  });

  it('make the list of sessions reject if a session is not text', async () => {
    await expect(answering({ value: { id: 1 } }).sessions.list('alice')).rejects.toThrow(
      'SqlBlocklistStore: the database returned a row without text in value',
    );
  });

  it('make the look-up of a session reject if the record is not text', async () => {
    for (const row of [null, {}, { value: 7 }, { value: '{}' }])
      await expect(answering(row).sessions.get('alice', 'sid')).rejects.toThrow(
        'SqlBlocklistStore: the database returned a row without text in value',
      );
  });

  it('do not show their key or value in the error', async () => {
    const store = answering({ key: '=jti:secret', value: '=secret' });
    expect(String(await failureOf(store.get(['jti:one'])))).not.toMatch('secret');
  });
});

describe('Input that a SqlBlocklistStore rejects', () => {
  it.each(['\0', 'a\0b', 'a\0', '\ud800', '\udc00', 'a\udfffb', '\ude00\ud83d'])(
    'is the text %j, which a database would change (R66)',
    async (text) => {
      const store = await inMemory();
      for (const attempt of [
        () => store.add(text, '1', null),
        () => store.add('jti:one', text, null),
        () => store.replace(text, '1', '2', null),
        () => store.replace('jti:one', text, '2', null),
        () => store.replace('jti:one', '1', text, null),
        () => store.get(['jti:one', text]),
        () => store.delete(text),
        async () => store.sessions.put(text, 'sid', '1', null),
        async () => store.sessions.put('alice', text, '1', null),
        async () => store.sessions.put('alice', 'sid', text, null),
        async () => store.sessions.get(text, 'sid'),
        async () => store.sessions.get('alice', text),
        async () => store.sessions.list(text),
        async () => store.sessions.remove(text, 'sid'),
        async () => store.sessions.remove('alice', text),
      ]) {
        await expect(attempt()).rejects.toThrow(
          'SqlBlocklistStore: a database cannot keep text with a NUL character or an unpaired surrogate',
        );
      }
      expect(await store.get(['jti:one', 'a', '\ufffd'])).toEqual([null, null, null]);
      expect(await store.sessions.list('alice')).toEqual([]);
    },
  );

  it('is an invalid date', async () => {
    const store = await inMemory();
    const never = new Date(NaN);
    await store.add('jti:two', '1', null);
    for (const attempt of [
      () => store.add('jti:one', '1', never),
      () => store.replace('jti:two', '1', '2', never),
      async () => store.sessions.put('alice', 'sid', '1', never),
    ]) {
      await expect(attempt()).rejects.toThrow('SqlBlocklistStore: expiresAt must be a valid date');
    }
    expect(await store.get(['jti:one', 'jti:two'])).toEqual([null, '1']);
    expect(await store.sessions.list('alice')).toEqual([]);
  });
});
