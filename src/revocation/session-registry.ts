import { isObject } from '../common/checks.js';
import type { Session, Token } from '../contracts/token.js';
import { TokenCreationError } from '../errors/config.error.js';
import { RevokedTokenError } from '../errors/token-errors.js';
import { jsonFault } from '../tokens/custom-claims.js';
import { loginOf, sessionIdOf } from '../tokens/session.js';
import { isEnd, isIssuedBefore, readRecord, type RevocationLedger } from './revocation-ledger.js';
import type { StoreGateway } from './store-gateway.js';
import {
  bounded,
  EVERYTHING_KEY,
  identityKey,
  identityName,
  prefixOf,
  sessionKey,
} from './store-keys.js';

/** What the store keeps of a session; moments are milliseconds since the epoch. */
interface SessionRecord {
  readonly id: string;
  /** Grows with each session of an identity. */
  readonly order: number;
  readonly createdAt: number;
  readonly refreshedAt: number;
  /** The `iat` of its newest tokens, in seconds. */
  readonly iat: number;
  readonly expiresAt?: number | undefined;
  readonly note?: unknown;
}

const MAX_NOTE_LENGTH = 2048;

export interface RegistryParts {
  readonly store: StoreGateway;
  readonly ledger: RevocationLedger;
  /** Whether the sessions of an identity are listed. Otherwise nothing is written about a login. */
  readonly isListed: boolean;
  /** How many listed sessions an identity may have. */
  readonly maxSessions: number;
  /** Seconds. */
  readonly leeway: number;
  /** The longest lifetime that the options give a token, in seconds; `Infinity` if such a token never expires. */
  readonly maxTokenLifetime: number;
  readonly clock: () => Date;
}

/** Knows the sessions of an identity, if they are listed, and how long a session may still have tokens. */
export class SessionRegistry {
  #lastOrder = 0;

  constructor(private readonly parts: RegistryParts) {}

  get isListed(): boolean {
    return this.parts.isListed;
  }

  /**
   * Refuses new tokens of a session that has ended. If they live longer than the options say, this also makes sure that
   * the end of the session is kept for as long.
   *
   * @throws RevokedTokenError
   */
  async requireGoing(...tokens: readonly Token[]): Promise<void> {
    const { store } = this.parts;
    if (!store.isOn || (await this.requireLasting(...tokens))) return;
    const [token] = tokens as readonly [Token];
    const [entry] = await store.get([sessionKey(prefixOf(token), sessionIdOf(token))]);
    if (isEnd(entry)) throw new RevokedTokenError(token);
  }

  /**
   * If new tokens live longer than the options say, the store learns until when their session may have tokens.
   *
   * @returns whether that was so
   * @throws RevokedTokenError - if it was so, and the session has ended
   */
  async requireLasting(...tokens: readonly Token[]): Promise<boolean> {
    const { store, ledger, maxTokenLifetime, clock, leeway } = this.parts;
    const end = latest(tokens);
    if (!store.isOn || end <= Math.ceil(clock().getTime() / 1000) + maxTokenLifetime) return false;
    const [token] = tokens as readonly [Token];
    if (await ledger.extendSession(prefixOf(token), sessionIdOf(token), end + leeway)) return true;
    throw new RevokedTokenError(token);
  }

  /**
   * Records a new session, if sessions are listed.
   *
   * @returns the ids of the oldest sessions, as many as there are above `sessions.max`
   */
  async create(access: Token, refresh: Token, note: unknown): Promise<readonly string[]> {
    const { isListed, maxSessions, clock } = this.parts;
    if (!isListed) return [];
    const prefix = prefixOf(access);
    const at = clock().getTime();
    // Two sessions may begin in the same millisecond.
    const order = Math.max(at * 1000, this.#lastOrder + 1);
    this.#lastOrder = order;
    const id = sessionIdOf(access);
    const iat = access.claims.iat as number;
    await this.#write([access, refresh], { id, order, createdAt: at, refreshedAt: at, iat, note });
    // Listed after the record was written, so that of several logins at once none overlooks the others.
    const all = await this.#unexpired(access.identity, prefix);
    if (all.length <= maxSessions) return [];
    const { live, ended } = await this.#withoutEnded(access.identity, prefix, all);
    await Promise.all(ended.map((other) => this.forget(prefix, access.identity, other.id)));
    const oldestFirst = live.sort(
      (one, other) => one.order - other.order || (one.id < other.id ? -1 : 1),
    );
    return oldestFirst.slice(0, Math.max(0, live.length - maxSessions)).map((each) => each.id);
  }

  /** Brings the record of a session up to date, if sessions are listed. */
  async recordRotation(access: Token, refresh: Token): Promise<void> {
    if (!this.parts.isListed) return;
    const createdAt = loginOf(access) * 1000;
    const first = { id: sessionIdOf(access), order: createdAt * 1000, createdAt };
    const before = (await this.#recordOf(access)) ?? first;
    const [refreshedAt, iat] = [this.parts.clock().getTime(), access.claims.iat as number];
    await this.#write([access, refresh], { ...before, refreshedAt, iat });
  }

  /** Records that a renewed access token outlives everything that was known of its session. */
  async touch(token: Token): Promise<void> {
    if (!this.parts.isListed) return;
    const record = await this.#recordOf(token);
    const end = latest([token]) * 1000;
    if (record && end > (record.expiresAt ?? Infinity)) await this.#write([token], record);
  }

  async list(identity: string, prefix: string): Promise<readonly Session[]> {
    const { live } = await this.#withoutEnded(
      identity,
      prefix,
      await this.#unexpired(identity, prefix),
    );
    return live
      .sort((one, other) => other.refreshedAt - one.refreshedAt || other.order - one.order)
      .map(asSession);
  }

  /** Removes a session from the list. */
  async forget(prefix: string, identity: string, sessionId: string): Promise<void> {
    if (!this.parts.isListed) return;
    await this.parts.store.removeSession(identityName(prefix, identity), bounded(sessionId));
  }

  async #recordOf(token: Token): Promise<SessionRecord | undefined> {
    const name = identityName(prefixOf(token), token.identity);
    const text = await this.parts.store.getSession(name, bounded(sessionIdOf(token)));
    return text === null ? undefined : readRecord(text, isSessionRecord, 'a session');
  }

  /** The recorded sessions that have not expired. */
  async #unexpired(identity: string, prefix: string): Promise<readonly SessionRecord[]> {
    const { store, clock, leeway } = this.parts;
    const now = clock().getTime() - leeway * 1000;
    const texts = await store.listSessions(identityName(prefix, identity));
    return texts
      .map((text) => readRecord(text, isSessionRecord, 'a session'))
      .filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  }

  /** Separates the sessions that were ended, or cut off since they were refreshed. */
  async #withoutEnded(
    identity: string,
    prefix: string,
    records: readonly SessionRecord[],
  ): Promise<{ live: SessionRecord[]; ended: SessionRecord[] }> {
    const [everything, own, ...ends] = await this.parts.store.get([
      EVERYTHING_KEY,
      identityKey(prefix, identity),
      ...records.map(({ id }) => sessionKey(prefix, id)),
    ]);
    const [live, ended]: [SessionRecord[], SessionRecord[]] = [[], []];
    for (const [index, record] of records.entries()) {
      const { iat } = record;
      const hasEnded =
        isEnd(ends[index]) || isIssuedBefore(iat, everything) || isIssuedBefore(iat, own);
      (hasEnded ? ended : live).push(record);
    }
    return { live, ended };
  }

  async #write(tokens: readonly [Token, ...Token[]], record: SessionRecord): Promise<void> {
    const [token] = tokens;
    const end = (latest(tokens) + this.parts.leeway) * 1000;
    const expiresAt = end === Infinity ? undefined : end;
    await this.parts.store.putSession(
      identityName(prefixOf(token), token.identity),
      bounded(record.id),
      JSON.stringify({ ...record, expiresAt }),
      expiresAt === undefined ? null : new Date(expiresAt),
    );
  }
}

/** The second in which the last of some tokens expires; `Infinity` for never. */
function latest(tokens: readonly Token[]): number {
  return Math.max(
    ...tokens.map(({ claims: { exp } }) => (typeof exp === 'number' ? exp : Infinity)),
  );
}

/** @throws TokenCreationError - for a note that a store cannot keep */
export function checkNote(note: unknown): void {
  if (note === undefined) return;
  const fault = jsonFault(note, 'note');
  if (fault) throw new TokenCreationError(`${fault}, which JSON cannot hold`);
  if (JSON.stringify(note).length > MAX_NOTE_LENGTH)
    throw new TokenCreationError(`note must be ${MAX_NOTE_LENGTH} characters of JSON at most`);
}

function isSessionRecord(value: unknown): value is SessionRecord {
  if (!isObject(value)) return false;
  const { id, order, createdAt, refreshedAt, iat, expiresAt = 0 } = value;
  const moments = [order, createdAt, refreshedAt, iat, expiresAt];
  return typeof id === 'string' && moments.every((moment) => typeof moment === 'number');
}

function asSession({ id, createdAt, refreshedAt, expiresAt, note }: SessionRecord): Session {
  return {
    id,
    createdAt: new Date(createdAt),
    refreshedAt: new Date(refreshedAt),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
    ...(note !== undefined && { note }),
  };
}
