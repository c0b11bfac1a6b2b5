import type { Session } from '../contracts/token.js';
import type { MintedToken } from '../tokens/token-request.js';
import type { StoreGateway } from './store-gateway.js';
import {
  EVERYTHING_KEY,
  identityKey,
  identityName,
  isIssuedBefore,
  lifeKey,
  sessionKey,
  sessionName,
} from './revocation-ledger.js';
import { readSession, type SessionRecord, writeSession } from './stored-records.js';

/** A life that never ends, as a store keeps it. */
export const ENDLESS = Number.MAX_SAFE_INTEGER;

interface Current {
  readonly live: SessionRecord[];
  readonly ended: readonly SessionRecord[];
}

/** Which sessions an identity has, and how long each of them lives. */
export class SessionRegistry {
  #lastOrder = 0;

  constructor(
    private readonly access: StoreGateway,
    private readonly maxSessions: number | undefined,
    private readonly leeway: number,
    private readonly clock: () => Date,
  ) {}

  /**
   * Writes down that a login began a session. Where there are to be so many at most, those that have ended are no longer
   * kept either.
   *
   * @returns the ids of the oldest sessions, which the new one is too many for
   */
  async create(tokens: readonly MintedToken[], note: unknown): Promise<readonly string[]> {
    const { identity, sessionId, issuedAt: iat } = sessionOf(tokens);
    const at = this.clock().getTime();
    const order = this.#nextOrder(at);
    await this.#write(tokens, { id: sessionId, order, createdAt: at, refreshedAt: at, iat, note });
    if (this.maxSessions === undefined) return [];
    const { live, ended } = await this.#current(identity);
    await Promise.all(ended.map(({ id }) => this.forget(identity, id)));
    const oldestFirst = live.sort((one, other) => one.order - other.order || compare(one, other));
    return oldestFirst.slice(0, Math.max(0, live.length - this.maxSessions)).map(({ id }) => id);
  }

  /** Writes down that a session goes on with new tokens. */
  async recordRotation(tokens: readonly MintedToken[], createdAt: number): Promise<void> {
    const { identity, sessionId: id, issuedAt: iat } = sessionOf(tokens);
    const known = this.access.keepsSessions ? await this.#records(identity) : [];
    const before = known.find((each) => each.id === id);
    const begun = before ?? { id, order: createdAt * 1000, createdAt };
    await this.#write(tokens, { ...begun, refreshedAt: this.clock().getTime(), iat });
  }

  /** Notes that a token of a session lives longer than tokens usually do. */
  async extendExpiry(token: MintedToken): Promise<void> {
    await this.#extend([token]);
  }

  /** Writes down that a session outlives all that was known of it, by an access token that goes on by itself. */
  async touch(token: MintedToken): Promise<void> {
    if (!this.access.keepsSessions) return;
    const records = await this.#records(token.identity);
    const record = records.find(({ id }) => id === token.sessionId);
    const end = this.#endOf([token])?.getTime() ?? Infinity;
    if (record && end > (record.expiresAt ?? Infinity)) await this.#write([token], record);
  }

  /** Until when tokens of a session may live, in seconds since the epoch; 0 where nobody knows. */
  async lifeOf(sessionId: string): Promise<number> {
    const [life] = await this.access.get([lifeKey(sessionId)]);
    return Number(life ?? 0);
  }

  /** The sessions that are alive, the one refreshed last coming first. */
  async list(identity: string): Promise<readonly Session[]> {
    const { live } = await this.#current(identity);
    return live
      .sort((one, other) => other.refreshedAt - one.refreshedAt || other.order - one.order)
      .map(asSession);
  }

  /** Keeps a session that has ended no longer. */
  async forget(identity: string, sessionId: string): Promise<void> {
    await this.access.removeSession(identityName(identity), sessionName(sessionId));
  }

  /** Sessions that have not expired: those that are alive, and those that were ended, or cut off since they were refreshed. */
  async #current(identity: string): Promise<Current> {
    const now = this.clock().getTime() - this.leeway * 1000;
    const records = await this.#records(identity);
    const current = records.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
    const [everything, own, ...ends] = await this.access.get([
      EVERYTHING_KEY,
      identityKey(identity),
      ...current.map(({ id }) => sessionKey(id)),
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
    return (await this.access.listSessions(identityName(identity))).map(readSession);
  }

  async #write(tokens: readonly MintedToken[], record: SessionRecord): Promise<void> {
    const { identity, sessionId } = sessionOf(tokens);
    const end = this.#endOf(tokens);
    const writing = [this.#extend(tokens)];
    if (this.access.keepsSessions) {
      const value = writeSession({ ...record, expiresAt: end?.getTime() });
      writing.push(
        this.access.putSession(identityName(identity), sessionName(sessionId), value, end),
      );
    }
    await Promise.all(writing);
  }

  async #extend(tokens: readonly MintedToken[]): Promise<void> {
    const end = this.#endOf(tokens);
    const seconds = end ? Math.ceil(end.getTime() / 1000) : ENDLESS;
    await this.access.raise(lifeKey(sessionOf(tokens).sessionId), seconds, end);
  }

  /** When the last of some tokens is refused for its age; `null` for never. */
  #endOf(tokens: readonly MintedToken[]): Date | null {
    const ends = tokens.map(({ expiresAt }) => expiresAt?.getTime() ?? Infinity);
    const latest = Math.max(...ends) + this.leeway * 1000;
    return latest === Infinity ? null : new Date(latest);
  }

  /** Which of two sessions is the older must be known even where both began in the same millisecond. */
  #nextOrder(at: number): number {
    this.#lastOrder = Math.max(at * 1000, this.#lastOrder + 1);
    return this.#lastOrder;
  }
}

type SessionToken = MintedToken & { readonly sessionId: string };

/** Tokens of one session have that session in common. */
function sessionOf([token]: readonly MintedToken[]): SessionToken {
  return token as SessionToken;
}

function compare(one: SessionRecord, other: SessionRecord): number {
  return one.id < other.id ? -1 : 1;
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
