import { setImmediate as endOfTurn } from 'node:timers/promises';
import { isObject } from '../common/checks.js';
import { kindOf, configError } from '../common/describe.js';

/**
 * A client of the package `redis` (6 or newer): `createClient`, `createClientPool`, `createCluster`, `createSentinel`.
 * Only what a store needs of it is described here.
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
  hvals(key: string): Promise<unknown>;
  hdel(key: string, field: string): Promise<unknown>;
}

/** The clients that a `RedisBlocklistStore` can be handed. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/**
 * The commands that a store sends, whichever client sends them. A reply is whatever the client makes of it: it is for
 * the caller to read, and a refusal is the client's own error.
 */
export interface RedisCommands {
  /** `OK`, or `null` where the key is there already, of whatever type. */
  setIfAbsent(key: string, value: string, expireAt: number | null): Promise<unknown>;
  /** Rejects where the key is not a string's. */
  get(key: string): Promise<unknown>;
  /** A list in one round trip; `null` for a key that is absent, and for one that may not be a string's. */
  getAll(keys: string[]): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** Scripts of ours keep to one key, so that a cluster knows which of its nodes to ask. */
  run(script: string, key: string, ...args: string[]): Promise<unknown>;
  hashValues(key: string): Promise<unknown>;
  deleteField(key: string, field: string): Promise<unknown>;
}

class IoRedisCommands implements RedisCommands {
  constructor(private readonly client: IoRedisClient) {}

  setIfAbsent(key: string, value: string, expireAt: number | null): Promise<unknown> {
    if (expireAt === null) return this.client.set(key, value, 'NX');
    return this.client.set(key, value, 'PXAT', expireAt, 'NX');
  }

  get(key: string): Promise<unknown> {
    return this.client.get(key);
  }

  /** The keys of a cluster live on several nodes: one command each, all of them sent before any is answered. */
  getAll(keys: string[]): Promise<unknown> {
    if (this.client.isCluster) return Promise.all(keys.map((key) => this.client.get(key)));
    return this.client.mget(keys);
  }

  delete(key: string): Promise<unknown> {
    return this.client.del(key);
  }

  run(script: string, key: string, ...args: string[]): Promise<unknown> {
    return this.client.eval(script, 1, key, ...args);
  }

  hashValues(key: string): Promise<unknown> {
    return this.client.hvals(key);
  }

  deleteField(key: string, field: string): Promise<unknown> {
    return this.client.hdel(key, field);
  }
}

/** By the methods that have a name and a type, since only those are routed, prefixed and cached by the client. */
class NodeRedisCommands implements RedisCommands {
  readonly #isCluster: boolean;
  #turn: Promise<void> | undefined;

  constructor(private readonly client: NodeRedisClient) {
    this.#isCluster = 'nodeClient' in client;
  }

  setIfAbsent(key: string, value: string, expireAt: number | null): Promise<unknown> {
    const life = expireAt !== null && { expiration: { type: 'PXAT' as const, value: expireAt } };
    return this.#write(key, this.client.set(key, value, { condition: 'NX', ...life }));
  }

  get(key: string): Promise<unknown> {
    return this.client.get(key);
  }

  /** The keys of a cluster live on several nodes: one command each, all of them sent before any is answered. */
  async getAll(keys: string[]): Promise<unknown> {
    await this.#invalidated();
    if (this.#isCluster) return Promise.all(keys.map((key) => this.client.get(key)));
    return this.client.mGet(keys);
  }

  delete(key: string): Promise<unknown> {
    return this.#write(key, this.client.del(key));
  }

  run(script: string, key: string, ...args: string[]): Promise<unknown> {
    return this.#write(key, this.client.eval(script, { keys: [key], arguments: args }));
  }

  async hashValues(key: string): Promise<unknown> {
    await this.#invalidated();
    return this.client.hVals(key);
  }

  deleteField(key: string, field: string): Promise<unknown> {
    return this.#write(key, this.client.hDel(key, field));
  }

  /**
   * What the server has told the cache may have arrived together with the request that asks, and lie there unread: by
   * the end of this turn of the loop it has been read. All who ask in one turn wait for the same end.
   */
  #invalidated(): Promise<void> | undefined {
    if (!this.client.clientSideCache) return undefined;
    this.#turn ??= endOfTurn().then(() => {
      this.#turn = undefined;
    });
    return this.#turn;
  }

  /** Of what is written here the server tells the cache too, but over another connection perhaps, and so too late. */
  async #write(key: string, sent: Promise<unknown>): Promise<unknown> {
    const reply = await sent;
    this.client.clientSideCache?.invalidate(key);
    return reply;
  }
}

/** `connect` tells a client from a transaction or a pipeline, which have every command and answer none of them. */
const NODE_REDIS = ['connect', 'get', 'mGet', 'set', 'del', 'eval', 'hVals', 'hDel'];
const IOREDIS = ['connect', 'get', 'mget', 'set', 'del', 'eval', 'hvals', 'hdel'];

/**
 * The commands of a client, which is known by what it can do: the packages are the application's, and not imported.
 *
 * @throws JwtExtendedConfigError - for anything else
 */
export function recognizeClient(client: unknown): RedisCommands {
  if (isNodeRedis(client)) return new NodeRedisCommands(client);
  if (isIoRedis(client)) return new IoRedisCommands(client);
  throw configError(
    'RedisBlocklistStore',
    kindOf(client),
    `give a client of the package redis (createClient, createCluster…) or ioredis (new Redis, new Cluster)${hintFor(client)}`,
  );
}

/** Older clients of the package know neither `withTypeMapping` nor the way in which we write the condition of `SET`. */
function isNodeRedis(client: unknown): client is NodeRedisClient {
  return hasMethods(client, [...NODE_REDIS, 'withTypeMapping']);
}

/** Clients of the package `redis` before its fourth version have the same methods, but neither status nor promises. */
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
  if (typeof client === 'function') return ': the client itself, not what makes one';
  if (typeof client === 'string') return ': connect to that address first';
  if (hasMethods(client, ['exec'])) return ': the client itself, not a transaction or a pipeline';
  if (hasMethods(client, ['get', 'set', 'eval'])) return ', in a version that is still maintained';
  return '';
}
