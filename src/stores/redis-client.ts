import { setImmediate as endOfTurn } from 'node:timers/promises';
import { isObject } from '../common/checks.js';
import { kindOf, configError } from '../common/describe.js';

/**
 * A client of the package `redis` (6 or newer): `createClient`, `createClientPool`, `createCluster`, `createSentinel`.
 * These are the members that a store needs.
 */
export interface NodeRedisClient {
  readonly clientSideCache?: { invalidate(key: string): void } | undefined;
  get(key: string): Promise<unknown>;
  mGet(keys: string[]): Promise<unknown>;
  set(
    key: string,
    value: string,
    options: { condition: 'NX'; expiration?: { type: 'PXAT'; value: number } },
  ): Promise<unknown>;
  del(key: string): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  hGet(key: string, field: string): Promise<unknown>;
  hVals(key: string): Promise<unknown>;
  hDel(key: string, field: string): Promise<unknown>;
}

/** A client of the package `ioredis` (6 or newer): `new Redis()`, with sentinels too, and `new Cluster()`. */
export interface IoRedisClient {
  readonly status: string;
  readonly isCluster: boolean;
  get(key: string): Promise<unknown>;
  mget(keys: string[]): Promise<unknown>;
  set(key: string, value: string, condition: 'NX'): Promise<unknown>;
  set(
    key: string,
    value: string,
    expiration: 'PXAT',
    milliseconds: number,
    condition: 'NX',
  ): Promise<unknown>;
  del(key: string): Promise<unknown>;
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  hget(key: string, field: string): Promise<unknown>;
  hvals(key: string): Promise<unknown>;
  hdel(key: string, field: string): Promise<unknown>;
}

/** The clients that a `RedisBlocklistStore` accepts. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/**
 * The commands that a store sends, over either client. A reply is what the client returns, for the caller to check; a
 * rejection is the client's own error.
 */
export interface RedisCommands {
  /** Resolves to `OK`, or to `null` if the key exists already, with a value of any type. */
  setIfAbsent(key: string, value: string, expireAt: number | null): Promise<unknown>;
  /** Rejects if the key holds another type than a string. */
  get(key: string): Promise<unknown>;
  /** Resolves to a list, in one round trip: `null` for an absent key, and perhaps for a key of another type. */
  getAll(keys: string[]): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** A script uses one key only, so that a cluster knows the node to run it on. */
  run(script: string, key: string, ...args: string[]): Promise<unknown>;
  /** Resolves to `null` if the hash or the field is absent. */
  field(key: string, field: string): Promise<unknown>;
  hashValues(key: string): Promise<unknown>;
  deleteField(key: string, field: string): Promise<unknown>;
}

function ioRedisCommands(client: IoRedisClient): RedisCommands {
  return {
    setIfAbsent: (key, value, expireAt) =>
      expireAt === null
        ? client.set(key, value, 'NX')
        : client.set(key, value, 'PXAT', expireAt, 'NX'),
    get: (key) => client.get(key),
    getAll: (keys) => (client.isCluster ? getEach(client, keys) : client.mget(keys)),
    delete: (key) => client.del(key),
    run: (script, key, ...args) => client.eval(script, 1, key, ...args),
    field: (key, field) => client.hget(key, field),
    hashValues: (key) => client.hvals(key),
    deleteField: (key, field) => client.hdel(key, field),
  };
}

/** The keys of a cluster are on several nodes, so each key is one command; all are sent before the first reply. */
function getEach(client: RedisClient, keys: readonly string[]): Promise<unknown> {
  return Promise.all(keys.map((key) => client.get(key)));
}

/** Uses the typed methods, because the client routes, prefixes and caches only those. */
function nodeRedisCommands(client: NodeRedisClient): RedisCommands {
  const isCluster = 'nodeClient' in client;
  let turn: Promise<void> | undefined;

  /**
   * An invalidation of the cache may have arrived together with the request that looks something up, and be unread. By the
   * end of this turn of the event loop the client has read it. All look-ups of one turn wait for the same promise.
   */
  function cacheUpToDate(): Promise<void> | undefined {
    if (!client.clientSideCache) return undefined;
    turn ??= endOfTurn().then(() => {
      turn = undefined;
    });
    return turn;
  }

  /** The server invalidates this client's cache, too, but perhaps over another connection of a pool, and so too late. */
  async function write(key: string, sent: Promise<unknown>): Promise<unknown> {
    const reply = await sent;
    client.clientSideCache?.invalidate(key);
    return reply;
  }

  return {
    setIfAbsent(key, value, expireAt) {
      const life = expireAt !== null && { expiration: { type: 'PXAT' as const, value: expireAt } };
      return write(key, client.set(key, value, { condition: 'NX', ...life }));
    },
    get: (key) => client.get(key),
    async getAll(keys) {
      await cacheUpToDate();
      return isCluster ? getEach(client, keys) : client.mGet(keys);
    },
    delete: (key) => write(key, client.del(key)),
    run: (script, key, ...args) =>
      write(key, client.eval(script, { keys: [key], arguments: args })),
    async field(key, field) {
      await cacheUpToDate();
      return (await client.hGet(key, field)) ?? null;
    },
    async hashValues(key) {
      await cacheUpToDate();
      return client.hVals(key);
    },
    deleteField: (key, field) => write(key, client.hDel(key, field)),
  };
}

/** `connect` distinguishes a client from a transaction or a pipeline, which have the commands and reply to none. */
const NODE_REDIS = ['connect', 'get', 'mGet', 'set', 'del', 'eval', 'hGet', 'hVals', 'hDel'];
const IOREDIS = ['connect', 'get', 'mget', 'set', 'del', 'eval', 'hget', 'hvals', 'hdel'];

/**
 * The commands of a client. It is recognized by its methods, because this library does not import the packages.
 *
 * @throws JwtExtendedConfigError - for an unknown client
 */
export function recognizeClient(client: unknown): RedisCommands {
  if (isNodeRedis(client)) return nodeRedisCommands(client);
  if (isIoRedis(client)) return ioRedisCommands(client);
  throw configError(
    'RedisBlocklistStore',
    kindOf(client),
    `give a client of the package redis (createClient, createCluster…) or ioredis (new Redis, new Cluster)${hintFor(client)}`,
  );
}

/** Older versions have neither `withTypeMapping` nor the option `condition` of `set`. */
function isNodeRedis(client: unknown): client is NodeRedisClient {
  return hasMethods(client, [...NODE_REDIS, 'withTypeMapping']);
}

/** Clients of `redis` before version 4 have the same methods, but no `status`, and they do not return promises. */
function isIoRedis(client: unknown): client is IoRedisClient {
  if (!hasMethods(client, IOREDIS)) return false;
  const { status, isCluster } = client as Partial<Record<keyof IoRedisClient, unknown>>;
  return typeof status === 'string' && typeof isCluster === 'boolean';
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => typeof value[name] === 'function');
}

function hintFor(client: unknown): string {
  if (client instanceof Promise) return ', and await the promise of it first';
  if (typeof client === 'function') return ': a client, not a function or a class';
  if (typeof client === 'string') return ': connect to that address first';
  if (hasMethods(client, ['exec'])) return ': the client itself, not a transaction or a pipeline';
  if (hasMethods(client, ['get', 'set', 'eval'])) return ', in a version that is still maintained';
  return '';
}
