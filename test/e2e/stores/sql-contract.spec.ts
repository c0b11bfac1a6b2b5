import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { SqlBlocklistStore } from '../../../src/stores/sql-blocklist.store.js';
import { blocklistStoreContract } from '../../../src/testing/blocklist-store-contract.js';
import { PostgresServer } from '../../support/postgres.js';
import { Reconnecting } from './reconnecting.js';
import { CLIENTS } from './sql-databases.js';

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.close());

describe.each(Object.entries(CLIENTS))('SqlBlocklistStore over %s', (_, open) => {
  const connection = new Reconnecting(async () => {
    const { client, close } = await open(server);
    const store = new SqlBlocklistStore(client);
    await store.migrate();
    return { store, close };
  });
  afterAll(() => connection.close());

  for (const { name, run } of blocklistStoreContract(connection.open)) it(name, run);
});
