// What a guarded route answers with each store, of each size, beside the same route with an empty store in memory.
import { startPostgres, startRedis } from './databases.js';
import { throughputUnderLoad } from './load.js';
import { fillPostgres, fillRedis, fillSqlite, removeSqlite, sqliteFile } from './revoked.js';
import { atLeast } from './report.js';
import { thousandTokens } from './requests.js';
import { ratios, summarize } from './statistics.js';

/** How many tokens are revoked, which are other tokens than those of the requests. */
const SIZES = [0, 10_000, 1_000_000];

/** By the names of `open-store.js`. */
const STORES = {
  memory: 'MemoryBlocklistStore',
  redisCached: 'Redis by redis, client-side cache',
  redis: 'Redis by redis',
  ioredis: 'Redis by ioredis',
  sqlite: 'SQLite by libsql, a file',
  postgres: 'PostgreSQL by pg, a pool',
  keyv: 'Keyv in memory',
};

/**
 * Two servers run at a time, since more of them would push each other out of the processor's caches. What Redis or
 * PostgreSQL takes does not count.
 */
export async function stores(rounds) {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  const sqlite = sqliteFile();
  const addresses = {
    ...{ redisCached: redis.url, redis: redis.url, ioredis: redis.url },
    ...{ postgres: postgres.url, sqlite },
  };
  const rows = [];
  try {
    for (const size of SIZES) {
      await Promise.all([fillRedis(redis.url, size), fillPostgres(postgres.url, size)]);
      await fillSqlite(sqlite, size);
      for (const name of Object.keys(STORES)) {
        // What the others are compared with.
        if (name === 'memory' && size === 0) continue;
        rows.push({ name, size, ...(await throughputOf(name, size, addresses[name], rounds)) });
      }
    }
  } finally {
    await Promise.all([redis.stop(), postgres.stop()]);
    removeSqlite(sqlite);
  }
  return { tables: tables(rows), targets: targets(rows) };
}

async function throughputOf(name, size, address = '', rounds) {
  const server = ['server.js', 'fastify', 'access'];
  const { both } = await throughputUnderLoad(
    rounds,
    { memory: [...server, 'memory', '0'], itself: [...server, name, `${size}`, address] },
    { both: { ...thousandTokens, servers: ['memory', 'itself'] } },
  );
  return both;
}

function tables(rows) {
  const table = (value) =>
    Object.fromEntries(
      rows.map((row) => [
        `${STORES[row.name]}, ${row.size.toLocaleString('en')} revoked`,
        value(row),
      ]),
    );
  return {
    'Stores: requests per CPU second / empty store in memory': table(({ itself, memory }) =>
      ratios(itself, memory),
    ),
    'Stores: requests per CPU second': table(({ itself }) => summarize(itself)),
  };
}

function targets(rows) {
  const share = (name, size) => {
    const { itself, memory } = rows.find((row) => row.name === name && row.size === size);
    return ratios(itself, memory);
  };
  return [
    atLeast(0.97, share('memory', 1_000_000), 'a million revoked in memory / none'),
    atLeast(0.9, share('redisCached', 10_000), 'Redis with its client-side cache / memory'),
    atLeast(0.6, share('redis', 10_000), 'Redis / memory'),
  ];
}
