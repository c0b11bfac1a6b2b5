import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import type { Awaitable } from '../../../src/contracts/awaitable.js';
import { RedisBlocklistStore } from '../../../src/stores/redis-blocklist.store.js';
import { RedisCluster, RedisServer } from '../../support/redis.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { cachingNodeRedis, ioredis, nodeRedis, opened, opening } from './redis-clients.js';

const KEYS = ['all', 'sub:alice', 'jti:one', 'sid:one'];
const MANY = Array.from({ length: 60 }, (_, index) => `jti:${index}`);

describe.each([
  ['createClient of redis', nodeRedis],
  ['createClient of redis, with the client-side cache', cachingNodeRedis],
  ['Redis of ioredis', ioredis],
] as const)('RedisBlocklistStore with %s', (_, connect) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  let connected: Awaited<ReturnType<typeof connect>>;
  let store: RedisBlocklistStore;

  beforeAll(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server.port);
    connected = await connect({ url: `redis://127.0.0.1:${proxy.port}` });
    store = new RedisBlocklistStore(connected.client);
    await store.get(['warm']);
  });
  afterAll(async () => {
    connected.close();
    await proxy.close();
    await server.close();
  });

  async function roundTripsOf(act: () => Awaitable<unknown>): Promise<number> {
    const before = proxy.roundTrips;
    await act();
    return proxy.roundTrips - before;
  }

  it('looks any number of keys up by one command in one round trip', async () => {
    await server.command('CONFIG', 'RESETSTAT');
    expect(await roundTripsOf(() => store.get(KEYS))).toBe(1);
    expect(await roundTripsOf(() => store.get(MANY))).toBe(1);
    expect(await roundTripsOf(() => store.get(['jti:single']))).toBe(1);
    expect(await server.calls()).toMatchObject({ mget: 3 });
  });

  it('asks nobody for nothing', async () => {
    expect(await roundTripsOf(() => store.get([]))).toBe(0);
  });

  it('writes an entry in two round trips, so that caches have heard of it, and all else in one', async () => {
    expect(await roundTripsOf(() => store.add('jti:new', '1', new Date()))).toBe(2);
    expect(await roundTripsOf(() => store.raise('sub:new', 1, new Date()))).toBe(2);
    expect(await roundTripsOf(() => store.delete('jti:new'))).toBe(1);
    expect(await roundTripsOf(() => store.sessions.put('a', 'b', 'c', new Date()))).toBe(1);
    expect(await roundTripsOf(() => store.sessions.list('a'))).toBe(1);
    expect(await roundTripsOf(() => store.sessions.remove('a', 'b'))).toBe(1);
  });
});

describe('RedisBlocklistStore in a cluster', () => {
  let cluster: RedisCluster;
  let proxies: readonly TcpProxy[];

  beforeAll(async () => {
    cluster = await RedisCluster.start();
    proxies = await Promise.all(cluster.nodes.map(({ port }) => TcpProxy.start(port)));
  });
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await cluster.close();
  });

  /** The way to every node leads through its proxy. */
  const detours = () =>
    Object.fromEntries(
      cluster.nodes.map(({ port }, index) => [
        `127.0.0.1:${port}`,
        { host: '127.0.0.1', port: (proxies[index] as TcpProxy).port },
      ]),
    );

  const clients = {
    'createCluster of redis': () =>
      opened(createCluster({ rootNodes: cluster.rootNodes, nodeAddressMap: detours() })),
    'Cluster of ioredis': () => opening(new Cluster(cluster.addresses, { natMap: detours() })),
  } as const;

  it.each(Object.entries(clients))(
    'finds keys on every node by one burst to each, with %s',
    async (_, connect) => {
      const connected = await connect();
      try {
        const store = new RedisBlocklistStore(connected.client);
        await Promise.all(MANY.map((key) => store.add(key, `of ${key}`, null)));
        for (const node of cluster.nodes) {
          expect(Number(await node.command('DBSIZE'))).toBeGreaterThan(0);
        }
        // No answer comes before everything has been asked that does not wait for one.
        for (const proxy of proxies) proxy.delay(50);
        const before = proxies.map(({ roundTrips }) => roundTrips);
        expect(await store.get(MANY)).toEqual(MANY.map((key) => `of ${key}`));
        expect(proxies.map(({ roundTrips }) => roundTrips)).toEqual(
          before.map((count) => count + 1),
        );
      } finally {
        for (const proxy of proxies) proxy.restore();
        connected.close();
      }
    },
  );

  it.each(Object.entries(clients))(
    'keeps everything on one node where the prefix has a hash tag, with %s',
    async (_, connect) => {
      await Promise.all(cluster.nodes.map((node) => node.command('FLUSHALL')));
      const connected = await connect();
      try {
        const store = new RedisBlocklistStore(connected.client, { prefix: '{jwt}:' });
        await Promise.all(MANY.map((key) => store.add(key, '1', null)));
        await store.sessions.put('alice', 'phone', 'record', null);
        const sizes = cluster.nodes.map(async (node) => Number(await node.command('DBSIZE')));
        expect((await Promise.all(sizes)).sort()).toEqual([0, 0, MANY.length + 1]);
        expect(await store.get(MANY)).toEqual(MANY.map(() => '1'));
      } finally {
        connected.close();
      }
    },
  );
});
