import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, createClientPool, createCluster, RESP_TYPES } from 'redis';
import { type Awaitable, JwtExtendedConfigError, RedisBlocklistStore } from '../../../src/index.js';
import { blocklistStoreContract } from '../../../src/testing/index.js';
import { RedisCluster, RedisServer } from '../../support/redis.js';
import { failureOf } from '../../support/faults.js';
import { TcpProxy } from '../../support/tcp-proxy.js';
import { Reconnecting } from './reconnecting.js';
import {
  type Address,
  cachingNodeRedis,
  CLIENTS,
  type ConnectedClient,
  ioredis,
  nodeRedis,
  opened,
  opening,
  type RedisServers,
  startServers,
} from './redis-clients.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How long after its expiry an entry is kept, because clocks get set back (R74). */
const MARGIN = 5 * MINUTE;
const WRONG_TYPE = /^WRONGTYPE/;

const inAnHour = new Date(Date.now() + HOUR);
const inTwoHours = new Date(Date.now() + 2 * HOUR);
const longAgo = new Date(Date.now() - HOUR);

const BOTH = [
  ['createClient of redis', nodeRedis],
  ['Redis of ioredis', ioredis],
] as const;
const KEYS = ['all', 'sub:alice', 'jti:one', 'sid:one'];
const NOTHING = [null, null, null, null];
const MANY = Array.from({ length: 60 }, (_, index) => `jti:${index}`);

let servers: RedisServers;
let server: RedisServer;
const running: { close(): unknown }[] = [];

beforeAll(async () => {
  servers = await startServers();
  ({ server } = servers);
});
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close();
});
afterAll(() => servers.close());

function closedAfterwards<T extends { close(): unknown }>(each: T): T {
  running.push(each);
  return each;
}

/** A store over a client that the end of the test closes. */
async function storeOver(connecting: Awaitable<ConnectedClient>, prefix?: string) {
  const { client } = closedAfterwards(await connecting);
  return new RedisBlocklistStore(client, prefix === undefined ? {} : { prefix });
}

/** Writes one of each: an entry, a replaced value and a session. */
async function writeEach(store: RedisBlocklistStore, expiresAt: Date | null): Promise<void> {
  await store.add('jti:one', 'revoked', expiresAt);
  await store.add('sub:alice', '6', inTwoHours);
  await store.replace('sub:alice', '6', '7', expiresAt);
  await store.sessions.put('alice', 'phone', 'record', expiresAt);
}

const WRITTEN = ['jwt:entry:jti:one', 'jwt:entry:sub:alice', 'jwt:sessions:alice'];

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

describe.each(BOTH)('What RedisBlocklistStore writes with %s', (_, connect) => {
  let connected: ConnectedClient;
  let store: RedisBlocklistStore;

  beforeEach(async () => {
    await server.command('FLUSHALL');
    connected = closedAfterwards(await connect(server));
    store = new RedisBlocklistStore(connected.client);
  });

  it.each([
    ['until five minutes after its expiry (R58, R74)', inAnHour, inAnHour.getTime() + MARGIN],
    ['for ever without an expiry (R58)', null, -1],
    ['to the millisecond (R58)', new Date('9999-12-31T23:59:59.999Z'), 253_402_301_099_999],
    ['even until the last date there is (R58)', new Date(8.64e15), 8.64e15 + MARGIN],
  ])('is kept %s', async (_, expiresAt, removal) => {
    await writeEach(store, expiresAt);
    expect(await server.command('GET', 'jwt:entry:jti:one')).toBe('revoked');
    expect(await server.command('GET', 'jwt:entry:sub:alice')).toBe('7');
    for (const name of WRITTEN) expect(await removedAt(name)).toBe(removal);
  });

  it('is removed at once if it has expired already', async () => {
    for (const date of [longAgo, new Date(0), new Date(-1e12)]) {
      await writeEach(store, date);
      expect(await store.add('jti:one', 'revoked', date)).toBe(true);
    }
    expect(await server.command('EXISTS', ...WRITTEN)).toBe('0');
  });

  it('gets the expiry of the replacement, even if it is earlier', async () => {
    await store.add('sub:alice', '7', inTwoHours);
    expect(await store.replace('sub:alice', '6', '8', null)).toBe(false);
    expect(await removedAt('jwt:entry:sub:alice')).toBe(inTwoHours.getTime() + MARGIN);
    expect(await store.replace('sub:alice', '7', '8', inAnHour)).toBe(true);
    expect(await removedAt('jwt:entry:sub:alice')).toBe(inAnHour.getTime() + MARGIN);
    expect(await store.replace('sub:alice', '8', '9', null)).toBe(true);
    expect(await removedAt('jwt:entry:sub:alice')).toBe(-1);
    expect(await store.replace('sub:alice', '9', '9', inTwoHours)).toBe(true);
    expect(await removedAt('jwt:entry:sub:alice')).toBe(inTwoHours.getTime() + MARGIN);
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

  it.each([
    ['a hash', 'HSET', 'field', 'value'],
    ['a list', 'RPUSH', 'value'],
    ['a set', 'SADD', 'value'],
    ['a stream', 'XADD', '*', 'field', 'value'],
    ['text', 'SET', 'value'],
  ])('is rejected if the key holds %s of another program', async (_, command, ...value) => {
    for (const name of WRITTEN) await server.command(command, name, ...value);
    const { sessions } = store;
    if (command !== 'SET') {
      await expect(store.add('jti:one', 'revoked', inAnHour)).rejects.toThrow(WRONG_TYPE);
      await expect(store.add('sub:alice', 'revoked', null)).rejects.toThrow(WRONG_TYPE);
      await expect(store.replace('sub:alice', '6', '7', null)).rejects.toThrow(WRONG_TYPE);
      await expect(store.replace('sub:alice', '', '7', inAnHour)).rejects.toThrow(WRONG_TYPE);
    }
    if (command !== 'HSET') {
      await expect(sessions.put('alice', 'phone', 'record', null)).rejects.toThrow(WRONG_TYPE);
      await expect(sessions.get('alice', 'phone')).rejects.toThrow(WRONG_TYPE);
      await expect(sessions.list('alice')).rejects.toThrow(WRONG_TYPE);
      await expect(sessions.remove('alice', 'phone')).rejects.toThrow(WRONG_TYPE);
    }
    expect(await server.command('EXISTS', ...WRITTEN)).toBe('3');
  });

  it('is rejected if the hash holds foreign records, which no error repeats', async () => {
    await server.command('HSET', 'jwt:sessions:alice', 'tablet', 'secret');
    const failures = [
      await failureOf(store.sessions.put('alice', 'phone', 'record', null) as Promise<void>),
      await failureOf(store.sessions.list('alice') as Promise<unknown>),
      await failureOf(store.sessions.get('alice', 'tablet') as Promise<unknown>),
    ] as Error[];
    expect(await server.command('HGETALL', 'jwt:sessions:alice')).toBe('tablet\nsecret');
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringMatching(/a record of a session cannot be read/),
      'RedisBlocklistStore: the client returned an unexpected reply',
      'RedisBlocklistStore: the client returned an unexpected reply',
    ]);
    for (const { message } of failures) expect(message).not.toMatch(/alice|tablet|secret|phone/);
  });

  it('is rejected if the date is invalid', async () => {
    const never = new Date(NaN);
    await expect(store.replace('sub:alice', '6', '7', never)).rejects.toThrow(TypeError);
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
    const ours = new RedisBlocklistStore(connected.client, { prefix: one });
    const theirs = new RedisBlocklistStore(connected.client, { prefix: other });
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
    const store = await storeOver(connect());
    await writeEach(store, inAnHour);
    expect(await store.get(['jti:one', 'sub:alice'])).toEqual(['revoked', '7']);
    expect(await store.sessions.list('alice')).toEqual(['record']);
    expect(await store.sessions.get('alice', 'phone')).toBe('record');
    const names = (await server.command('KEYS', '*')).split('\n').sort();
    expect(names).toEqual(WRITTEN.map((name) => `app:${name}`));
  });

  it('is read as text from a client that returns bytes', async () => {
    const { client } = closedAfterwards(await nodeRedis(server));
    const bytes = client.withTypeMapping({
      [RESP_TYPES.BLOB_STRING]: Buffer,
      [RESP_TYPES.SIMPLE_STRING]: Buffer,
      [RESP_TYPES.NUMBER]: String,
    });
    const store = new RedisBlocklistStore(bytes);
    expect(await store.add('jti:one', 'révoqué', inAnHour)).toBe(true);
    await writeEach(store, inAnHour);
    expect(await store.add('jti:one', 'revoked', inAnHour)).toBe(false);
    expect(await store.get(['jti:one', 'sub:alice', 'all'])).toEqual(['révoqué', '7', null]);
    expect(await store.replace('jti:one', 'révoqué', 'à nouveau', null)).toBe(true);
    expect(await store.replace('jti:one', 'révoqué', 'wrong', null)).toBe(false);
    expect(await store.get(['jti:one'])).toEqual(['à nouveau']);
    expect(await store.sessions.list('alice')).toEqual(['record']);
    expect(await store.sessions.get('alice', 'phone')).toBe('record');
    expect(await store.sessions.get('alice', 'desk')).toBeNull();
  });
});

describe.each([
  ...BOTH,
  ['createClient of redis, with the client-side cache', cachingNodeRedis],
] as const)('Round trips of a RedisBlocklistStore with %s', (_, connect) => {
  let proxy: TcpProxy;
  let connected: ConnectedClient;
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
    expect(await roundTripsOf(() => store.replace('jti:new', '1', '2', new Date()))).toBe(2);
    expect(await roundTripsOf(() => store.replace('jti:none', '1', '2', new Date()))).toBe(2);
    expect(await roundTripsOf(() => store.delete('jti:new'))).toBe(1);
    expect(await roundTripsOf(() => store.sessions.put('a', 'b', 'c', new Date()))).toBe(1);
    expect(await roundTripsOf(() => store.sessions.get('a', 'b'))).toBe(1);
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
      const store = await storeOver(connect());
      await Promise.all(MANY.map((key) => store.add(key, `of ${key}`, null)));
      for (const node of cluster.nodes)
        expect(Number(await node.command('DBSIZE'))).toBeGreaterThan(0);
      // So no reply arrives before all commands are sent that do not wait for one.
      for (const proxy of proxies) proxy.delay(50);
      const before = proxies.map(({ roundTrips }) => roundTrips);
      const values = await store.get(MANY).finally(() => proxies.map((proxy) => proxy.restore()));
      expect(values).toEqual(MANY.map((key) => `of ${key}`));
      expect(proxies.map(({ roundTrips }) => roundTrips)).toEqual(before.map((count) => count + 1));
    },
  );

  it.each(Object.entries(clients))(
    'keeps all keys on one node if the prefix has a hash tag, with %s',
    async (_, connect) => {
      await Promise.all(cluster.nodes.map((node) => node.command('FLUSHALL')));
      const store = await storeOver(connect(), '{jwt}:');
      await Promise.all(MANY.map((key) => store.add(key, '1', null)));
      await store.sessions.put('alice', 'phone', 'record', null);
      const sizes = cluster.nodes.map(async (node) => Number(await node.command('DBSIZE')));
      expect((await Promise.all(sizes)).sort()).toEqual([0, 0, MANY.length + 1]);
      expect(await store.get(MANY)).toEqual(MANY.map(() => '1'));
    },
  );

  /** Each client of a cluster that a store accepts. */
  const CLUSTERS = Object.entries(CLIENTS).filter(([name]) => /Cluster/.test(name));

  it('lets one of several processes replace each value, whichever node has it', async () => {
    await Promise.all(cluster.nodes.map((node) => node.command('FLUSHALL')));
    const stores = await Promise.all(CLUSTERS.map(([, connect]) => storeOver(connect(servers))));
    await Promise.all(MANY.map((key) => stores[0]?.add(key, 'held', inAnHour)));
    for (const node of cluster.nodes)
      expect(Number(await node.command('DBSIZE'))).toBeGreaterThan(0);

    const winners = await Promise.all(
      MANY.map(async (key) => {
        const calls = stores.map((store, index) => store.replace(key, 'held', `${index}`, null));
        return (await Promise.all(calls)).flatMap((is, index) => (is ? [`${index}`] : []));
      }),
    );

    expect(winners.map(({ length }) => length)).toEqual(MANY.map(() => 1));
    for (const store of stores) await eventually(() => store.get(MANY), winners.flat());
  });

  it.each(CLUSTERS)(
    'misses no replacement of another process if it has cached the former value, with a writer over %s',
    async (_, connect) => {
      await Promise.all(cluster.nodes.map((node) => node.command('FLUSHALL')));
      const { rootNodes } = cluster;
      const caching = createCluster({ rootNodes, RESP: 3, clientSideCache: {} });
      const [writer, reader] = [
        await storeOver(connect(servers)),
        await storeOver(opened(caching)),
      ];
      await Promise.all(MANY.map((key) => writer.add(key, '0', null)));
      const stale: string[] = [];
      for (let time = 0; time < 5; time += 1) {
        for (const key of MANY) {
          expect(await reader.get([key])).toEqual([`${time}`]);
          expect(await writer.replace(key, `${time}`, `${time + 1}`, null)).toBe(true);
          if ((await reader.get([key]))[0] !== `${time + 1}`) stale.push(key);
        }
      }
      expect(stale).toEqual([]);
    },
  );
});

describe('A client-side cache', () => {
  const TTL_MS = 300;
  let store: RedisBlocklistStore;
  let elsewhere: RedisBlocklistStore;

  beforeEach(async () => {
    await server.command('FLUSHALL');
    store = await storeOver(cachingNodeRedis(server));
    elsewhere = await storeOver(ioredis(server));
  });

  it.each([
    ['absent', NOTHING],
    ['existing', ['7', null, null, null]],
  ])('saves round trips for %s entries', async (_, values) => {
    if (values[0]) await store.add('all', values[0], null);
    await server.command('CONFIG', 'RESETSTAT');
    for (let time = 0; time < 100; time += 1) expect(await store.get(KEYS)).toEqual(values);
    expect(await server.calls()).toMatchObject({ mget: 1 });
  });

  it('is invalidated when another process adds, replaces and deletes', async () => {
    expect(await store.get(KEYS)).toEqual(NOTHING);
    await elsewhere.add('jti:one', '1', null);
    await eventually(() => store.get(['all', 'jti:one']), [null, '1']);
    await eventually(() => store.get(KEYS), [null, null, '1', null]);
    await elsewhere.add('all', '5', null);
    await eventually(() => store.get(KEYS), ['5', null, '1', null]);
    expect(await elsewhere.replace('all', '5', '6', null)).toBe(true);
    await eventually(() => store.get(KEYS), ['6', null, '1', null]);
    await elsewhere.delete('jti:one');
    await eventually(() => store.get(KEYS), ['6', null, null, null]);
  });

  it('is invalidated when another process writes and removes a session', async () => {
    const ours = () =>
      Promise.all([store.sessions.list('alice'), store.sessions.get('alice', 'phone')]);
    expect(await ours()).toEqual([[], null]);
    await elsewhere.sessions.put('alice', 'phone', 'record', null);
    await eventually(ours, [['record'], 'record']);
    await elsewhere.sessions.put('alice', 'phone', 'another', null);
    await eventually(ours, [['another'], 'another']);
    await elsewhere.sessions.remove('alice', 'phone');
    await eventually(ours, [[], null]);
  });

  it('of a pool is invalidated by a write of the same process before the next look-up, over any connection', async () => {
    const pool = createClientPool(
      { url: server.url, RESP: 3 },
      { clientSideCache: {}, minimum: 5 },
    );
    store = await storeOver(opened(pool));
    for (let time = 0; time < 100; time += 1) {
      const keys = [`jti:${time}`, `sub:${time}`] as const;
      const ofSession = () =>
        Promise.all([store.sessions.get(keys[1], 'phone'), store.sessions.list(keys[1])]);
      expect(await store.get(keys)).toEqual([null, null]);
      await store.add(keys[0], 'revoked', null);
      expect(await store.get(keys)).toEqual(['revoked', null]);
      expect(await store.replace(keys[0], 'revoked', 'replaced', null)).toBe(true);
      expect(await store.get(keys)).toEqual(['replaced', null]);
      await store.delete(keys[0]);
      expect(await store.get(keys)).toEqual([null, null]);
      expect(await ofSession()).toEqual([null, []]);
      await store.sessions.put(keys[1], 'phone', 'record', null);
      expect(await ofSession()).toEqual(['record', ['record']]);
      await store.sessions.remove(keys[1], 'phone');
      expect(await ofSession()).toEqual([null, []]);
    }
  });

  it.each([
    ...BOTH,
    ['createClient of redis, with the client-side cache', cachingNodeRedis],
  ] as const)(
    'misses no write that a store over %s has acknowledged, even if it had cached the entry (R65)',
    async (_, connect) => {
      const durable = closedAfterwards(await RedisServer.start({ appendonly: true }));
      const writer = await storeOver(connect(durable));
      const reader = await storeOver(cachingNodeRedis(durable));
      const stale: string[] = [];
      for (let time = 0; time < 200; time += 1) {
        const keys = [`jti:${time}`, `sub:${time}`] as const;
        expect(await reader.get(keys)).toEqual([null, null]);
        await writer.add(keys[0], '1', null);
        if ((await reader.get(keys))[0] !== '1') stale.push(`${keys[0]} added`);
        expect(await writer.replace(keys[0], '1', '2', null)).toBe(true);
        if ((await reader.get(keys))[0] !== '2') stale.push(`${keys[0]} replaced`);
      }
      expect(stale).toEqual([]);
    },
  );

  describe('whose connection fails', () => {
    let proxy: TcpProxy;

    beforeEach(async () => {
      proxy = closedAfterwards(await TcpProxy.start(server.port));
      store = await storeOver(cachingNodeRedis({ url: `redis://127.0.0.1:${proxy.port}` }, TTL_MS));
      expect(await store.get(KEYS)).toEqual(NOTHING);
    });

    it('is cleared when the connection is lost', async () => {
      proxy.cut();
      await elsewhere.add('jti:one', '1', null);
      proxy.restore();
      await eventually(() => store.get(KEYS), [null, null, '1', null]);
    });

    it('answers no longer than its ttl when the connection hangs', async () => {
      proxy.blackhole();
      await elsewhere.add('jti:one', '1', null);
      await pause(TTL_MS + 50);
      const answer = store.get(KEYS);
      answer.catch(() => undefined);
      expect(await Promise.race([answer, pause(200, 'no answer')])).toBe('no answer');
    });
  });
});

describe.each(BOTH)('Failures of a RedisBlocklistStore with %s', (_, connect) => {
  const storeOn = (address: Address) => storeOver(connect(address));

  it('reject each write to a replica', async () => {
    const replica = closedAfterwards(await RedisServer.start());
    const store = await storeOn(replica);
    await store.add('sub:alice', '6', null);
    await replica.command('REPLICAOF', '127.0.0.1', '1');
    await expect(store.add('jti:one', 'revoked', inAnHour)).rejects.toThrow(/READONLY/);
    await expect(store.replace('sub:alice', '6', '7', inAnHour)).rejects.toThrow(/READONLY/);
    await expect(store.delete('jti:one')).rejects.toThrow(/READONLY/);
    await expect(store.sessions.put('alice', 'phone', '1', null)).rejects.toThrow(/READONLY/);
    await expect(store.sessions.remove('alice', 'phone')).rejects.toThrow(/READONLY/);
    // The replica may become a master, so the application starts.
    await expect(store.check()).rejects.not.toThrow(JwtExtendedConfigError);
  });

  it('reject a look-up of a key on another node, and in a cluster that is down', async () => {
    const cluster = closedAfterwards(await RedisCluster.start());
    const [node] = cluster.nodes as [RedisServer];
    const store = await storeOn(node);
    const failures = async () => {
      const answers = await Promise.allSettled(MANY.map((key) => store.get([key])));
      return answers.flatMap((answer) =>
        answer.status === 'rejected' ? [(answer.reason as Error).message] : [],
      );
    };
    expect(await failures()).toContainEqual(expect.stringMatching(/^MOVED/));

    await Promise.all(cluster.nodes.slice(1).map((other) => other.kill()));
    await node.command('CONFIG', 'SET', 'cluster-node-timeout', '1000');
    while (!(await node.command('CLUSTER', 'INFO')).includes('state:fail')) continue;
    const afterwards = new Set(await failures());
    expect(afterwards).toEqual(new Set([expect.stringMatching(/^CLUSTERDOWN/)]));
  });

  it('lose nothing that was acknowledged when a server with appendonly is killed', async () => {
    const durable = closedAfterwards(await RedisServer.start({ appendonly: true }));
    const store = await storeOn(durable);
    await writeEach(store, inAnHour);
    await durable.kill();
    await durable.restart();
    expect(await store.get(['jti:one', 'sub:alice'])).toEqual(['revoked', '7']);
    expect(await store.sessions.list('alice')).toEqual(['record']);
    expect(await store.add('jti:one', 'revoked', inAnHour)).toBe(false);
  });

  it.each([
    ['eval', '~* +@all -eval', /eval/i],
    ['set', '~* +@all -set', /set/i],
    ['the sessions', '~* +@all -hset', /hset|ACL|can't run/i],
    ['other keys', '~app:* +@all', /key/i],
  ])('are found by the check if the user may not use %s', async (_, rules, words) => {
    const strict = closedAfterwards(await RedisServer.start());
    await strict.command('ACL', 'SETUSER', 'app', 'on', '>pw', ...rules.split(' '));
    const store = await storeOn({ url: `redis://app:pw@127.0.0.1:${strict.port}` });
    const failure = (await failureOf(store.check())) as Error;
    expect(failure).toBeInstanceOf(JwtExtendedConfigError);
    expect(failure.message).toMatch(/^RedisBlocklistStore: the server refuses/);
    expect(failure.message).toMatch(words);
    expect(failure.cause).toBeInstanceOf(Error);
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
