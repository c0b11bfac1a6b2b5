// What a guarded route answers with each store, beside the same route with an empty store in memory.
import { startPostgres, startRedis } from './databases.js';
import { throughputUnderLoad } from './guarded-route.js';

/** By the names of `open-store.js`, where all but one hold 10,000 revoked tokens. */
export const STORES = {
  memory10Thousand: { title: 'MemoryBlocklistStore, 10,000 tokens revoked' },
  memoryMillion: { title: 'MemoryBlocklistStore, 1,000,000 tokens revoked' },
  redisCached: { title: 'Redis by redis, client-side cache', server: 'redis' },
  redisCachedLru: { title: "Redis by redis, the same with evictPolicy 'LRU'", server: 'redis' },
  redis: { title: 'Redis by redis', server: 'redis' },
  redisTimed: { title: 'Redis by redis, with the timeout of its own', server: 'redis' },
  ioredis: { title: 'Redis by ioredis', server: 'redis' },
  sqlite: { title: 'SQLite by libsql, a file' },
  postgres: { title: 'PostgreSQL by pg, a pool', server: 'postgres' },
};

/**
 * Two servers run at a time, since more of them would push each other out of the processor's caches. What Redis or
 * PostgreSQL takes does not count.
 *
 * @returns requests per CPU second, round by round: of each store `itself`, and of the one in `memory` beside it
 */
export async function throughputByStore(rounds) {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  const addresses = { redis: redis.url, postgres: postgres.url };
  const throughput = {};
  try {
    for (const [name, { server }] of Object.entries(STORES)) {
      const itself = ['access', name, addresses[server] ?? ''];
      const contenders = { memory: ['access', 'memory'], itself };
      [throughput[name]] = await throughputUnderLoad(rounds, [{ adapter: 'fastify', contenders }]);
    }
  } finally {
    await Promise.all([redis.stop(), postgres.stop()]);
  }
  return throughput;
}
