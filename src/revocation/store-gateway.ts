import { type Awaitable, thenOrNow } from '../contracts/awaitable.js';
import type { BlocklistStore, SessionRecords } from '../contracts/blocklist-store.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import { StoreCircuit } from './store-circuit.js';

/**
 * The only way to the blocklist store: every call has a deadline, and an answer of the wrong shape counts as none.
 * Every method throws a {@link TokenCheckUnavailableError} if the store fails or does not answer.
 */
export class StoreGateway {
  readonly #circuit: StoreCircuit;

  constructor(
    private readonly store: BlocklistStore,
    timeoutMs: number,
    events: EventPublisher,
  ) {
    this.#circuit = new StoreCircuit(timeoutMs, events);
  }

  /** Whether only one of several calls of `add` with the same key can win. */
  get isAtomic(): boolean {
    return this.store.isAtomic !== false;
  }

  get keepsSessions(): boolean {
    return this.store.sessions !== undefined;
  }

  /** Each request waits for it, so an answer that the store gives at once is passed on at once. */
  get(keys: readonly string[]): Awaitable<readonly (string | null)[]> {
    const answer = this.#circuit.call<unknown>('reading', 'get', () => this.store.get(keys));
    return thenOrNow(answer, (values) => {
      if (Array.isArray(values) && values.length === keys.length && values.every(isValue))
        return values;
      throw protocolError('get must give one string or null for each key');
    });
  }

  /** @returns whether this call added the entry */
  async add(key: string, value: string, expiresAt: Date | null): Promise<boolean> {
    const added: unknown = await this.#circuit.call('writing', 'add', () =>
      this.store.add(key, value, expiresAt),
    );
    if (typeof added === 'boolean') return added;
    throw protocolError('add must give true or false');
  }

  async raise(key: string, value: number, expiresAt: Date | null): Promise<void> {
    await this.#circuit.call('writing', 'raise', () => this.store.raise(key, value, expiresAt));
  }

  async delete(key: string): Promise<void> {
    await this.#circuit.call('writing', 'delete', () => this.store.delete(key));
  }

  async putSession(
    identity: string,
    sessionId: string,
    value: string,
    expiresAt: Date | null,
  ): Promise<void> {
    await this.#circuit.call('writing', 'sessions.put', () =>
      this.#sessions.put(identity, sessionId, value, expiresAt),
    );
  }

  async listSessions(identity: string): Promise<readonly string[]> {
    const values: unknown = await this.#circuit.call('reading', 'sessions.list', () =>
      this.#sessions.list(identity),
    );
    if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return values;
    throw protocolError('sessions.list must give strings');
  }

  async removeSession(identity: string, sessionId: string): Promise<void> {
    await this.#circuit.call('writing', 'sessions.remove', () =>
      this.#sessions.remove(identity, sessionId),
    );
  }

  /**
   * Asks the store at start whether it is fit for use. A store that cannot be reached may come back, so the application
   * starts all the same.
   *
   * @throws JwtExtendedConfigError - what the store found wrong with itself
   */
  async check(): Promise<void> {
    const outcome = this.#circuit.call('reading', 'check', () => this.#misfit());
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

  /** There are some if `keepsSessions` says so, which callers check first. */
  get #sessions(): SessionRecords {
    return this.store.sessions as SessionRecords;
  }
}

function isValue(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function protocolError(what: string): TokenCheckUnavailableError {
  return new TokenCheckUnavailableError(new TypeError(`The blocklist store's ${what}`));
}
