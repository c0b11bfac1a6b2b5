import { afterAll, beforeAll, describe, it, jest } from '@jest/globals';
import { SqlBlocklistStore } from '../../../src/revocation/sql/sql-blocklist.store.js';
import { blocklistStoreContract } from '../../../src/testing/blocklist-store-contract.js';
import { DATABASES, type OpenDatabase, OPENS_WITHIN_MS } from './sql-databases.js';

jest.setTimeout(OPENS_WITHIN_MS);

describe.each(Object.entries(DATABASES))('SqlBlocklistStore over %s', (_, open) => {
  let database: OpenDatabase;
  let store: SqlBlocklistStore;

  beforeAll(async () => {
    database = await open();
    store = new SqlBlocklistStore(database.client);
    await store.migrate();
  });
  afterAll(() => database.close());

  for (const { name, run } of blocklistStoreContract(() => ({ store }))) it(name, run);
});
