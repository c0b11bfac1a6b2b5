import { createHash } from 'node:crypto';
import { describe, configError } from '../common/describe.js';
import { readOptions, type Rows } from '../common/read-options.js';
import type { BlocklistStore } from '../contracts/blocklist-store.js';
import {
  type CacheManagerClient,
  type KeyvClient,
  StrictKeyv,
  recognizeKeyv,
} from './strict-keyv.js';

/** Short enough for every backend, and the same where upper case and lower case are. */
const PLAIN = /^[a-z0-9:.@_-]{1,150}$/;

/**
 * What an entry is called. Some backends of Keyv take 250 characters of a key, or no blanks, or do not tell cases apart;
 * a key that this could matter to is called by its digest, behind a character that no other name begins with.
 */
function entryName(prefix: string, key: string): string {
  if (PLAIN.test(key)) return prefix + key;
  return `${prefix}#${createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex')}`;
}

/** Clocks are set back now and then: what is stored outlives its expiry by this much. */
const MARGIN_MS = 5 * 60 * 1_000;

/** How long to keep what expires then, in whole milliseconds; `null` for ever. */
function timeToLive(expiresAt: Date | null): number | null {
  if (expiresAt === null) return null;
  const life = expiresAt.getTime() - Date.now();
  if (Number.isNaN(life)) throw new TypeError('expiresAt must be a date that is valid');
  return Math.max(0, Math.ceil(life)) + MARGIN_MS;
}

const PREFIX = /^[\x20-\x7e]{1,64}$/;
const NUMBER = /^\d+$/;

/** How a {@link KeyvBlocklistStore} is made. */
export interface KeyvBlocklistStoreOptions {
  /**
   * What every key begins with, behind the namespace of the Keyv: 1 to 64 printable characters of ASCII. It must not be
   * that namespace again.
   *
   * @default 'jwt:'
   */
  prefix?: string;
}

const ROWS = { prefix: [checkPrefix, 'jwt:'] } satisfies Rows<KeyvBlocklistStoreOptions>;

/**
 * Keeps revocations wherever a Keyv keeps things, for applications that have one already. It is handed a Keyv of the
 * package `keyv` 5, or the `CACHE_MANAGER` of `@nestjs/cache-manager`, of which it uses the last tier only: memory in
 * front of it does not know what another process has revoked.
 *
 * Keyv cannot add or raise atomically, so refresh tokens are not rotated with this store. And Keyv takes a backend that
 * is down for an empty one: this store notices, and throws. Every look-up asks for one more entry to that end, and every
 * write is read back.
 *
 * It is as good as what is behind it: a backend that drops entries when it is full, or a `clear()` of the cache, lets
 * revoked tokens in again. Memcached forgets at once what is to live for more than 30 days; such a revocation rejects.
 *
 * @example
 * ```ts
 * const keyv = new Keyv(new KeyvRedis('redis://localhost:6379'), { namespace: 'revocations' });
 *
 * JwtExtendedModule.forRoot({ secret, blocklist: { store: new KeyvBlocklistStore(keyv) } });
 * ```
 */
export class KeyvBlocklistStore implements BlocklistStore {
  /** It keeps revocations, and refuses rotation. */
  readonly isAtomic = false;
  readonly #keyv: StrictKeyv;
  readonly #prefix: string;

  /** @throws JwtExtendedConfigError - for what is no Keyv, and for a prefix that cannot be one */
  constructor(client: KeyvClient | CacheManagerClient, options: KeyvBlocklistStoreOptions = {}) {
    const { prefix } = readOptions('KeyvBlocklistStore', ROWS, options);
    this.#keyv = new StrictKeyv(recognizeKeyv(client), prefix);
    this.#prefix = `${prefix}entry:`;
  }

  /** Of several calls at once more than one may say that it added the entry. */
  async add(key: string, value: string, expiresAt: Date | null): Promise<boolean> {
    const [there] = await this.get([key]);
    if (there !== null) return false;
    return (await this.#write(key, value, expiresAt)) === value;
  }

  /** Of several calls at once a lower one may be the last. */
  async raise(key: string, value: number, expiresAt: Date | null): Promise<void> {
    const [there] = await this.get([key]);
    if (typeof there === 'string' && numberIn(there) >= value) return;
    const kept = await this.#write(key, String(value), expiresAt);
    if (numberIn(kept) < value) throw new Error('KeyvBlocklistStore: a lower number was written');
  }

  async get(keys: readonly string[]): Promise<readonly (string | null)[]> {
    if (keys.length === 0) return [];
    return this.#keyv.read(keys.map((key) => entryName(this.#prefix, key)));
  }

  async delete(key: string): Promise<void> {
    await this.#keyv.delete(entryName(this.#prefix, key));
  }

  #write(key: string, value: string, expiresAt: Date | null): Promise<string> {
    return this.#keyv.write(entryName(this.#prefix, key), value, timeToLive(expiresAt));
  }
}

function numberIn(text: string): number {
  if (NUMBER.test(text)) return Number(text);
  throw new Error('KeyvBlocklistStore: only a number can be raised');
}

function checkPrefix(value: unknown, name: string): string {
  if (typeof value === 'string' && PREFIX.test(value)) return value;
  throw configError(name, describe(value), 'give 1 to 64 printable characters of ASCII');
}
