import { setImmediate as endOfTurn } from 'node:timers/promises';
import type { NodeRedisClient } from './redis-client.js';
import type { RedisCommands } from './redis-commands.js';

/** By the methods that have a name and a type, since only those are routed, prefixed and cached by the client. */
export class NodeRedisCommands implements RedisCommands {
  readonly #isCluster: boolean;
  #turn: Promise<void> | undefined;

  constructor(private readonly client: NodeRedisClient) {
    this.#isCluster = 'nodeClient' in client;
  }

  setIfAbsent(key: string, value: string, keptUntil: number | null): Promise<unknown> {
    const life = keptUntil !== null && { expiration: { type: 'PXAT' as const, value: keptUntil } };
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
