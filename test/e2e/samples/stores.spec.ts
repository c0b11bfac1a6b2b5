import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer } from '../../support/postgres.js';
import { root } from '../../support/readme.js';
import { RedisServer } from '../../support/redis.js';
import { compileSample, Sample } from '../../support/sample.js';
import { answersOf, logIn, send, walk } from './store-walk.js';

const SECRET = 'q8Jr2xVn6LwTz4YbD1kPcH9mGsF3eUoA7iXWtRhK';

/** Each store of the sample, by the value of STORE, and whether it keeps a revocation over a restart. */
const STORES = {
  memory: false,
  'cache-manager': false,
  redis: true,
  ioredis: true,
  postgres: true,
  typeorm: true,
  sqlite: true,
  'typeorm-sqlite': true,
  own: true,
};

describe('The sample of stores', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stores-'));
  let redis: RedisServer;
  let postgres: PostgresServer;

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([
      RedisServer.start({ appendonly: true }),
      PostgresServer.start(),
      compileSample('start:stores'),
    ]);
  });
  afterAll(async () => {
    await Promise.all([redis?.close(), postgres?.close()]);
    rmSync(folder, { recursive: true });
  });

  it('is tested with each of its stores', () => {
    const modules = readdirSync(join(root, 'sample/06-stores/src/stores'))
      .flatMap((name) => /^(.+)\.module\.ts$/.exec(name)?.[1] ?? [])
      // The pool is no store, and Prisma has a test of its own, because it is not installed here.
      .filter((name) => !['pool', 'prisma'].includes(name));
    expect(modules.sort()).toEqual(Object.keys(STORES).sort());
  });

  const start = (STORE: string) =>
    Sample.start('start:stores', {
      STORE,
      PORT: '0',
      JWT_SECRET: SECRET,
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      SQLITE_FILE: join(folder, `${STORE}.db`),
    });

  it.each(Object.entries(STORES))(
    'logs one device out with STORE=%s, and is durable: %s',
    async (name, isDurable) => {
      expect(await walk(() => start(name))).toEqual(answersOf(isDurable));
    },
  );

  it.each(['redis', 'ioredis'])(
    'starts before Redis with STORE=%s, and uses it once it is there',
    async (name) => {
      await redis.kill();
      const sample = await start(name);
      const token = await logIn(sample);
      expect(await send(sample, 'GET', '/me', token)).toMatch(/^503 /);

      await redis.restart();
      while ((await send(sample, 'GET', '/me', token)).startsWith('503 ')) continue;

      expect(await send(sample, 'GET', '/me', token)).toBe('200 {"username":"alice"}');
      await sample.stop();
    },
  );
});
