import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import Database from 'libsql';
import { SqlBlocklistStore } from 'nestjs-jwt-extended';
import { purgeHourly } from './purge-hourly.js';
import { SQLITE_FILE } from './sqlite-file.js';
import { STORE } from './store.js';

function openDatabase() {
  // In milliseconds: how long to wait while another connection writes. The wait blocks this process.
  const database = new Database(SQLITE_FILE, { timeout: 500 });
  // A revocation is on the disk before it is acknowledged.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  return database;
}

async function openStore(database: Database.Database) {
  const store = new SqlBlocklistStore(database);
  await store.migrate();
  purgeHourly(store);
  return store;
}

@Module({
  providers: [
    { provide: Database, useFactory: openDatabase },
    { provide: STORE, inject: [Database], useFactory: openStore },
  ],
  exports: [STORE],
})
export class StoreModule implements OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database.Database) {}

  onApplicationShutdown() {
    this.database.close();
  }
}
