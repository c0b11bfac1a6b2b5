import { isObject } from '../common/checks.js';
import type { Session, Token } from '../contracts/token.js';
import { TokenCreationError } from '../errors/config.error.js';
import { jsonFault } from '../tokens/custom-claims.js';
import type { MintedToken } from '../tokens/token-request.js';
import {
  bounded,
  entryKey,
  EVERYTHING_KEY,
  identityKey,
  identityName,
  isIssuedBefore,
  readRecord,
} from './revocation-ledger.js';
import type { StoreGateway } from './store-gateway.js';

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

/** What the store keeps as the end of a session whose token never expires. */
const NEVER = Number.MAX_SAFE_INTEGER;
const MAX_NOTE_LENGTH = 2048;

/** Keeps the list of an identity's sessions, if the store can, and how long the tokens of each session live. */
export class SessionRegistry {
  #lastOrder = 0;

  constructor(
    private readonly store: StoreGateway,
    private readonly maxSessions: number | undefined,
    private readonly leeway: number,
    private readonly clock: () => Date,
  ) {}

  /**
   * Records a new session. If `maxSessions` is set, this also forgets the sessions that have ended.
   *
   * @returns the ids of the oldest sessions, as many as there are above `maxSessions`
   */
  async create(tokens: readonly MintedToken[], note: unknown): Promise<readonly string[]> {
    const { identity, sessionId, issuedAt: iat } = sessionOf(tokens);
    const at = this.clock().getTime();
    // Two sessions may begin in the same millisecond.
    const order = Math.max(at * 1000, this.#lastOrder + 1);
    this.#lastOrder = order;
    await this.#write(tokens, { id: sessionId, order, createdAt: at, refreshedAt: at, iat, note });
    if (this.maxSessions === undefined) return [];
    const { live, ended } = await this.#unexpired(identity);
    await Promise.all(ended.map(({ id }) => this.forget(identity, id)));
    const oldestFirst = live.sort(
      (one, other) => one.order - other.order || (one.id < other.id ? -1 : 1),
    );
    return oldestFirst.slice(0, Math.max(0, live.length - this.maxSessions)).map(({ id }) => id);
  }

  async recordRotation(tokens: readonly MintedToken[], createdAt: number): Promise<void> {
    const { identity, sessionId: id, issuedAt: iat } = sessionOf(tokens);
    const known = this.store.keepsSessions ? await this.#records(identity) : [];
    const first = { id, order: createdAt * 1000, createdAt };
    const before = known.find((each) => each.id === id) ?? first;
    await this.#write(tokens, { ...before, refreshedAt: this.clock().getTime(), iat });
  }

  /** Records until when tokens of a session live. */
  async extendExpiry(...tokens: readonly MintedToken[]): Promise<void> {
    const end = this.#endOf(tokens);
    const seconds = end ? Math.ceil(end.getTime() / 1000) : NEVER;
    await this.store.raise(entryKey('life', sessionOf(tokens).sessionId), seconds, end);
  }

  /** Records that a renewed access token outlives everything that was known of its session. */
  async touch(token: MintedToken): Promise<void> {
    if (!this.store.keepsSessions) return;
    const records = await this.#records(token.identity);
    const record = records.find(({ id }) => id === token.sessionId);
    const end = this.#endOf([token])?.getTime() ?? Infinity;
    if (record && end > (record.expiresAt ?? Infinity)) await this.#write([token], record);
  }

  /** Until when tokens of a session may live, in seconds since the epoch; 0 if that was never recorded. */
  async lifeOf(sessionId: string): Promise<number> {
    const [life] = await this.store.get([entryKey('life', sessionId)]);
    return Number(life ?? 0);
  }

  async list(identity: string): Promise<readonly Session[]> {
    const { live } = await this.#unexpired(identity);
    return live
      .sort((one, other) => other.refreshedAt - one.refreshedAt || other.order - one.order)
      .map(asSession);
  }

  async forget(identity: string, sessionId: string): Promise<void> {
    await this.store.removeSession(identityName(identity), bounded(sessionId));
  }

  /** The sessions that have not expired; those that were ended, or cut off since they were refreshed, apart. */
  async #unexpired(identity: string): Promise<{ live: SessionRecord[]; ended: SessionRecord[] }> {
    const now = this.clock().getTime() - this.leeway * 1000;
    const records = await this.#records(identity);
    const current = records.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
    const [everything, own, ...ends] = await this.store.get([
      EVERYTHING_KEY,
      identityKey(identity),
      ...current.map(({ id }) => entryKey('sid', id)),
    ]);
    const [live, ended]: [SessionRecord[], SessionRecord[]] = [[], []];
    for (const [index, record] of current.entries()) {
      const { iat } = record;
      const hasEnded =
        ends[index] !== null || isIssuedBefore(iat, everything) || isIssuedBefore(iat, own);
      (hasEnded ? ended : live).push(record);
    }
    return { live, ended };
  }

  async #records(identity: string): Promise<readonly SessionRecord[]> {
    const texts = await this.store.listSessions(identityName(identity));
    return texts.map((text) => readRecord(text, isSessionRecord, 'a session'));
  }

  async #write(tokens: readonly MintedToken[], record: SessionRecord): Promise<void> {
    const { identity, sessionId } = sessionOf(tokens);
    const end = this.#endOf(tokens);
    const writes = [this.extendExpiry(...tokens)];
    if (this.store.keepsSessions) {
      const value = JSON.stringify({ ...record, expiresAt: end?.getTime() });
      writes.push(this.store.putSession(identityName(identity), bounded(sessionId), value, end));
    }
    await Promise.all(writes);
  }

  /** When the last of some tokens has expired, the leeway included; `null` for never. */
  #endOf(tokens: readonly MintedToken[]): Date | null {
    const ends = tokens.map(({ expiresAt }) => expiresAt?.getTime() ?? Infinity);
    const latest = Math.max(...ends) + this.leeway * 1000;
    return latest === Infinity ? null : new Date(latest);
  }
}

/** When the session of a token began, in seconds since the epoch: at the login (`auth_time`), or else at the `iat`. */
export function beginningOf({ claims: { auth_time: authTime, iat } }: Token): number {
  if (typeof authTime === 'number') return authTime;
  return typeof iat === 'number' ? Math.floor(iat) : 0;
}

/** The second at which the session of a token is over, however often it is refreshed; `undefined` for never. */
export function endOf(token: Token, sessionLifetime: number | undefined): number | undefined {
  return sessionLifetime === undefined ? undefined : beginningOf(token) + sessionLifetime;
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

/** All tokens of a session have its id. */
function sessionOf([token]: readonly MintedToken[]) {
  return token as MintedToken & { readonly sessionId: string };
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
