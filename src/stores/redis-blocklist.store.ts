import { randomUUID } from 'node:crypto';
import { safeMessage } from '../common/fault-message.js';
import { readOptions, type Rows } from '../common/read-options.js';
import type { BlocklistStore, SessionRecords } from '../contracts/blocklist-store.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { recognizeClient, type RedisClient, type RedisCommands } from './redis-client.js';
import {
  expireAt,
  readReplaced,
  readValues,
  RedisSessions,
  REPLACE,
  requireOk,
} from './redis-protocol.js';
import { checkPrefix } from './store-rules.js';

const STORE = 'RedisBlocklistStore';

/** How a {@link RedisBlocklistStore} is made. */
export interface RedisBlocklistStoreOptions {
  /**
   * The beginning of every key, so that applications can share a server: 1 to 64 printable characters of ASCII. In a
   * cluster, a `{hash tag}` in it keeps all keys on one node. @default 'jwt:'
   */
  prefix?: string;
}

const ROWS = { prefix: [checkPrefix, 'jwt:'] } satisfies Rows<RedisBlocklistStoreOptions>;

/** Errors that stay until the configuration changes: a command that is unknown, or forbidden to the client's user. */
const REFUSALS = /^NOPERM|^ERR (syntax|unknown)|ACL failure|can't run this command/;

/** What is written with this expiry is removed at once. */
const LONG_AGO = new Date(0);

/**
 * Keeps revocations in Redis 6.2 or newer, or Valkey, for any number of processes. Give it a client of the package
 * `redis` or `ioredis` for a single server, a cluster or sentinels. The application connects and closes the client.
 *
 * An entry is the string `<prefix>entry:<key>`, which Redis removes five minutes after its expiry. The sessions of an
 * identity are the hash `<prefix>sessions:<identity>`. Configure the server to keep them: `maxmemory-policy noeviction`,
 * and `appendonly yes` if revocations must outlive the server. A client that reads from replicas sees a revocation late.
 *
 * The client-side cache of `redis` answers most requests without a round trip, because the server reports each change at
 * once. A request sees every change that was reported before it. Set a `ttl`, because a connection that is lost
 * unnoticed reports nothing. Clear the cache from time to time, because it never forgets the name of a key by itself. Set
 * the command's own `timeout` to 0: this library has a deadline already, and the timers of `redis` cost more than the
 * commands.
 *
 * @example
 * ```ts
 * const client = await createClient({
 *   url: 'redis://localhost:6379',
 *   RESP: 3,
 *   clientSideCache: { ttl: 5_000, maxEntries: 10_000, evictPolicy: 'FIFO' },
 *   commandOptions: { timeout: 0 },
 * })
 *   .on('error', (error) => logger.warn(error))
 *   .connect();
 * setInterval(() => client.clientSideCache?.clear(), 600_000).unref();
 *
 * JwtExtendedModule.forRoot({ secret, blocklist: { store: new RedisBlocklistStore(client) } });
 * ```
 */
export class RedisBlocklistStore implements BlocklistStore {
  readonly sessions: SessionRecords;
  readonly #commands: RedisCommands;
  readonly #prefix: string;

  /** @throws JwtExtendedConfigError - for an unknown client, and for an invalid prefix */
  constructor(client: RedisClient, options: RedisBlocklistStoreOptions = {}) {
    const { prefix } = readOptions(STORE, ROWS, options);
    this.#commands = recognizeClient(client);
    // A word for each kind, so that the entry `sessions:alice` is not the key of alice's sessions.
    this.#prefix = `${prefix}entry:`;
    this.sessions = new RedisSessions(this.#commands, `${prefix}sessions:`);
  }

  async add(key: string, value: string, expiresAt: Date | null): Promise<boolean> {
    const name = this.#prefix + key;
    const reply = await this.#commands.setIfAbsent(name, value, expireAt(expiresAt));
    if (reply !== null) requireOk(reply);
    // By the time the server answers one more command, it has invalidated the client-side caches of other processes, so
    // every process sees the write. And GET rejects a key of another type, which would read as absent for ever.
    await this.#commands.get(name);
    return reply !== null;
  }

  async replace(
    key: string,
    expected: string,
    value: string,
    expiresAt: Date | null,
  ): Promise<boolean> {
    const name = this.#prefix + key;
    const until = expireAt(expiresAt)?.toString() ?? '';
    const isReplaced = readReplaced(
      await this.#commands.run(REPLACE, name, expected, value, until),
    );
    // As in add.
    await this.#commands.get(name);
    return isReplaced;
  }

  async get(keys: readonly string[]): Promise<readonly (string | null)[]> {
    return keys.length === 0 ? [] : this.#read(this.#namesOf(keys));
  }

  /** Makes the names of the keys once. A `get` that was overridden is called. */
  prepare(keys: readonly string[]): () => Promise<readonly (string | null)[]> {
    const names = this.#namesOf(keys);
    return () =>
      this.get === RedisBlocklistStore.prototype.get ? this.#read(names) : this.get(keys);
  }

  #namesOf(keys: readonly string[]): string[] {
    return keys.map((key) => this.#prefix + key);
  }

  async #read(names: string[]): Promise<readonly (string | null)[]> {
    return readValues(await this.#commands.getAll(names), names.length);
  }

  async delete(key: string): Promise<void> {
    await this.#commands.delete(this.#prefix + key);
  }

  /**
   * Calls each method once, under a random name.
   *
   * @throws JwtExtendedConfigError - if the server is too old, or forbids one of the commands
   */
  async check(): Promise<void> {
    const name = `check:${randomUUID()}`;
    try {
      await this.add(name, '', LONG_AGO);
      await this.replace(name, '', '', LONG_AGO);
      await this.get([name]);
      await this.delete(name);
      await this.sessions.put(name, name, '', LONG_AGO);
      await this.sessions.get(name, name);
      await this.sessions.list(name);
      await this.sessions.remove(name, name);
    } catch (error) {
      const message = safeMessage(error);
      if (!REFUSALS.test(message)) throw error;
      throw new JwtExtendedConfigError(
        `${STORE}: the server refuses a command that the store needs (${message}); use Redis 6.2 or newer, and a user that may read, write and EVAL under the prefix`,
        { cause: error },
      );
    }
  }
}
