import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, createClientPool, createCluster, RESP_TYPES } from 'redis';
import { type Awaitable, RedisBlocklistStore } from '../../../src/index.js';
import { blocklistStoreContract } from '../../../src/testing/index.js';
import type { RedisCluster, RedisServer } from '../../support/redis.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { Reconnecting } from './reconnecting.js';
import {
  cachingNodeRedis,
  CLIENTS,
  type ConnectedClient,
  ioredis,
  nodeRedis,
  opened,
  opening,
  RedisServers,
} from './redis-clients.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How long after its expiry an entry is kept, because clocks get set back (R74). */
const MARGIN = 5 * MINUTE;
const WRONG_TYPE = /^WRONGTYPE/;

const inAnHour = new Date(Date.now() + HOUR);
const inTwoHours = new Date(Date.now() + 2 * HOUR);
const longAgo = new Date(Date.now() - HOUR);

let servers: RedisServers;
let server: RedisServer;

beforeAll(async () => {
  servers = await RedisServers.start();
  ({ server } = servers);
});
afterAll(() => servers.close());

describe.each(Object.entries(CLIENTS))('RedisBlocklistStore contract with %s', (_, connect) => {
  const connection = new Reconnecting(async () => {
    const { client, close } = await connect(servers);
    return { store: new RedisBlocklistStore(client), close };
  });
  afterAll(() => connection.close());

  for (const { name, run } of blocklistStoreContract(connection.open)) it(name, run);

  it('passes the check of the server', async () => {
    const { store } = await connection.open();

    await expect(store.check()).resolves.toBeUndefined();
  });
});

/** When the server removes a key, in milliseconds since the epoch; -1 for never, -2 for an absent key. */
async function removedAt(key: string): Promise<number> {
  return Number(await server.command('PEXPIRETIME', key));
}

describe.each([
  ['createClient of redis', nodeRedis],
  ['Redis of ioredis', ioredis],
] as const)('What RedisBlocklistStore writes with %s', (_, connect) => {
  let connected: ConnectedClient;
  let store: RedisBlocklistStore;

  beforeEach(async () => {
    await server.command('FLUSHALL');
    connected = await connect(server);
    store = new RedisBlocklistStore(connected.client);
  });
  afterEach(async () => {
    await connected.close();
  });

  it('is kept until five minutes after its expiry (R58, R74)', async () => {
    await store.add('jti:one', 'revoked', inAnHour);
    await store.raise('sub:alice', 7, inAnHour);
    expect(await server.command('GET', 'jwt:entry:jti:one')).toBe('revoked');
    expect(await server.command('GET', 'jwt:entry:sub:alice')).toBe('7');
    expect(await removedAt('jwt:entry:jti:one')).toBe(inAnHour.getTime() + MARGIN);
    expect(await removedAt('jwt:entry:sub:alice')).toBe(inAnHour.getTime() + MARGIN);
  });

  it('is kept for ever without an expiry (R58)', async () => {
    await store.add('jti:one', 'revoked', null);
    await store.raise('sub:alice', 7, null);
    await store.sessions.put('alice', 'phone', 'record', null);
    expect(await removedAt('jwt:entry:jti:one')).toBe(-1);
    expect(await removedAt('jwt:entry:sub:alice')).toBe(-1);
    expect(await removedAt('jwt:sessions:alice')).toBe(-1);
  });

  it('is kept to the millisecond, even until the last date there is (R58)', async () => {
    for (const at of [Date.UTC(9999, 11, 31, 23, 59, 59, 999), 8.64e15]) {
      await store.add(`jti:${at}`, 'revoked', new Date(at));
      await store.raise(`sub:${at}`, 7, new Date(at));
      await store.sessions.put(`${at}`, 'phone', 'record', new Date(at));
      expect(await removedAt(`jwt:entry:jti:${at}`)).toBe(at + MARGIN);
      expect(await removedAt(`jwt:entry:sub:${at}`)).toBe(at + MARGIN);
      expect(await removedAt(`jwt:sessions:${at}`)).toBe(at + MARGIN);
    }
  });

  it('is removed at once if it has expired already', async () => {
    for (const date of [longAgo, new Date(0), new Date(-1e12)]) {
      expect(await store.add('jti:one', 'revoked', date)).toBe(true);
      await store.raise('sub:alice', 7, date);
      await store.sessions.put('alice', 'phone', 'record', date);
    }
    const names = ['jwt:entry:jti:one', 'jwt:entry:sub:alice', 'jwt:sessions:alice'];
    expect(await server.command('EXISTS', ...names)).toBe('0');
  });

  it('gets the expiry of the higher number, even if it is earlier', async () => {
    await store.raise('sub:alice', 7, inTwoHours);
    await store.raise('sub:alice', 6, null);
    expect(await removedAt('jwt:entry:sub:alice')).toBe(inTwoHours.getTime() + MARGIN);
    await store.raise('sub:alice', 8, inAnHour);
    expect(await removedAt('jwt:entry:sub:alice')).toBe(inAnHour.getTime() + MARGIN);
    await store.raise('sub:alice', 9, null);
    expect(await removedAt('jwt:entry:sub:alice')).toBe(-1);
  });

  it('is kept for as long as the longest session of the identity', async () => {
    await store.sessions.put('alice', 'phone', 'record', inTwoHours);
    await store.sessions.put('alice', 'desk', 'record', inAnHour);
    expect(await removedAt('jwt:sessions:alice')).toBe(inTwoHours.getTime() + MARGIN);
    await store.sessions.put('alice', 'robot', 'record', null);
    await store.sessions.put('alice', 'desk', 'record', inAnHour);
    expect(await removedAt('jwt:sessions:alice')).toBe(-1);
    await store.sessions.put('alice', 'robot', 'record', inAnHour);
    expect(await removedAt('jwt:sessions:alice')).toBe(inTwoHours.getTime() + MARGIN);
  });

  it('does not pile up, because a new session removes expired ones', async () => {
    for (let day = 1; day <= 20; day += 1) {
      await store.sessions.put('alice', `expired ${day}`, 'record', longAgo);
      await store.sessions.put('alice', 'phone', `on day ${day}`, inAnHour);
    }
    expect(await server.command('HKEYS', 'jwt:sessions:alice')).toBe('phone');
    expect(await store.sessions.list('alice')).toEqual(['on day 20']);
  });

  it('does not pile up even with more than 64 sessions, of which the longest counts', async () => {
    for (let index = 0; index < 100; index += 1)
      await store.sessions.put('alice', `live ${index}`, 'record', inTwoHours);
    for (let index = 0; index < 200; index += 1)
      await store.sessions.put('alice', `expired ${index}`, 'record', longAgo);
    expect(await removedAt('jwt:sessions:alice')).toBe(inTwoHours.getTime() + MARGIN);
    await store.sessions.put('alice', 'robot', 'record', null);
    expect(await removedAt('jwt:sessions:alice')).toBe(-1);

    // One call in 16 removes expired records, and of 400 calls at least one does.
    for (let index = 0; index < 400; index += 1)
      await store.sessions.put('alice', 'live 0', 'record', inTwoHours);
    const names = (await server.command('HKEYS', 'jwt:sessions:alice')).split('\n');
    expect(names).toHaveLength(101);
    expect(names.filter((name) => name.startsWith('expired'))).toEqual([]);
    expect(await removedAt('jwt:sessions:alice')).toBe(-1);
  });

  it('is rejected if the key holds another type', async () => {
    await server.command('HSET', 'jwt:entry:jti:one', 'field', 'value');
    await server.command('RPUSH', 'jwt:entry:sub:alice', 'value');
    await server.command('SET', 'jwt:sessions:alice', 'value');
    await expect(store.add('jti:one', 'revoked', inAnHour)).rejects.toThrow(WRONG_TYPE);
    await expect(store.add('sub:alice', 'revoked', null)).rejects.toThrow(WRONG_TYPE);
    await expect(store.raise('sub:alice', 7, inAnHour)).rejects.toThrow(WRONG_TYPE);
    await expect(store.sessions.put('alice', 'phone', 'record', null)).rejects.toThrow(WRONG_TYPE);
    await expect(store.sessions.list('alice')).rejects.toThrow(WRONG_TYPE);
    await expect(store.sessions.remove('alice', 'phone')).rejects.toThrow(WRONG_TYPE);
    expect(await server.command('TYPE', 'jwt:entry:jti:one')).toBe('hash');
  });

  it('is rejected if the hash holds foreign records, which no error repeats', async () => {
    await server.command('HSET', 'jwt:sessions:alice', 'tablet', 'secret');
    const failures = [
      await failureOf(() => store.sessions.put('alice', 'phone', 'record', null)),
      await failureOf(() => store.sessions.list('alice')),
    ];
    expect(await server.command('HGETALL', 'jwt:sessions:alice')).toBe('tablet\nsecret');
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringMatching(/a record of a session cannot be read/),
      'RedisBlocklistStore: the client returned an unexpected reply',
    ]);
    for (const { message } of failures) expect(message).not.toMatch(/alice|tablet|secret|phone/);
  });

  it('is rejected if the number is not whole, or the date is invalid', async () => {
    for (const number of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
      await expect(store.raise('sub:alice', number, null)).rejects.toThrow(TypeError);
    }
    const never = new Date(NaN);
    await expect(store.raise('sub:alice', 1, never)).rejects.toThrow(TypeError);
    await expect(store.add('jti:one', '1', never)).rejects.toThrow(TypeError);
    await expect(store.sessions.put('a', 'b', 'c', never)).rejects.toThrow(TypeError);
    expect(await server.command('DBSIZE')).toBe('0');
  });

  it.each([
    ['jwt:', 'app:'],
    ['jwt:', 'jwt:eu:'],
    [' ', '~'],
    ['{a}', 'x'.repeat(64)],
  ])('is not visible under another prefix: %j and %j', async (one, other) => {
    const stores = [one, other].map(
      (prefix) => new RedisBlocklistStore(connected.client, { prefix }),
    );
    const [ours, theirs] = stores as [RedisBlocklistStore, RedisBlocklistStore];
    await ours.add('jti:one', 'ours', null);
    await ours.add('eu:jti:one', 'ours', null);
    await ours.sessions.put('alice', 'phone', 'ours', null);
    await ours.sessions.put('eu:alice', 'phone', 'ours', null);
    expect(await theirs.get(['jti:one'])).toEqual([null]);
    expect(await theirs.sessions.list('alice')).toEqual([]);
    expect(await theirs.add('jti:one', 'theirs', null)).toBe(true);
    await theirs.sessions.put('alice', 'phone', 'theirs', null);
    await theirs.delete('jti:one');
    await theirs.sessions.remove('alice', 'phone');
    expect(await ours.get(['jti:one'])).toEqual(['ours']);
    expect(await ours.sessions.list('alice')).toEqual(['ours']);
  });
});

describe('What RedisBlocklistStore writes', () => {
  beforeEach(() => server.command('FLUSHALL'));

  it.each([
    ['redis', () => opened(createClient({ url: server.url, keyPrefix: 'app:' }))],
    ['ioredis', () => opening(new Redis(server.url, { keyPrefix: 'app:' }))],
  ] as const)('has the key prefix of a client of %s, too', async (_, connect) => {
    const connected = await connect();
    try {
      const store = new RedisBlocklistStore(connected.client);
      await store.add('jti:one', 'revoked', inAnHour);
      await store.raise('sub:alice', 7, inAnHour);
      await store.sessions.put('alice', 'phone', 'record', inAnHour);
      expect(await store.get(['jti:one', 'sub:alice'])).toEqual(['revoked', '7']);
      expect(await store.sessions.list('alice')).toEqual(['record']);
      expect((await server.command('KEYS', '*')).split('\n').sort()).toEqual([
        'app:jwt:entry:jti:one',
        'app:jwt:entry:sub:alice',
        'app:jwt:sessions:alice',
      ]);
    } finally {
      connected.close();
    }
  });

  it('is read as text from a client that returns bytes', async () => {
    const connected = await nodeRedis(server);
    try {
      const bytes = connected.client.withTypeMapping({
        [RESP_TYPES.BLOB_STRING]: Buffer,
        [RESP_TYPES.SIMPLE_STRING]: Buffer,
        [RESP_TYPES.NUMBER]: String,
      });
      const store = new RedisBlocklistStore(bytes);
      expect(await store.add('jti:one', 'révoqué', inAnHour)).toBe(true);
      expect(await store.add('jti:one', 'revoked', inAnHour)).toBe(false);
      await store.raise('sub:alice', 7, inAnHour);
      await store.sessions.put('alice', 'phone', 'record', inAnHour);
      expect(await store.get(['jti:one', 'sub:alice', 'all'])).toEqual(['révoqué', '7', null]);
      expect(await store.sessions.list('alice')).toEqual(['record']);
    } finally {
      connected.close();
    }
  });
});

async function failureOf(act: () => Awaitable<unknown>): Promise<Error> {
  try {
    await act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail');
}

const KEYS = ['all', 'sub:alice', 'jti:one', 'sid:one'];
const MANY = Array.from({ length: 60 }, (_, index) => `jti:${index}`);

describe.each([
  ['createClient of redis', nodeRedis],
  ['createClient of redis, with the client-side cache', cachingNodeRedis],
  ['Redis of ioredis', ioredis],
] as const)('Round trips of a RedisBlocklistStore with %s', (_, connect) => {
  let proxy: TcpProxy;
  let connected: Awaited<ReturnType<typeof connect>>;
  let store: RedisBlocklistStore;

  beforeAll(async () => {
    await server.command('FLUSHALL');
    proxy = await TcpProxy.start(server.port);
    connected = await connect({ url: `redis://127.0.0.1:${proxy.port}` });
    store = new RedisBlocklistStore(connected.client);
    await store.get(['warm']);
  });
  afterAll(async () => {
    connected.close();
    await proxy.close();
  });

  async function roundTripsOf(act: () => Awaitable<unknown>): Promise<number> {
    const before = proxy.roundTrips;
    await act();
    return proxy.roundTrips - before;
  }

  it('are one for a look-up of any number of keys, by one command', async () => {
    await server.command('CONFIG', 'RESETSTAT');
    expect(await roundTripsOf(() => store.get(KEYS))).toBe(1);
    expect(await roundTripsOf(() => store.get(MANY))).toBe(1);
    expect(await roundTripsOf(() => store.get(['jti:single']))).toBe(1);
    expect(await server.calls()).toMatchObject({ mget: 3 });
  });

  it('are none for a look-up of no keys', async () => {
    expect(await roundTripsOf(() => store.get([]))).toBe(0);
  });

  it('are two to write an entry, so that caches are invalidated, and one for each other call', async () => {
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
    ({ cluster } = servers);
    proxies = await Promise.all(cluster.nodes.map(({ port }) => TcpProxy.start(port)));
  });
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  /** Leads to each node through its proxy. */
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
    'looks up the keys of each node in one round trip to it, with %s',
    async (_, connect) => {
      const connected = await connect();
      try {
        const store = new RedisBlocklistStore(connected.client);
        await Promise.all(MANY.map((key) => store.add(key, `of ${key}`, null)));
        for (const node of cluster.nodes) {
          expect(Number(await node.command('DBSIZE'))).toBeGreaterThan(0);
        }
        // So no reply arrives before all commands are sent that do not wait for one.
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
    'keeps all keys on one node if the prefix has a hash tag, with %s',
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

describe('RedisBlocklistStore over clients with the client-side cache', () => {
  const NOTHING = [null, null, null, null];
  let others: ReturnType<typeof ioredis>;

  /** The store of another process. */
  const elsewhere = () => new RedisBlocklistStore(others.client);

  beforeAll(() => {
    others = ioredis(server);
  });
  afterAll(() => {
    others.close();
  });
  beforeEach(() => server.command('FLUSHALL'));

  describe('A client-side cache of one client', () => {
    let connected: Awaited<ReturnType<typeof cachingNodeRedis>>;
    let store: RedisBlocklistStore;

    beforeEach(async () => {
      connected = await cachingNodeRedis(server);
      store = new RedisBlocklistStore(connected.client);
    });
    afterEach(() => {
      connected.close();
    });

    it('saves round trips for absent entries', async () => {
      await server.command('CONFIG', 'RESETSTAT');
      for (let time = 0; time < 100; time += 1) expect(await store.get(KEYS)).toEqual(NOTHING);
      expect(await server.calls()).toMatchObject({ mget: 1 });
    });

    it('saves round trips for existing entries', async () => {
      await store.add('all', '7', null);
      await server.command('CONFIG', 'RESETSTAT');
      for (let time = 0; time < 100; time += 1) {
        expect(await store.get(KEYS)).toEqual(['7', null, null, null]);
      }
      expect(await server.calls()).toMatchObject({ mget: 1 });
    });

    it('is invalidated when another process adds, raises and deletes', async () => {
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

    it('is invalidated when another process writes and removes a session', async () => {
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

  describe('A client-side cache of a pool', () => {
    it('is invalidated by a write of the same process before the next look-up, over any connection', async () => {
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

  describe('A client-side cache whose connection fails', () => {
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

    it('is cleared when the connection is lost', async () => {
      expect(await store.get(KEYS)).toEqual(NOTHING);
      proxy.cut();
      await elsewhere().add('jti:one', '1', null);
      proxy.restore();
      await eventually(() => store.get(KEYS), [null, null, '1', null]);
    });

    it('answers no longer than its ttl when the connection hangs', async () => {
      expect(await store.get(KEYS)).toEqual(NOTHING);
      proxy.blackhole();
      await elsewhere().add('jti:one', '1', null);
      await pause(TTL_MS + 50);
      const answer = store.get(KEYS);
      answer.catch(() => undefined);
      expect(await Promise.race([answer, pause(200, 'no answer')])).toBe('no answer');
    });
  });
});

/** Looks until the expected value is there, because a message takes time. The pause lets the client read messages. */
async function eventually<T>(look: () => Awaitable<T>, expected: NoInfer<T>): Promise<void> {
  const deadline = performance.now() + 30_000;
  let seen = await look();
  while (JSON.stringify(seen) !== JSON.stringify(expected) && performance.now() < deadline) {
    await pause(1);
    seen = await look();
  }
  expect(seen).toEqual(expected);
}
