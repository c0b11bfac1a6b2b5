import { Module } from '@nestjs/common';
import { SqlBlocklistStore } from 'nestjs-jwt-extended';
import { Pool } from 'pg';
import { PoolModule } from './pool.module.js';
import { purgeHourly } from './purge-hourly.js';
import { STORE } from './store.js';

async function openStore(pool: Pool) {
  const store = new SqlBlocklistStore(pool);
  await store.migrate();
  purgeHourly(store);
  return store;
}

@Module({
  imports: [PoolModule],
  providers: [{ provide: STORE, inject: [Pool], useFactory: openStore }],
  exports: [STORE],
})
export class StoreModule {}
