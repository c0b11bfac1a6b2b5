import { createHash } from 'node:crypto';
import { isObject } from '../common/checks.js';
import { type Awaitable, thenOrNow } from '../contracts/awaitable.js';
import type { Token } from '../contracts/token.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { TokenIds } from '../tokens/token-request.js';
import type { StoreGateway } from './store-gateway.js';

/**
 * Within the grace, a refresh token that was rotated is `superseded`, and still good for the same successor; after the
 * grace, or when its successor was rotated too, it is `reused`.
 */
export type RevocationStatus =
  | { readonly is: 'active' }
  | { readonly is: 'revoked' }
  | { readonly is: 'superseded' | 'reused'; readonly rotation: RotationRecord };

export const ACTIVE: RevocationStatus = { is: 'active' };
export const REVOKED: RevocationStatus = { is: 'revoked' };

/** What the store keeps of a rotated refresh token: no token, but all that it takes to make the same successors again. */
export interface RotationRecord {
  readonly sessionId: string;
  /** When the token was claimed for rotation, in milliseconds since the epoch. */
  readonly claimedAt: number;
  /** The second in which the successors are issued. */
  readonly now: number;
  readonly access: TokenIds;
  readonly refresh: TokenIds;
}

/** Reads from the store when a token is revoked, and claims refresh tokens for rotation. */
export class RevocationLedger {
  constructor(
    private readonly store: StoreGateway,
    private readonly graceMs: number,
    private readonly clock: () => Date,
  ) {}

  /** One round trip to the store; a token that was rotated takes a second one, for its successor. */
  statusOf(token: Token): Awaitable<RevocationStatus> {
    const keys = levelKeys(token);
    const levels = keys.length;
    if (token.type === 'refresh' && token.jti !== '') keys.push(entryKey('spent', token.jti));
    return thenOrNow(this.store.get(keys), (values) => {
      const rotation = values[levels];
      const isRevoked = isRevokedBy(values, token);
      if (rotation === null || rotation === undefined) return isRevoked ? REVOKED : ACTIVE;
      const record = readRecord(rotation, isRotationRecord, 'a rotated token');
      return this.#statusOfRotated(record, isRevoked);
    });
  }

  /** Whether the token is revoked on any level, whether or not it was rotated. */
  async isRevoked(token: Token): Promise<boolean> {
    return isRevokedBy(await this.store.get(levelKeys(token)), token);
  }

  /** @returns whether this call claimed the refresh token: of all that try, one does */
  claim(token: Token, rotation: RotationRecord, until: Date | null): Promise<boolean> {
    return this.store.add(entryKey('spent', token.jti), JSON.stringify(rotation), until);
  }

  /** Reuse comes before revocation: otherwise it would go unnoticed once the session has ended. */
  async #statusOfRotated(rotation: RotationRecord, isRevoked: boolean): Promise<RevocationStatus> {
    // The distance, so that a clock that was set back does not open the grace again.
    const elapsed = Math.abs(this.clock().getTime() - rotation.claimedAt);
    if (elapsed >= this.graceMs) return { is: 'reused', rotation };
    const [successor] = await this.store.get([entryKey('spent', rotation.refresh.jti)]);
    if (successor !== null) return { is: 'reused', rotation };
    return isRevoked ? REVOKED : { is: 'superseded', rotation };
  }
}

/** The levels on which a token can be revoked: all tokens, its identity, the token itself, its session. */
function levelKeys({ identity, jti, sessionId }: Token): string[] {
  const keys = [EVERYTHING_KEY, identityKey(identity), entryKey('jti', jti)];
  if (sessionId !== undefined) keys.push(entryKey('sid', sessionId));
  return keys;
}

function isRevokedBy(values: readonly (string | null)[], token: Token): boolean {
  const [everything, identity, itself, session] = values as (string | null)[];
  if (itself !== null) return true;
  if (token.sessionId !== undefined && session !== null) return true;
  const { iat } = token.claims;
  return isIssuedBefore(iat, everything) || isIssuedBefore(iat, identity);
}

const NUMBER = /^\d{1,16}$/;

/**
 * Whether a token was issued before a cut-off; a token that does not say when it was issued counts as such.
 *
 * @param iat - seconds since the epoch
 * @param cutOff - seconds since the epoch, as the store's text; `null` if there is no cut-off
 * @throws TokenCheckUnavailableError - if the text is no whole number
 */
export function isIssuedBefore(iat: unknown, cutOff: string | null | undefined): boolean {
  if (cutOff === null || cutOff === undefined) return false;
  if (NUMBER.test(cutOff)) return typeof iat !== 'number' || iat < Number(cutOff);
  const fault = new TypeError('The blocklist store gave a cut-off that is no number');
  throw new TokenCheckUnavailableError(fault);
}

function isRotationRecord(value: unknown): value is RotationRecord {
  if (!isObject(value)) return false;
  const { sessionId, claimedAt, now, access, refresh } = value;
  const hasMoments = typeof claimedAt === 'number' && typeof now === 'number';
  return typeof sessionId === 'string' && hasMoments && isIds(access) && isIds(refresh);
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

/** The cut-off for all tokens; `identityKey` names that of an identity. */
export const EVERYTHING_KEY = 'all';

export function identityKey(identity: unknown): string {
  return `sub:${identityName(identity)}`;
}

/**
 * The entry of a token that is revoked by itself (`jti`), of a rotated refresh token (`spent`), of a session that has
 * ended (`sid`), or of the moment at which its last token expires (`life`).
 */
export function entryKey(kind: 'jti' | 'spent' | 'sid' | 'life', id: string): string {
  return `${kind}:${bounded(id)}`;
}

/** An identity as stores know it: any JSON value, if `verifySub` is `false`. */
export function identityName(identity: unknown): string {
  return bounded(typeof identity === 'string' ? identity : JSON.stringify(identity));
}

const PLAIN = /^[\w.@-]{1,128}$/;

/**
 * Plain short text for a store, whatever a token says. Any other text becomes its digest, marked by a character that
 * plain text does not have. The digest is of UTF-16: in UTF-8, two different halves of surrogate pairs would be equal.
 */
export function bounded(text: string): string {
  if (PLAIN.test(text)) return text;
  return `#${createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url')}`;
}
