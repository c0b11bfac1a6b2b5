/**
 * What is needed of a Keyv of the package `keyv` 5, or of anything that can do the same. A lifetime is in milliseconds,
 * and 0 is for ever.
 */
export interface KeyvClient {
  get(key: string): Promise<unknown>;
  getMany(keys: string[], options?: { raw: true }): Promise<unknown>;
  set(key: string, value: string, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** One entry as it is stored; unlike `get`, it throws when it cannot be read. */
  getRaw?(key: string): Promise<unknown>;
  /** Tells of errors, as many backends do. */
  on?(event: 'error', listener: (error: unknown) => void): unknown;
  /** The backend. */
  readonly store?: unknown;
}

/** What is needed of the `CACHE_MANAGER` of `@nestjs/cache-manager`, and of a cache of the package `cache-manager` 7. */
export interface CacheManagerClient {
  readonly stores: readonly KeyvClient[];
}
