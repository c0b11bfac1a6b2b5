import { Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { SqlBlocklistStore } from 'nestjs-jwt-extended';
import { Pool } from 'pg';
import { PrismaClient } from '../generated/client.js';
import { PoolModule } from './pool.module.js';
import { purgeHourly } from './purge-hourly.js';
import { STORE } from './store.js';

function openClient(pool: Pool) {
  return new PrismaClient({ adapter: new PrismaPg(pool) });
}

/** Prisma Migrate takes tables that it does not know for a mistake, so these are in a schema that it does not manage. */
async function openStore(pool: Pool) {
  await pool.query('CREATE SCHEMA IF NOT EXISTS auth');
  const store = new SqlBlocklistStore(pool, { table: 'auth.jwt_blocklist' });
  await store.migrate();
  purgeHourly(store);
  return store;
}

@Module({
  imports: [PoolModule],
  providers: [
    { provide: PrismaClient, inject: [Pool], useFactory: openClient },
    { provide: STORE, inject: [Pool], useFactory: openStore },
  ],
  exports: [PrismaClient, STORE],
})
export class StoreModule implements OnModuleInit, OnApplicationShutdown {
  constructor(private readonly prisma: PrismaClient) {}

  async onModuleInit() {
    await this.prisma.$connect();
  }

  async onApplicationShutdown() {
    await this.prisma.$disconnect();
  }
}
