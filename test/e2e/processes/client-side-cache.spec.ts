import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { setImmediate as aTurn } from 'node:timers/promises';
import { createClient } from 'redis';
import { RedisBlocklistStore } from '../../../src/index.js';
import { RedisServer } from '../../support/redis.js';
import { STARTS_WITHIN_MS } from './shared.js';

interface OpenStore {
  readonly store: RedisBlocklistStore;
  close(): unknown;
}

async function nodeRedis(url: string, withCache: boolean): Promise<OpenStore> {
  const cache = withCache && ({ RESP: 3, clientSideCache: { ttl: 0 } } as const);
  const client = createClient({ url, ...cache });
  client.on('error', () => undefined);
  await client.connect();
  return { store: new RedisBlocklistStore(client), close: () => client.destroy() };
}

async function ioRedis(url: string): Promise<OpenStore> {
  const client = new Redis(url);
  return { store: new RedisBlocklistStore(client), close: () => client.disconnect() };
}

const WRITERS = [
  ['redis', (url: string) => nodeRedis(url, false)],
  ['redis with a cache', (url: string) => nodeRedis(url, true)],
  ['ioredis', ioRedis],
] as const;

describe.each(WRITERS)('R65: What a store over %s has acknowledged', (_, open) => {
  let server: RedisServer;
  let writer: OpenStore;
  let reader: OpenStore;

  beforeAll(async () => {
    server = await RedisServer.start({ appendonly: true });
    [writer, reader] = await Promise.all([open(server.url), nodeRedis(server.url, true)]);
  }, STARTS_WITHIN_MS);
  afterAll(async () => {
    writer?.close();
    reader?.close();
    await server.close();
  });

  it('another one knows in the next turn of the loop, whatever it has in its cache', async () => {
    const stale: string[] = [];
    for (let time = 0; time < 200; time += 1) {
      const keys = [`jti:${time}`, `sub:${time}`];
      expect(await reader.store.get(keys)).toEqual([null, null]);
      await writer.store.add(`jti:${time}`, '1', null);
      await aTurn();
      const [added] = await reader.store.get(keys);
      if (added === null) stale.push(`jti:${time}`);
      await writer.store.raise(`sub:${time}`, 7, null);
      await aTurn();
      const [, raised] = await reader.store.get(keys);
      if (raised === null) stale.push(`sub:${time}`);
    }
    expect(stale).toEqual([]);
  }, 30_000);
});
