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
