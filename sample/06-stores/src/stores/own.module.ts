import { Module } from '@nestjs/common';
import { Pool } from 'pg';
import { DatabaseBlocklistStore, TABLE } from './database-blocklist.store.js';
import { PoolModule } from './pool.module.js';
import { STORE } from './store.js';

async function openStore(pool: Pool) {
  await pool.query(TABLE);
  return new DatabaseBlocklistStore(pool);
}

@Module({
  imports: [PoolModule],
  providers: [{ provide: STORE, inject: [Pool], useFactory: openStore }],
  exports: [STORE],
})
export class StoreModule {}
