import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { SqlBlocklistStore } from '../../../src/index.js';
import { type OpenStore, type Subject } from './subjects.js';

/** Where a store keeps its entries, a server or a file; every store that is opened on it has a client of its own. */
export interface Host {
  open(): OpenStore;
  close(): Promise<void>;
}

export async function hostOf({ startServer, open }: Subject): Promise<Host> {
  const server = await startServer();
  return { open: () => open(server.port), close: () => server.close() };
}

/** A file of SQLite, as the documentation asks for it, but for waiting in vain only shortly. */
export async function sqliteFile(): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-'));
  const open = () => openDatabase(join(folder, 'blocklist.db'));
  const { store, close } = open();
  await (store as SqlBlocklistStore).migrate();
  await close();
  return { open, close: async () => rmSync(folder, { recursive: true }) };
}

function openDatabase(path: string): OpenStore {
  const database = new Database(path, { timeout: 50 });
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  return {
    store: new SqlBlocklistStore(database),
    run: async (sql = '') => database.exec(sql),
    close: async () => database.close(),
  };
}
