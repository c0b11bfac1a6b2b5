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

/** Without a lifetime Keyv would use the one that it was made with. */
const FOR_EVER = 0;

/**
 * A Keyv that throws when it fails. Keyv itself does not: an entry that its backend could not read is "absent", and one
 * that it could not write counts as written. So this class calls the methods in which Keyv throws, takes an `error` event
 * for a failure, and reads back what it wrote. It also reads a landmark with every look-up, an entry that is always
 * there: if the backend does not give the landmark, its other answers are wrong, too.
 */
export class StrictKeyv {
  readonly #landmark: string;
  #failureCount = 0;
  #lastFailure: unknown;

  constructor(
    private readonly client: KeyvClient,
    prefix: string,
  ) {
    this.#landmark = `${prefix}landmark`;
    const onError = (error: unknown): void => {
      this.#failureCount += 1;
      this.#lastFailure = error;
    };
    client.on?.('error', onError);
    // The backend, too, because a Keyv can be set not to pass errors on.
    if (hasMethod(client.store, 'on')) client.store.on('error', onError);
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
   * @param former - what was there before; `null` for nothing
   * @param life - in milliseconds; `null` for ever
   * @returns whether the value is there now, and not one that another process wrote meanwhile
   * @throws Error - if nothing is there now, or what was there before
   */
  async write(
    name: string,
    former: string | null,
    value: string,
    life: number | null,
  ): Promise<boolean> {
    await this.#set(name, value, life ?? FOR_EVER);
    const [kept] = await this.read([name]);
    if (kept === value) return true;
    if (typeof kept === 'string' && kept !== former) return false;
    throw new Error('KeyvBlocklistStore: the backend does not keep what was written');
  }

  async delete(name: string): Promise<void> {
    await this.#checked(() => this.client.delete(name));
    const [left] = await this.read([name]);
    if (left !== null) throw new Error('KeyvBlocklistStore: the backend keeps what was deleted');
  }

  async #set(name: string, value: string, life: number): Promise<void> {
    const isSet = await this.#checked(() => this.client.set(name, value, life));
    if (isSet === false) throw new Error('KeyvBlocklistStore: the backend did not write the entry');
  }

  async #answers(names: string[]): Promise<(string | null)[]> {
    const answers = await this.#checked(() => this.#ask(names));
    if (!Array.isArray(answers) || answers.length !== names.length)
      throw new Error('KeyvBlocklistStore: the backend does not give one answer for each key');
    return answers.map(textOf);
  }

  /**
   * Some failures are reported with an event only, while the call succeeds.
   *
   * @throws Error - if any failure was reported before the call was answered, even one of another call
   */
  async #checked<T>(call: () => Promise<T>): Promise<T> {
    const before = this.#failureCount;
    const answer = await call();
    if (this.#failureCount === before) return answer;
    throw new Error('KeyvBlocklistStore: the backend has failed', { cause: this.#lastFailure });
  }

  /** Keyv passes on what its backend throws in `getRaw`, and in `getMany` only if the backend has a `getMany`. */
  #ask(names: string[]): Promise<unknown> {
    const { client } = this;
    if (hasMethod(client, 'getRaw') && !hasMethod(client.store, 'getMany'))
      return Promise.all(names.map((name) => client.getRaw(name)));
    return client.getMany(names, { raw: true });
  }
}

/** The text of an answer, bare or as it is stored beside its expiry; `null` for an absent entry. */
function textOf(answer: unknown): string | null {
  if (answer === undefined || answer === null) return null;
  if (typeof answer === 'string') return answer;
  const { value } = answer as { readonly value?: unknown };
  if (typeof value === 'string') return value;
  throw new Error('KeyvBlocklistStore: the backend gives an entry that is not text');
}

/** @throws JwtExtendedConfigError - for a client that is not a Keyv and has none */
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
  return (['get', 'getMany', 'set', 'delete'] as const).every((name) => hasMethod(value, name));
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
