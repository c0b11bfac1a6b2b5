import type { Awaitable } from '../contracts/awaitable.js';
import type { BlocklistStore, SessionRecords } from '../contracts/blocklist-store.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Outages } from '../events/outages.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import { StoreCircuit } from './store-circuit.js';

/**
 * The only way to the blocklist store: every call has a deadline, and an answer of the wrong shape counts as none.
 * Every method throws a `TokenCheckUnavailableError` if the store fails or does not answer.
 */
export class StoreGateway {
  readonly #circuit: StoreCircuit;

  constructor(
    private readonly given: BlocklistStore | undefined,
    timeoutMs: number,
    events: EventPublisher,
    outages: Outages,
  ) {
    this.#circuit = new StoreCircuit(timeoutMs, events, outages);
  }

  /** Whether there is a store: the option `blocklist` is not `false`. */
  get isOn(): boolean {
    return this.given !== undefined;
  }

  /** Whether only one of several calls of `add` with the same key can win. */
  get isAtomic(): boolean {
    return this.store.isAtomic !== false;
  }

  /** @throws JwtExtendedConfigError - if there is no store */
  private get store(): BlocklistStore {
    if (this.given) return this.given;
    throw new JwtExtendedConfigError(
      'blocklist is false, so nothing is kept about tokens: leave the option out, or give blocklist.store, to revoke and to rotate tokens',
    );
  }

  /** Each request waits for it, so an answer that the store gives at once is passed on at once. */
  get(keys: readonly string[]): Awaitable<readonly (string | null)[]> {
    const { store } = this;
    const read = (values: unknown) => readValues(values, keys.length);
    return this.#circuit.call('reading', 'get', () => store.get(keys), read);
  }

  /** A look-up of the same keys, to be made many times. It gives the list of the last time if nothing has changed. */
  prepare(keys: readonly string[]): () => Awaitable<readonly (string | null)[]> {
    const { store } = this;
    let lookUp: ReturnType<NonNullable<BlocklistStore['prepare']>> | undefined;
    const ask = () => (lookUp ??= store.prepare?.(keys) ?? (() => store.get(keys)))();
    let last: readonly (string | null)[] | undefined;
    const read = (values: unknown) => {
      if (last === undefined || values !== last) last = readValues(values, keys.length);
      return last;
    };
    return () => this.#circuit.call('reading', 'get', ask, read);
  }

  /** @returns whether this call added the entry */
  async add(key: string, value: string, expiresAt: Date | null): Promise<boolean> {
    const { store } = this;
    return this.#circuit.call(
      'writing',
      'add',
      () => store.add(key, value, expiresAt),
      (added) => booleanOf(added, 'add'),
    );
  }

  /** @returns whether the entry had the expected value, and has the new one now */
  async replace(
    key: string,
    expected: string,
    value: string,
    expiresAt: Date | null,
  ): Promise<boolean> {
    const { store } = this;
    return this.#circuit.call(
      'writing',
      'replace',
      () => store.replace(key, expected, value, expiresAt),
      (replaced) => booleanOf(replaced, 'replace'),
    );
  }

  async delete(key: string): Promise<void> {
    const { store } = this;
    await this.#circuit.call('writing', 'delete', () => store.delete(key), ignored);
  }

  async putSession(
    identity: string,
    sessionId: string,
    value: string,
    expiresAt: Date | null,
  ): Promise<void> {
    const put = () => this.#sessions.put(identity, sessionId, value, expiresAt);
    await this.#circuit.call('writing', 'sessions.put', put, ignored);
  }

  /** The record of one session; `null` if there is none. */
  async getSession(identity: string, sessionId: string): Promise<string | null> {
    return this.#circuit.call(
      'reading',
      'sessions.get',
      () => this.#sessions.get(identity, sessionId),
      (value) => {
        if (isValue(value)) return value;
        throw protocolError('sessions.get must give a string or null');
      },
    );
  }

  async listSessions(identity: string): Promise<readonly string[]> {
    return this.#circuit.call(
      'reading',
      'sessions.list',
      () => this.#sessions.list(identity),
      (values) => {
        if (Array.isArray(values) && values.every((value) => typeof value === 'string'))
          return values;
        throw protocolError('sessions.list must give strings');
      },
    );
  }

  async removeSession(identity: string, sessionId: string): Promise<void> {
    const remove = () => this.#sessions.remove(identity, sessionId);
    await this.#circuit.call('writing', 'sessions.remove', remove, ignored);
  }

  /**
   * Asks the store at start whether it is fit for use. A store that cannot be reached may come back, so the application
   * starts all the same.
   *
   * @throws JwtExtendedConfigError - what the store found wrong with itself
   */
  async check(): Promise<void> {
    if (!this.given) return;
    const outcome = this.#circuit.call(
      'reading',
      'check',
      () => this.#misfit(),
      (misfit) => misfit as JwtExtendedConfigError | undefined,
    );
    // The circuit has reported any other failure as an outage.
    const misfit = await Promise.resolve(outcome).catch(() => undefined);
    if (misfit) throw misfit;
  }

  /** To the circuit, a store that says what is wrong with it has answered. */
  async #misfit(): Promise<JwtExtendedConfigError | undefined> {
    try {
      await this.store.check?.();
      return undefined;
    } catch (error) {
      if (error instanceof JwtExtendedConfigError) return error;
      throw error;
    }
  }

  /** There are some, because `sessions.list` is refused beside a store without. */
  get #sessions(): SessionRecords {
    return this.store.sessions as SessionRecords;
  }
}

function isValue(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function readValues(values: unknown, count: number): readonly (string | null)[] {
  if (Array.isArray(values) && values.length === count && values.every(isValue)) return values;
  throw protocolError('get must give one string or null for each key');
}

function booleanOf(answer: unknown, method: string): boolean {
  if (typeof answer === 'boolean') return answer;
  throw protocolError(`${method} must give true or false`);
}

/** What these methods give means nothing. */
function ignored(): void {}

function protocolError(what: string): TypeError {
  return new TypeError(`The blocklist store's ${what}`);
}
