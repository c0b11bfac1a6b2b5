import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { blocklistStoreContract } from 'nestjs-jwt-extended/testing';
import { Pool } from 'pg';
import { PostgresServer } from '../../../test/support/postgres.js';
import { DatabaseBlocklistStore, TABLE } from '../src/stores/database-blocklist.store.js';

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.close());

async function open() {
  const pool = new Pool({ connectionString: server.url });
  await pool.query(TABLE);
  const close = async () => {
    if (!pool.ended) await pool.end();
  };
  return { store: new DatabaseBlocklistStore(pool), takeDown: close, close };
}

describe('DatabaseBlocklistStore', () => {
  for (const { name, run } of blocklistStoreContract(open, { sessions: false }))
    it(name, run, 30_000);
});
