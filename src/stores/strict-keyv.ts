import { isObject } from '../common/checks.js';
import { kindOf, configError } from '../common/describe.js';

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

/** Whether something has a method that a Keyv may have, and takes it for the same. */
function hasMethod<M extends keyof KeyvClient>(
  value: unknown,
  name: M,
): value is Required<Pick<KeyvClient, M>> {
  return isObject(value) && typeof value[name] === 'function';
}

/**
 * What a Keyv gave for so many keys: texts, bare or as they are stored beside their expiry, and `null` for what is not
 * there.
 *
 * @throws Error - when it is anything else
 */
export function readAnswers(answers: unknown, count: number): (string | null)[] {
  if (!Array.isArray(answers) || answers.length !== count) {
    throw new Error('KeyvBlocklistStore: the store does not give one answer for each key');
  }
  return answers.map(textOf);
}

function textOf(answer: unknown): string | null {
  if (answer === undefined || answer === null) return null;
  if (typeof answer === 'string') return answer;
  const { value } = answer as { readonly value?: unknown };
  if (typeof value === 'string') return value;
  throw new Error('KeyvBlocklistStore: the store gives what nobody has written');
}

/** Hears of failures that a Keyv and its backend only tell with an event, while they answer as if nothing had been. */
class KeyvFailures {
  #count = 0;
  #last: unknown;

  constructor(client: KeyvClient) {
    const onError = (error: unknown): void => {
      this.#count += 1;
      this.#last = error;
    };
    client.on?.('error', onError);
    // Asked itself too, since a Keyv may have been told not to hand errors on.
    if (hasMethod(client.store, 'on')) client.store.on('error', onError);
  }

  /** @throws Error - when a failure was told of before the call had its answer, even if it was another's */
  async during<T>(call: () => Promise<T>): Promise<T> {
    const before = this.#count;
    const answer = await call();
    if (this.#count === before) return answer;
    throw new Error('KeyvBlocklistStore: the store has failed', { cause: this.#last });
  }
}

/** A lifetime that Keyv takes for none; no lifetime at all would be the one that the Keyv was made with. */
const FOR_EVER = 0;

/**
 * A Keyv that throws when it fails. By itself it does not: what its backend could not read is "not there", and what it
 * could not write counts as written. So entries are read in a way in which Keyv throws, events count, whatever is
 * written is read back, and an entry that is always there is asked for with all others: where even that is not there,
 * the answer is worth nothing.
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

  /** @throws Error - when the store fails, in whichever way */
  async read(names: readonly string[]): Promise<readonly (string | null)[]> {
    const asked = [...names, this.#landmark];
    const answers = await this.#answers(asked);
    if (answers.pop() !== null) return answers;
    // The store is new, or was emptied, or is down and does not say so.
    await this.#set(this.#landmark, 'here', FOR_EVER);
    const secondAnswers = await this.#answers(asked);
    if (secondAnswers.pop() !== null) return secondAnswers;
    throw new Error('KeyvBlocklistStore: the store does not give what was just written');
  }

  /**
   * @param life - in milliseconds; `null` for ever
   * @returns what is there now, which another may have written meanwhile
   */
  async write(name: string, value: string, life: number | null): Promise<string> {
    await this.#set(name, value, life ?? FOR_EVER);
    const [kept] = await this.read([name]);
    if (typeof kept === 'string') return kept;
    throw new Error('KeyvBlocklistStore: the store does not keep what was written');
  }

  async delete(name: string): Promise<void> {
    await this.#failures.during(() => this.client.delete(name));
    const [left] = await this.read([name]);
    if (left !== null) throw new Error('KeyvBlocklistStore: the store keeps what was deleted');
  }

  async #set(name: string, value: string, life: number): Promise<void> {
    const isSet = await this.#failures.during(() => this.client.set(name, value, life));
    if (isSet === false) throw new Error('KeyvBlocklistStore: the store has not written');
  }

  async #answers(names: string[]): Promise<(string | null)[]> {
    const answers = await this.#failures.during(() => this.#ask(names));
    return readAnswers(answers, names.length);
  }

  /** Keyv throws what its backend throws in `getRaw`, and in `getMany` only if the backend has a `getMany` itself. */
  #ask(names: string[]): Promise<unknown> {
    const { client } = this;
    if (hasMethod(client, 'getRaw') && !hasMethod(client.store, 'getMany')) {
      return Promise.all(names.map((name) => client.getRaw(name)));
    }
    return client.getMany(names, { raw: true });
  }
}

const METHODS = ['get', 'getMany', 'set', 'delete'] as const;

/**
 * The Keyv to ask. Where there are several tiers it is the last: those before it are memory of single processes, in
 * which a revocation of another process does not show.
 *
 * @throws JwtExtendedConfigError - for what is no Keyv and has none
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

/** A cache of `cache-manager` has `stores`; one of `cacheable`, which may be among them, has a primary and a secondary. */
function lastTier(client: unknown): unknown {
  if (!isObject(client)) return client;
  if (Array.isArray(client.stores)) return lastTier(client.stores.at(-1));
  if ('primary' in client) return client.secondary ?? client.primary;
  return client;
}

function isKeyv(value: unknown): value is KeyvClient {
  return METHODS.every((name) => hasMethod(value, name));
}

function hintFor(client: unknown): string {
  if (client instanceof Promise) return ', and await the promise of it first';
  if (typeof client === 'function') return ': the Keyv itself, not its class';
  if (client instanceof Map) return ': new Keyv({ store: … }) around it';
  return '';
}
