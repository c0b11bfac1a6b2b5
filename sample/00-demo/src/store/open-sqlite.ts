import Database from 'libsql';
import { SqlBlocklistStore } from 'nestjs-jwt-extended';
import type { OpenedStore } from './opened-store.js';

export async function openSqlite(file: string): Promise<OpenedStore> {
  // In milliseconds: how long to wait while another process writes. The wait blocks this process.
  const database = new Database(file, { timeout: 500 });
  // A revocation is on the disk before it is acknowledged.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  const store = new SqlBlocklistStore(database);
  await store.migrate();
  return { store, purge: () => store.purge(), close: async () => database.close() };
}
