import {
  type Awaitable,
  DeadlineError,
  isPromise,
  thenOrNow,
  withDeadline,
} from '../contracts/awaitable.js';
import type { BlocklistStore, SessionRecords } from '../contracts/blocklist-store.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import { OverdueCalls, type StoreHealth, type StoreUse } from './store-circuit.js';

/** The store, asked with a deadline and believed only when it makes sense. */
export class StoreGateway {
  readonly #overdue = new OverdueCalls();

  constructor(
    private readonly store: BlocklistStore,
    private readonly timeoutMs: number,
    private readonly health: StoreHealth,
  ) {}

  /** Whether the store can keep one of two that claim the same from having it. */
  get isAtomic(): boolean {
    return this.store.isAtomic !== false;
  }

  get keepsSessions(): boolean {
    return this.store.sessions !== undefined;
  }

  /** Resolves once the store has said that the entry is there, and whether it is this call that added it. */
  async add(key: string, value: string, expiresAt: Date | null): Promise<boolean> {
    const added: unknown = await this.#ask('writing', 'add', () =>
      this.store.add(key, value, expiresAt),
    );
    if (typeof added === 'boolean') return added;
    throw protocolError('add must give true or false');
  }

  async raise(key: string, value: number, expiresAt: Date | null): Promise<void> {
    await this.#ask('writing', 'raise', () => this.store.raise(key, value, expiresAt));
  }

  /** Every request waits for it, so what the store gives at once is given at once. */
  get(keys: readonly string[]): Awaitable<readonly (string | null)[]> {
    return thenOrNow(
      this.#ask('reading', 'get', () => this.store.get(keys)),
      (values) => valuesOf(values, keys.length),
    );
  }

  async delete(key: string): Promise<void> {
    await this.#ask('writing', 'delete', () => this.store.delete(key));
  }

  async putSession(
    identity: string,
    sessionId: string,
    value: string,
    expiresAt: Date | null,
  ): Promise<void> {
    await this.#ask('writing', 'sessions.put', () =>
      this.#sessions().put(identity, sessionId, value, expiresAt),
    );
  }

  async listSessions(identity: string): Promise<readonly string[]> {
    const values: unknown = await this.#ask('reading', 'sessions.list', () =>
      this.#sessions().list(identity),
    );
    if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return values;
    throw protocolError('sessions.list must give strings');
  }

  async removeSession(identity: string, sessionId: string): Promise<void> {
    await this.#ask('writing', 'sessions.remove', () =>
      this.#sessions().remove(identity, sessionId),
    );
  }

  /**
   * Whether the store is fit for use. One that cannot be reached may come back, and keeps nobody from starting.
   *
   * @throws JwtExtendedConfigError - what the store found wrong
   */
  async check(): Promise<void> {
    const unfitness = this.#ask('reading', 'check', () => this.#unfitness());
    // What else goes wrong has been told as an outage.
    const unfit = await Promise.resolve(unfitness).catch(() => undefined);
    if (unfit) throw unfit;
  }

  /** A store that says what is wrong with it has answered. */
  async #unfitness(): Promise<JwtExtendedConfigError | undefined> {
    try {
      await this.store.check?.();
      return undefined;
    } catch (error) {
      if (error instanceof JwtExtendedConfigError) return error;
      throw error;
    }
  }

  #sessions(): SessionRecords {
    if (this.store.sessions) return this.store.sessions;
    throw new TypeError('The blocklist store keeps no sessions');
  }

  #ask<T>(use: StoreUse, method: string, call: () => Awaitable<T>): Awaitable<T> {
    try {
      if (!this.#overdue.takesAnother())
        throw new DeadlineError(`${nameOf(method)} was not asked: it is overdue`);
      const answer = call();
      if (isPromise(answer)) return this.#awaited(use, method, Promise.resolve(answer));
      this.health.answered(use);
      return answer;
    } catch (error) {
      throw this.#failure(use, error);
    }
  }

  async #awaited<T>(use: StoreUse, method: string, pending: Promise<T>): Promise<T> {
    try {
      const answer = await withDeadline(pending, this.timeoutMs, nameOf(method));
      this.#overdue.answered();
      this.health.answered(use);
      return answer;
    } catch (error) {
      if (error instanceof DeadlineError) this.#overdue.add(pending);
      throw this.#failure(use, error);
    }
  }

  #failure(use: StoreUse, fault: unknown): TokenCheckUnavailableError {
    this.health.failed(use, fault);
    return new TokenCheckUnavailableError(fault);
  }
}

function nameOf(method: string): string {
  return `The blocklist store (${method})`;
}

function valuesOf(values: unknown, count: number): readonly (string | null)[] {
  if (Array.isArray(values) && values.length === count && values.every(isValue)) return values;
  throw protocolError('get must give one string or null for each key');
}

function isValue(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function protocolError(what: string): TokenCheckUnavailableError {
  return new TokenCheckUnavailableError(new TypeError(`The blocklist store's ${what}`));
}
