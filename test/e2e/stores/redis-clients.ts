import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import type { RedisClient } from '../../../src/stores/redis-client.js';
import { RedisCluster, RedisSentinel, RedisServer } from '../../support/redis.js';

/** A connected client, and how to close it. */
export interface ConnectedClient {
  readonly client: RedisClient;
  close(): unknown;
}

/** A server, or a proxy before one. */
export type Address = Pick<RedisServer, 'url'>;

/** One of each arrangement of servers. */
export async function startServers() {
  const starting = [RedisServer.start(), RedisCluster.start(), RedisSentinel.start()] as const;
  const [server, cluster, sentinel] = await Promise.all(starting);
  const close = () => Promise.all([server.close(), cluster.close(), sentinel.close()]);
  return { server, cluster, sentinel, close };
}
export type RedisServers = Awaited<ReturnType<typeof startServers>>;

/**
 * A pool rejects a call that has waited 3 seconds for one of its 100 connections. On a slow machine 1,000 calls at once,
 * which the contract makes, take longer than that, even if each of them is a single command.
 */
const PATIENT = { acquireTimeout: 0 } as const;

/** Every client that a store accepts, by what makes it. */
export const CLIENTS: Readonly<
  Record<string, (servers: RedisServers) => ConnectedClient | Promise<ConnectedClient>>
> = {
  'createClient of redis': ({ server }) => nodeRedis(server),
  'createClient of redis, with the client-side cache': ({ server }) => cachingNodeRedis(server),
  'createClientPool of redis': ({ server: { url } }) => opened(createClientPool({ url }, PATIENT)),
  'createClientPool of redis, with the client-side cache': ({ server: { url } }) =>
    opened(createClientPool({ url, RESP: 3 }, { ...PATIENT, clientSideCache: {}, minimum: 3 })),
  'createCluster of redis': ({ cluster: { rootNodes } }) => opened(createCluster({ rootNodes })),
  'createCluster of redis, with the client-side cache': ({ cluster: { rootNodes } }) =>
    opened(createCluster({ rootNodes, RESP: 3, clientSideCache: {} })),
  'createSentinel of redis': ({ sentinel: { name, sentinels } }) =>
    opened(createSentinel({ name, sentinelRootNodes: sentinels })),
  'createSentinel of redis, with the client-side cache': ({ sentinel: { name, sentinels } }) =>
    opened(createSentinel({ name, sentinelRootNodes: sentinels, RESP: 3, clientSideCache: {} })),
  'Redis of ioredis': ({ server }) => ioredis(server),
  'Cluster of ioredis': ({ cluster }) => opening(new Cluster(cluster.addresses)),
  'Redis of ioredis, by way of sentinels': ({ sentinel: { name, sentinels } }) =>
    opening(new Redis({ name, sentinels })),
};

type Listened = { on(event: 'error', listener: () => void): unknown };

/** A connected client of `redis`. Without a listener for its errors it would end the process. */
export async function opened<
  C extends RedisClient & Listened & { connect(): Promise<unknown>; destroy(): unknown },
>(client: C) {
  client.on('error', () => undefined);
  await client.connect();
  return { client, close: () => client.destroy() };
}

/** A client of `ioredis`, which connects by itself. */
export function opening<C extends RedisClient & Listened & { disconnect(): void }>(client: C) {
  client.on('error', () => undefined);
  return { client, close: () => client.disconnect() };
}

export function nodeRedis({ url }: Address) {
  return opened(createClient({ url }));
}

export function cachingNodeRedis({ url }: Address, ttl = 0) {
  return opened(createClient({ url, RESP: 3, clientSideCache: { ttl } }));
}

export function ioredis({ url }: Address) {
  return opening(new Redis(url));
}
