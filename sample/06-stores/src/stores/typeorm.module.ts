import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SqlBlocklistStore } from 'nestjs-jwt-extended';
import { DataSource } from 'typeorm';
import { purgeHourly } from './purge-hourly.js';
import { STORE } from './store.js';

async function openStore(dataSource: DataSource) {
  const store = new SqlBlocklistStore(dataSource);
  await store.migrate();
  purgeHourly(store);
  return store;
}

@Module({
  imports: [TypeOrmModule.forRoot({ type: 'postgres', url: process.env.DATABASE_URL })],
  providers: [{ provide: STORE, inject: [DataSource], useFactory: openStore }],
  exports: [STORE],
})
export class StoreModule {}
