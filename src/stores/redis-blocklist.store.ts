import { randomUUID } from 'node:crypto';
import { safeMessage } from '../common/fault-message.js';
import { readOptions, type Rows } from '../common/read-options.js';
import type { BlocklistStore, SessionRecords } from '../contracts/blocklist-store.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { recognizeClient, type RedisClient, type RedisCommands } from './redis-client.js';
import { expireAt, RAISE, readValues, RedisSessions, requireOk } from './redis-protocol.js';
import { checkPrefix, requireWholeNumber } from './store-rules.js';

/** What waiting does not mend: commands that the server does not know yet, or that the client's user may not use. */
const REFUSALS = /^NOPERM|^ERR (syntax|unknown)|ACL failure|can't run this command/;

/** So long ago that nothing which is written here stays. */
const LONG_AGO = new Date(0);

/**
 * Does once what a store does later, where nobody sees it.
 *
 * @throws JwtExtendedConfigError - where the server is too old, or forbids something; any other error as it is
 */
async function requireFitServer(
  store: BlocklistStore & { readonly sessions: SessionRecords },
): Promise<void> {
  const name = `check:${randomUUID()}`;
  try {
    await store.add(name, '', LONG_AGO);
    await store.raise(name, 0, LONG_AGO);
    await store.get([name]);
    await store.delete(name);
    await store.sessions.put(name, name, '', LONG_AGO);
    await store.sessions.list(name);
    await store.sessions.remove(name, name);
  } catch (error) {
    const words = safeMessage(error);
    if (!REFUSALS.test(words)) throw error;
    throw new JwtExtendedConfigError(
      `RedisBlocklistStore: the server refuses what a store must do (${words}); give it Redis 6.2 or newer, and the client a user that may read, write and EVAL under the prefix`,
      { cause: error },
    );
  }
}

/** How a {@link RedisBlocklistStore} is made. */
export interface RedisBlocklistStoreOptions {
  /**
   * What every key begins with, for applications that share a server: 1 to 64 printable characters of ASCII. In a
   * cluster a `{hash tag}` in it keeps everything on one node.
   *
   * @default 'jwt:'
   */
  prefix?: string;
}

const ROWS = { prefix: [checkPrefix, 'jwt:'] } satisfies Rows<RedisBlocklistStoreOptions>;

/**
 * Keeps revocations in Redis 6.2 or newer, or Valkey, for any number of processes. It is handed a client of the package
 * `redis` or `ioredis`, of a single server, a cluster or sentinels; connecting it and closing it stays with the
 * application.
 *
 * An entry is the string `<prefix>entry:<key>` and leaves by itself five minutes after its expiry; the sessions of an
 * identity are the hash `<prefix>sessions:<identity>`. What was acknowledged is there as long as the server keeps it, so
 * let it: `maxmemory-policy noeviction`, and `appendonly yes` if it should outlive the server. A client that reads from
 * replicas sees a revocation only once it has arrived there.
 *
 * The client-side cache of `redis` answers most requests without asking the server, which tells it at once what
 * changed: what has come in by the time of a request counts for it. Give it a `ttl`: over a connection that has silently
 * died, nobody tells it anything. And clear it now and then, since it never forgets the name of a key by itself. A
 * command's own `timeout` is better 0: the deadline is this library's, and the timers of `redis` cost more than the
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

  /** @throws JwtExtendedConfigError - for what is no client, and for a prefix that cannot be one */
  constructor(client: RedisClient, options: RedisBlocklistStoreOptions = {}) {
    const { prefix } = readOptions('RedisBlocklistStore', ROWS, options);
    this.#commands = recognizeClient(client);
    // A word for each kind, or the entry `sessions:alice` would be where the sessions of alice are.
    this.#prefix = `${prefix}entry:`;
    this.sessions = new RedisSessions(this.#commands, `${prefix}sessions:`);
  }

  async add(key: string, value: string, expiresAt: Date | null): Promise<boolean> {
    const name = this.#prefix + key;
    const reply = await this.#commands.setIfAbsent(name, value, expireAt(expiresAt));
    if (reply !== null) {
      requireOk(reply);
      await this.#readOptions(name);
      return true;
    }
    // Only a string counts as an entry: a key of another type would read as absent ever after, and GET refuses it. An
    // entry that was acknowledged stays a string as long as it is there.
    await this.#commands.get(name);
    return false;
  }

  async raise(key: string, value: number, expiresAt: Date | null): Promise<void> {
    requireWholeNumber(value, 'RedisBlocklistStore');
    const until = expireAt(expiresAt)?.toString() ?? '';
    requireOk(await this.#commands.run(RAISE, this.#prefix + key, `${value}`, until));
    await this.#readOptions(this.#prefix + key);
  }

  async get(keys: readonly string[]): Promise<readonly (string | null)[]> {
    if (keys.length === 0) return [];
    const names = keys.map((key) => this.#prefix + key);
    return readValues(await this.#commands.getAll(names), keys.length);
  }

  async delete(key: string): Promise<void> {
    await this.#commands.delete(this.#prefix + key);
  }

  /**
   * The server may answer us before it has told the caches of others. When it has answered once more, it has: what is
   * acknowledged is known to everybody.
   */
  async #readOptions(name: string): Promise<void> {
    await this.#commands.get(name);
  }

  /** @throws JwtExtendedConfigError - where the server is too old, or forbids one of the commands */
  check(): Promise<void> {
    return requireFitServer(this);
  }
}
