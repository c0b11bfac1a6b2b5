import { createHash } from 'node:crypto';
import { readOptions, type Rows } from '../common/read-options.js';
import type { BlocklistStore } from '../contracts/blocklist-store.js';
import { checkPrefix, expiryOf, MARGIN_MS } from './store-rules.js';
import {
  type CacheManagerClient,
  type KeyvClient,
  recognizeKeyv,
  StrictKeyv,
} from './strict-keyv.js';

const STORE = 'KeyvBlocklistStore';

/** How a {@link KeyvBlocklistStore} is made. */
export interface KeyvBlocklistStoreOptions {
  /**
   * The beginning of every key, after the namespace of the Keyv: 1 to 64 printable characters of ASCII. It must differ
   * from that namespace. @default 'jwt:'
   */
  prefix?: string;
}

const ROWS = { prefix: [checkPrefix, 'jwt:'] } satisfies Rows<KeyvBlocklistStoreOptions>;

/**
 * Keeps revocations in a Keyv, for applications that have one already. Give it a Keyv of the package `keyv` 5, or the
 * `CACHE_MANAGER` of `@nestjs/cache-manager`. Of a cache with several tiers it uses the last one only, because memory in
 * front of that tier does not know what another process has revoked.
 *
 * Keyv cannot add or replace atomically, so this store refuses to rotate refresh tokens. Keyv also answers as if the store
 * were empty when its backend is down. This store detects that and throws: each look-up reads one more entry, and each
 * write is read back.
 *
 * Revocations are as safe as the backend keeps them. If it drops entries when it is full, or if the application calls
 * `clear()` on the cache, revoked tokens are accepted again. Memcached drops at once what should live for more than 30
 * days; such a revocation rejects.
 *
 * @example
 * ```ts
 * const keyv = new Keyv(new KeyvRedis('redis://localhost:6379'), { namespace: 'revocations' });
 *
 * JwtExtendedModule.forRoot({ secret, blocklist: { store: new KeyvBlocklistStore(keyv) } });
 * ```
 */
export class KeyvBlocklistStore implements BlocklistStore {
  /** This store keeps revocations, and refuses rotation. */
  readonly isAtomic = false;
  readonly #keyv: StrictKeyv;
  readonly #prefix: string;

  /** @throws JwtExtendedConfigError - for a client that is not a Keyv, and for an invalid prefix */
  constructor(client: KeyvClient | CacheManagerClient, options: KeyvBlocklistStoreOptions = {}) {
    const { prefix } = readOptions(STORE, ROWS, options);
    this.#keyv = new StrictKeyv(recognizeKeyv(client), prefix);
    this.#prefix = `${prefix}entry:`;
  }

  /** Of several calls at once, more than one may report that it added the entry. */
  async add(key: string, value: string, expiresAt: Date | null): Promise<boolean> {
    return this.#writeIf(key, null, value, expiresAt);
  }

  /** Of several calls at once, more than one may report that it replaced the value. */
  async replace(
    key: string,
    expected: string,
    value: string,
    expiresAt: Date | null,
  ): Promise<boolean> {
    return this.#writeIf(key, expected, value, expiresAt);
  }

  async get(keys: readonly string[]): Promise<readonly (string | null)[]> {
    if (keys.length === 0) return [];
    return this.#keyv.read(keys.map((key) => entryName(this.#prefix, key)));
  }

  async delete(key: string): Promise<void> {
    await this.#keyv.delete(entryName(this.#prefix, key));
  }

  async #writeIf(
    key: string,
    expected: string | null,
    value: string,
    expiresAt: Date | null,
  ): Promise<boolean> {
    const name = entryName(this.#prefix, key);
    const life = timeToLive(expiresAt);
    const [held] = await this.#keyv.read([name]);
    return held === expected && (await this.#keyv.write(name, expected, value, life));
  }
}

/** Short enough for every backend, and without upper case, which some backends fold to lower case. */
const PLAIN = /^[a-z0-9:.@_-]{1,150}$/;

/**
 * The name of an entry in the backend. Some backends limit keys to 250 characters, refuse blanks or ignore case. A key
 * that this could change is replaced by its digest, after a `#`, which no plain name begins with.
 */
function entryName(prefix: string, key: string): string {
  if (PLAIN.test(key)) return prefix + key;
  return `${prefix}#${createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex')}`;
}

/** How long to keep an entry, in whole milliseconds; `null` for ever. */
function timeToLive(expiresAt: Date | null): number | null {
  const expiry = expiryOf(expiresAt, STORE);
  return expiry === null ? null : Math.max(0, Math.ceil(expiry - Date.now())) + MARGIN_MS;
}
