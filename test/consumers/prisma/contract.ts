import { describe, it } from 'node:test';
import { PrismaPg } from '@prisma/adapter-pg';
import { SqlBlocklistStore } from 'nestjs-jwt-extended';
import { blocklistStoreContract } from 'nestjs-jwt-extended/testing';
import { Pool } from 'pg';
import { PrismaClient } from './generated/client.js';

async function open() {
  const pool = new Pool({ connectionString: process.env.DATABASE_URL });
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  const query = (text: string, values: unknown[]) =>
    prisma.$queryRawUnsafe<object[]>(text, ...values);
  const store = new SqlBlocklistStore(process.env.OVER === 'pool' ? pool : { query });
  await store.migrate();
  await store.check();
  const close = async () => {
    await prisma.$disconnect();
    if (!pool.ended) await pool.end();
  };
  return { store, takeDown: close, close };
}

describe('SqlBlocklistStore', () => {
  for (const { name, run } of blocklistStoreContract(open)) it(name, run);
});
