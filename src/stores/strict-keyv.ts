import { isObject } from '../common/checks.js';
import { configError, kindOf } from '../common/describe.js';

/**
 * The methods that a store needs of a Keyv of the package `keyv` 5, or of an object with the same methods. A lifetime is
 * in milliseconds, and 0 means for ever.
 */
export interface KeyvClient {
  get(key: string): Promise<unknown>;
  getMany(keys: string[], options?: { raw: true }): Promise<unknown>;
  set(key: string, value: string, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** One entry as it is stored. Unlike `get`, it throws if it cannot read the entry. */
  getRaw?(key: string): Promise<unknown>;
  /** Many backends report errors with this event. */
  on?(event: 'error', listener: (error: unknown) => void): unknown;
  /** The backend. */
  readonly store?: unknown;
}

/** What a store needs of the `CACHE_MANAGER` of `@nestjs/cache-manager`, or of a cache of the package `cache-manager` 7. */
export interface CacheManagerClient {
  readonly stores: readonly KeyvClient[];
}

/** A lifetime that Keyv takes for none. Without a lifetime Keyv would use the one that it was made with. */
const FOR_EVER = 0;

/**
 * A Keyv that throws when it fails. Keyv itself does not: an entry that its backend could not read is "absent", and one
 * that it could not write counts as written. So this class calls the methods in which Keyv throws, takes an `error` event
 * for a failure, and reads back what it wrote. It also reads a landmark with every look-up, an entry that is always
 * there: if the backend does not give the landmark, its other answers are wrong, too.
 */
export class StrictKeyv {
  readonly #failures: KeyvFailures;
  readonly #landmark: string;

  constructor(
    private readonly client: KeyvClient,
    prefix: string,
  ) {
    this.#failures = new KeyvFailures(client);
    this.#landmark = `${prefix}landmark`;
  }

  /** @throws Error - if the backend fails, whether it reports it or not */
  async read(names: readonly string[]): Promise<readonly (string | null)[]> {
    const asked = [...names, this.#landmark];
    const answers = await this.#answers(asked);
    if (answers.pop() !== null) return answers;
    // The backend is new, or was emptied, or is down and does not report it.
    await this.#set(this.#landmark, 'here', FOR_EVER);
    const secondAnswers = await this.#answers(asked);
    if (secondAnswers.pop() !== null) return secondAnswers;
    throw new Error('KeyvBlocklistStore: the backend does not give back what was just written');
  }

  /**
   * @param life - in milliseconds; `null` for ever
   * @returns the value that is there now, which another process may have written
   */
  async write(name: string, value: string, life: number | null): Promise<string> {
    await this.#set(name, value, life ?? FOR_EVER);
    const [kept] = await this.read([name]);
    if (typeof kept === 'string') return kept;
    throw new Error('KeyvBlocklistStore: the backend does not keep what was written');
  }

  async delete(name: string): Promise<void> {
    await this.#failures.during(() => this.client.delete(name));
    const [left] = await this.read([name]);
    if (left !== null) throw new Error('KeyvBlocklistStore: the backend keeps what was deleted');
  }

  async #set(name: string, value: string, life: number): Promise<void> {
    const isSet = await this.#failures.during(() => this.client.set(name, value, life));
    if (isSet === false) throw new Error('KeyvBlocklistStore: the backend did not write the entry');
  }

  async #answers(names: string[]): Promise<(string | null)[]> {
    const answers = await this.#failures.during(() => this.#ask(names));
    return readAnswers(answers, names.length);
  }

  /** Keyv passes on what its backend throws in `getRaw`, and in `getMany` only if the backend has a `getMany`. */
  #ask(names: string[]): Promise<unknown> {
    const { client } = this;
    if (hasMethod(client, 'getRaw') && !hasMethod(client.store, 'getMany')) {
      return Promise.all(names.map((name) => client.getRaw(name)));
    }
    return client.getMany(names, { raw: true });
  }
}

/** Counts failures that a Keyv or its backend reports with an event only, while the call succeeds. */
class KeyvFailures {
  #count = 0;
  #last: unknown;

  constructor(client: KeyvClient) {
    const onError = (error: unknown): void => {
      this.#count += 1;
      this.#last = error;
    };
    client.on?.('error', onError);
    // The backend, too, because a Keyv can be set not to pass errors on.
    if (hasMethod(client.store, 'on')) client.store.on('error', onError);
  }

  /** @throws Error - if any failure was reported before the call was answered, even one of another call */
  async during<T>(call: () => Promise<T>): Promise<T> {
    const before = this.#count;
    const answer = await call();
    if (this.#count === before) return answer;
    throw new Error('KeyvBlocklistStore: the backend has failed', { cause: this.#last });
  }
}

/**
 * The texts that a Keyv gave for a number of keys, bare or as they are stored beside their expiry; `null` for an absent
 * entry.
 *
 * @throws Error - if there is not one text or nothing for each key
 */
function readAnswers(answers: unknown, count: number): (string | null)[] {
  if (!Array.isArray(answers) || answers.length !== count) {
    throw new Error('KeyvBlocklistStore: the backend does not give one answer for each key');
  }
  return answers.map(textOf);
}

function textOf(answer: unknown): string | null {
  if (answer === undefined || answer === null) return null;
  if (typeof answer === 'string') return answer;
  const { value } = answer as { readonly value?: unknown };
  if (typeof value === 'string') return value;
  throw new Error('KeyvBlocklistStore: the backend gives an entry that is not text');
}

const METHODS = ['get', 'getMany', 'set', 'delete'] as const;

/**
 * The Keyv to use. Of several tiers it is the last: those before it are memory of a single process, which does not show
 * what another process revokes.
 *
 * @throws JwtExtendedConfigError - for a client that is not a Keyv and has none
 */
export function recognizeKeyv(client: unknown): KeyvClient {
  const tier = lastTier(client);
  if (isKeyv(tier)) return tier;
  throw configError(
    'KeyvBlocklistStore',
    kindOf(client),
    `give a Keyv of the package keyv (5 or newer), or the CACHE_MANAGER of @nestjs/cache-manager${hintFor(client)}`,
  );
}

/** A cache of `cache-manager` has `stores`. A cache of `cacheable`, which may be one of them, has a primary and a secondary. */
function lastTier(client: unknown): unknown {
  if (!isObject(client)) return client;
  if (Array.isArray(client.stores)) return lastTier(client.stores.at(-1));
  if ('primary' in client) return client.secondary ?? client.primary;
  return client;
}

function isKeyv(value: unknown): value is KeyvClient {
  return METHODS.every((name) => hasMethod(value, name));
}

/** Whether a value has a method that a Keyv may have; it is then taken for the Keyv's. */
function hasMethod<M extends keyof KeyvClient>(
  value: unknown,
  name: M,
): value is Required<Pick<KeyvClient, M>> {
  return isObject(value) && typeof value[name] === 'function';
}

function hintFor(client: unknown): string {
  if (client instanceof Promise) return ', and await the promise of it first';
  if (typeof client === 'function') return ': an instance, not the class';
  if (client instanceof Map) return ': new Keyv({ store: … }) around the Map';
  return '';
}
