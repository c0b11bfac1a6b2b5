import { isObject } from '../common/checks.js';
import { type Awaitable, thenOrNow } from '../contracts/awaitable.js';
import type { Claims, Token } from '../contracts/token.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import { generationOf } from '../tokens/grant.js';
import type { TokenIds } from '../tokens/token-request.js';
import { VerifiedToken } from '../tokens/verified-token.js';
import type { StoreGateway } from './store-gateway.js';
import { familyKey, levelKeys, sessionKey } from './store-keys.js';

/**
 * The newest refresh token of a family is `active`. Within the grace its predecessor is `superseded`, and still good for
 * the same successors. Every other token of the family is `reused`.
 */
export type RevocationStatus =
  | { readonly is: 'active'; readonly family?: FamilyState | undefined }
  | { readonly is: 'revoked' }
  | { readonly is: 'superseded' | 'reused'; readonly family: FamilyState };

export const ACTIVE: RevocationStatus = { is: 'active' };
export const REVOKED: RevocationStatus = { is: 'revoked' };

/** What the store keeps of a family of refresh tokens: no token, but all that it takes to make the newest ones again. */
export interface RotationRecord {
  /** How often the family was rotated. The newest refresh token has this number in its grant. */
  readonly generation: number;
  /** When the newest tokens were claimed, in milliseconds since the epoch. */
  readonly claimedAt: number;
  /** The second in which the newest tokens were issued. */
  readonly now: number;
  readonly access: TokenIds;
  readonly refresh: TokenIds;
  /** Until when a token of the family may live, in seconds since the epoch; absent for ever. */
  readonly until?: number;
}

/** A record, and the text that the store has of it. */
export interface FamilyState {
  readonly record: RotationRecord;
  readonly text: string;
}

/** Reads from the store when a token is revoked, claims refresh tokens for rotation, and ends sessions. */
export class RevocationLedger {
  /** What the last look-up of a refresh token found, so that a rotation in the same request needs no second one. */
  readonly #looked = new WeakMap<object, RevocationStatus>();
  /** The look-ups of access tokens, which come again and again. */
  readonly #lookUps = new WeakMap<object, () => Awaitable<RevocationStatus>>();

  constructor(
    private readonly store: StoreGateway,
    private readonly graceMs: number,
    private readonly clock: () => Date,
  ) {}

  /** One round trip to the store. */
  statusOf(token: Token): Awaitable<RevocationStatus> {
    if (!this.store.isOn) return ACTIVE;
    if (token.type !== 'refresh') return this.#lookUpOf(token)();
    const keys = levelKeys(token);
    const levels = keys.length;
    keys.push(familyKey(token));
    return thenOrNow(this.store.get(keys), (values) => {
      const status = this.#statusOfRefresh(
        token,
        isRevokedBy(values, token.claims),
        values[levels],
      );
      this.#looked.set(VerifiedToken.readingOf(token), status);
      return status;
    });
  }

  #lookUpOf(token: Token): () => Awaitable<RevocationStatus> {
    const reading = VerifiedToken.readingOf(token);
    const known = this.#lookUps.get(reading);
    if (known) return known;
    const look = this.store.prepare(levelKeys(token));
    let last: readonly (string | null)[] | undefined;
    let status = ACTIVE;
    const { claims } = token;
    const read = (values: readonly (string | null)[]) => {
      if (values !== last) status = isRevokedBy(values, claims) ? REVOKED : ACTIVE;
      last = values;
      return status;
    };
    const lookUp = () => thenOrNow(look(), read);
    this.#lookUps.set(reading, lookUp);
    return lookUp;
  }

  /** The status that a guard found for the same token, once; otherwise as {@link statusOf}. */
  takeStatusOf(token: Token): Awaitable<RevocationStatus> {
    const reading = VerifiedToken.readingOf(token);
    const looked = this.#looked.get(reading);
    this.#looked.delete(reading);
    return looked ?? this.statusOf(token);
  }

  /** Whether the token is revoked on any level, whether or not it was rotated. */
  async isRevoked(token: Token): Promise<boolean> {
    return this.store.isOn && isRevokedBy(await this.store.get(levelKeys(token)), token.claims);
  }

  /**
   * Claims a refresh token for its successors: of all calls that try, one succeeds.
   *
   * @param found - what the store had; it must not have changed
   */
  claim(token: Token, found: FamilyState | undefined, record: RotationRecord): Promise<boolean> {
    const [key, text] = [familyKey(token), JSON.stringify(record)];
    const until = dateOf(record.until);
    if (!found) return this.store.add(key, text, until);
    return this.store.replace(key, found.text, text, until);
  }

  /**
   * Ends a session for as long as its tokens may live. An end that is on record already is only ever extended.
   *
   * @param until - in seconds since the epoch; `Infinity` for ever
   */
  async endSession(prefix: string, sessionId: string, until: number): Promise<void> {
    await this.#change(sessionKey(prefix, sessionId), (held) => {
      const end = Math.max(until, held ? endOf(held) : 0);
      const isDone = held !== undefined && isEnd(held) && end <= endOf(held);
      return isDone ? undefined : [`ended:${textOf(end)}`, end];
    });
  }

  /**
   * Records that tokens of a session live longer than the options say, so that its end will be kept for as long.
   *
   * @returns whether the session goes on; `false` if it has ended
   */
  async extendSession(prefix: string, sessionId: string, until: number): Promise<boolean> {
    let hasEnded = false;
    await this.#change(sessionKey(prefix, sessionId), (held) => {
      hasEnded = isEnd(held);
      const isDone = hasEnded || (held !== undefined && endOf(held) >= until);
      return isDone ? undefined : [`live:${textOf(until)}`, until];
    });
    return !hasEnded;
  }

  /** Raises a number of the store, unless it is as high already. It is kept for ever. */
  async raise(key: string, value: number): Promise<void> {
    await this.#change(key, (held) =>
      held !== undefined && numberIn(held) >= value ? undefined : [String(value), Infinity],
    );
  }

  /** Changes an entry by compare-and-swap until no other call comes between. */
  async #change(
    key: string,
    next: (held: string | undefined) => readonly [text: string, until: number] | undefined,
  ): Promise<void> {
    let held: string | undefined;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const wanted = next(held);
      if (!wanted) return;
      const [text, until] = wanted;
      const isChanged =
        held === undefined
          ? await this.store.add(key, text, dateOf(until))
          : await this.store.replace(key, held, text, dateOf(until));
      if (isChanged) return;
      const [found] = await this.store.get([key]);
      held = found ?? undefined;
    }
    throw new TokenCheckUnavailableError(
      new TypeError('The blocklist store neither adds nor replaces an entry'),
    );
  }

  /** Reuse comes before revocation: otherwise it would go unnoticed once the session has ended. */
  #statusOfRefresh(
    token: Token,
    isRevoked: boolean,
    text: string | null | undefined,
  ): RevocationStatus {
    const generation = generationOf(token);
    // Without its entry, a successor may be anything: the store has lost what it knew of the family.
    if (text === null || text === undefined) return isRevoked || generation > 0 ? REVOKED : ACTIVE;
    const record = readRecord(text, isRotationRecord, 'a rotated token');
    const family = { record, text };
    if (generation === record.generation) {
      if (record.refresh.jti !== token.jti) return { is: 'reused', family };
      return isRevoked ? REVOKED : { is: 'active', family };
    }
    // The distance, so that a clock that was set back does not open the grace again.
    const elapsed = Math.abs(this.clock().getTime() - record.claimedAt);
    if (generation !== record.generation - 1 || elapsed >= this.graceMs)
      return { is: 'reused', family };
    return isRevoked ? REVOKED : { is: 'superseded', family };
  }
}

/** More calls for one entry at once than this would mean that the store does not keep what it says. */
const MAX_ATTEMPTS = 1_000;

function isRevokedBy(values: readonly (string | null)[], { iat }: Claims): boolean {
  const [everything, identity, itself, session] = values as (string | null)[];
  if (itself !== null || isEnd(session)) return true;
  return isIssuedBefore(iat, everything) || isIssuedBefore(iat, identity);
}

const LIVE = /^live:\d{1,16}$/;

/** Whether the entry of a session says that it has ended, as any text does that this library did not write. */
export function isEnd(entry: string | null | undefined): boolean {
  return typeof entry === 'string' && !LIVE.test(entry);
}

/** Until when tokens of a session may live, in seconds since the epoch; `Infinity` for ever, 0 for unknown text. */
function endOf(entry: string): number {
  const [, digits] = /^(?:live|ended):(\d{1,16})$/.exec(entry) ?? [];
  const seconds = Number(digits ?? 0);
  return seconds >= NEVER ? Infinity : seconds;
}

/** What the store has for `Infinity`. */
const NEVER = Number.MAX_SAFE_INTEGER;

function textOf(seconds: number): string {
  return String(Math.min(Math.ceil(seconds), NEVER));
}

/**
 * @param seconds - since the epoch
 * @returns `null` for `Infinity`, and for a moment that no date can hold: the entry is kept for ever
 */
export function dateOf(seconds: number | undefined): Date | null {
  const date = new Date(Math.ceil((seconds ?? Infinity) * 1000));
  return Number.isNaN(date.getTime()) ? null : date;
}

const NUMBER = /^\d{1,16}$/;

/** @throws TokenCheckUnavailableError - if the text is no whole number */
function numberIn(text: string): number {
  if (NUMBER.test(text)) return Number(text);
  const fault = new TypeError('The blocklist store gave a cut-off that is no number');
  throw new TokenCheckUnavailableError(fault);
}

/**
 * Whether a token was issued before a cut-off; a token that does not say when it was issued counts as such.
 *
 * @param iat - seconds since the epoch
 * @param cutOff - seconds since the epoch, as the store's text; `null` if there is no cut-off
 * @throws TokenCheckUnavailableError - if the text is no whole number
 */
export function isIssuedBefore(iat: unknown, cutOff: string | null | undefined): boolean {
  if (cutOff === null || cutOff === undefined) return false;
  const second = numberIn(cutOff);
  return typeof iat !== 'number' || iat < second;
}

function isRotationRecord(value: unknown): value is RotationRecord {
  if (!isObject(value)) return false;
  const { generation, claimedAt, now, access, refresh, until = 0 } = value;
  const numbers = [generation, claimedAt, now, until];
  return numbers.every((each) => typeof each === 'number') && isIds(access) && isIds(refresh);
}

function isIds(value: unknown): value is TokenIds {
  return isObject(value) && typeof value.jti === 'string' && typeof value.csrf === 'string';
}

/** @throws TokenCheckUnavailableError - if this library did not write the text */
export function readRecord<T>(
  text: string,
  isRecord: (value: unknown) => value is T,
  what: string,
): T {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // What is not JSON is no record either.
  }
  const fault = new TypeError(`The blocklist store gave ${what} that cannot be read`);
  throw new TokenCheckUnavailableError(fault);
}
