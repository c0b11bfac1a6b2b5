import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { createClientPool } from 'redis';
import type { Awaitable } from '../../../src/contracts/awaitable.js';
import { RedisBlocklistStore } from '../../../src/stores/redis-blocklist.store.js';
import { RedisServer } from '../../support/redis.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { cachingNodeRedis, ioredis, opened } from './redis-clients.js';

const KEYS = ['all', 'sub:alice', 'jti:one', 'sid:one'] as const;
const NOTHING = [null, null, null, null];

let server: RedisServer;
let others: ReturnType<typeof ioredis>;

beforeAll(async () => {
  server = await RedisServer.start();
  others = ioredis(server);
});
afterAll(async () => {
  others.close();
  await server.close();
});
beforeEach(() => server.command('FLUSHALL'));

/** What another process does. */
const elsewhere = () => new RedisBlocklistStore(others.client);

describe('RedisBlocklistStore over a client with the client-side cache', () => {
  let connected: Awaited<ReturnType<typeof cachingNodeRedis>>;
  let store: RedisBlocklistStore;

  beforeEach(async () => {
    connected = await cachingNodeRedis(server);
    store = new RedisBlocklistStore(connected.client);
  });
  afterEach(() => {
    connected.close();
  });

  it('asks the server once for what is not there, however often it is asked', async () => {
    await server.command('CONFIG', 'RESETSTAT');
    for (let time = 0; time < 100; time += 1) expect(await store.get(KEYS)).toEqual(NOTHING);
    expect(await server.calls()).toMatchObject({ mget: 1 });
  });

  it('asks the server once for what is there', async () => {
    await store.add('all', '7', null);
    await server.command('CONFIG', 'RESETSTAT');
    for (let time = 0; time < 100; time += 1) {
      expect(await store.get(KEYS)).toEqual(['7', null, null, null]);
    }
    expect(await server.calls()).toMatchObject({ mget: 1 });
  });

  it('is told at once what another process adds, raises and deletes', async () => {
    expect(await store.get(KEYS)).toEqual(NOTHING);
    await elsewhere().add('jti:one', '1', null);
    await soon(['all', 'jti:one'], [null, '1']);
    await soon(KEYS, [null, null, '1', null]);
    await elsewhere().raise('all', 5, null);
    await soon(KEYS, ['5', null, '1', null]);
    await elsewhere().raise('all', 6, null);
    await soon(KEYS, ['6', null, '1', null]);
    await elsewhere().delete('jti:one');
    await soon(KEYS, ['6', null, null, null]);
  });

  it('is told at once of a session that begins and ends elsewhere', async () => {
    expect(await store.sessions.list('alice')).toEqual([]);
    await elsewhere().sessions.put('alice', 'phone', 'record', null);
    await eventually(() => store.sessions.list('alice'), ['record']);
    await elsewhere().sessions.remove('alice', 'phone');
    await eventually(() => store.sessions.list('alice'), []);
  });

  async function soon(keys: readonly string[], values: readonly (string | null)[]) {
    await eventually(() => store.get(keys), values);
  }
});

describe('RedisBlocklistStore over a pool with the client-side cache', () => {
  it('sees what it wrote itself in the very next look-up, over whatever connection', async () => {
    const { client, close } = await opened(
      createClientPool({ url: server.url, RESP: 3 }, { clientSideCache: {}, minimum: 5 }),
    );
    try {
      const store = new RedisBlocklistStore(client);
      for (let time = 0; time < 100; time += 1) {
        const [added, raised] = [`jti:${time}`, `sub:${time}`];
        expect(await store.get([added, raised])).toEqual([null, null]);
        await store.add(added, 'revoked', null);
        expect(await store.get([added, raised])).toEqual(['revoked', null]);
        await store.raise(raised, 3, null);
        expect(await store.get([added, raised])).toEqual(['revoked', '3']);
        await store.delete(added);
        expect(await store.get([added, raised])).toEqual([null, '3']);
      }
    } finally {
      close();
    }
  });
});

describe('RedisBlocklistStore with a cache whose connection fails', () => {
  const TTL_MS = 300;
  let proxy: TcpProxy;
  let connected: Awaited<ReturnType<typeof cachingNodeRedis>>;
  let store: RedisBlocklistStore;

  beforeEach(async () => {
    proxy = await TcpProxy.start(server.port);
    connected = await cachingNodeRedis({ url: `redis://127.0.0.1:${proxy.port}` }, TTL_MS);
    store = new RedisBlocklistStore(connected.client);
  });
  afterEach(async () => {
    connected.close();
    await proxy.close();
  });

  it('forgets what it was told over a connection that was lost', async () => {
    expect(await store.get(KEYS)).toEqual(NOTHING);
    proxy.cut();
    await elsewhere().add('jti:one', '1', null);
    proxy.restore();
    await eventually(() => store.get(KEYS), [null, null, '1', null]);
  });

  it('relies on a connection that went silent no longer than the ttl of the cache', async () => {
    expect(await store.get(KEYS)).toEqual(NOTHING);
    proxy.blackhole();
    await elsewhere().add('jti:one', '1', null);
    await pause(TTL_MS + 50);
    const answer = store.get(KEYS);
    answer.catch(() => undefined);
    expect(await Promise.race([answer, pause(200, 'no answer')])).toBe('no answer');
  });
});

/** A message takes its time, even over loopback; and what comes from a cache at once leaves none to hear it. */
async function eventually<T>(look: () => Awaitable<T>, expected: NoInfer<T>): Promise<void> {
  const deadline = performance.now() + 30_000;
  let seen = await look();
  while (JSON.stringify(seen) !== JSON.stringify(expected) && performance.now() < deadline) {
    await pause(1);
    seen = await look();
  }
  expect(seen).toEqual(expected);
}
