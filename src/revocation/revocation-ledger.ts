import { createHash } from 'node:crypto';
import { isObject } from '../common/checks.js';
import { type Awaitable, thenOrNow } from '../contracts/awaitable.js';
import type { Token } from '../contracts/token.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { TokenIds } from '../tokens/token-request.js';
import type { StoreGateway } from './store-gateway.js';

/**
 * What the store says of a token. A refresh token that was rotated is `superseded` within the grace, and still good for
 * the same successor; after the grace, or when its successor was rotated too, it is `reused`.
 */
export type RevocationStatus =
  | { readonly is: 'active' }
  | { readonly is: 'revoked' }
  | { readonly is: 'superseded' | 'reused'; readonly rotation: RotationRecord };

export const ACTIVE: RevocationStatus = { is: 'active' };
export const REVOKED: RevocationStatus = { is: 'revoked' };

/**
 * What the store keeps of a refresh token that was rotated: no token, but all that it takes to make the same successors
 * again.
 */
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

  /**
   * Looks up all levels and the rotation of a token in one round trip. Only a token that was rotated takes a second one,
   * for its successor.
   */
  statusOf(token: Token): Awaitable<RevocationStatus> {
    const keys = levelKeys(token);
    const levels = keys.length;
    if (token.type === 'refresh' && token.jti !== '') keys.push(rotationKey(token.jti));
    return thenOrNow(this.store.get(keys), (values) => {
      const rotation = values[levels];
      const isRevoked = isRevokedBy(values, token);
      if (rotation === null || rotation === undefined) return isRevoked ? REVOKED : ACTIVE;
      return this.#statusOfRotated(readRotation(rotation), isRevoked);
    });
  }

  /** Whether the token is revoked on any level, whether or not it was rotated. */
  async isRevoked(token: Token): Promise<boolean> {
    return isRevokedBy(await this.store.get(levelKeys(token)), token);
  }

  /** @returns whether this call claimed the refresh token: of all that try, one does */
  claim(token: Token, rotation: RotationRecord, until: Date | null): Promise<boolean> {
    return this.store.add(rotationKey(token.jti), JSON.stringify(rotation), until);
  }

  /** Reuse comes before revocation: otherwise it would go unnoticed once the session has ended. */
  async #statusOfRotated(rotation: RotationRecord, isRevoked: boolean): Promise<RevocationStatus> {
    // The distance, so that a clock that was set back does not open the grace again.
    const elapsed = Math.abs(this.clock().getTime() - rotation.claimedAt);
    if (elapsed >= this.graceMs) return { is: 'reused', rotation };
    const [successor] = await this.store.get([rotationKey(rotation.refresh.jti)]);
    if (successor !== null) return { is: 'reused', rotation };
    return isRevoked ? REVOKED : { is: 'superseded', rotation };
  }
}

/** The levels on which a token can be revoked: all tokens, its identity, the token itself, its session. */
function levelKeys({ identity, jti, sessionId }: Token): string[] {
  const keys = [EVERYTHING_KEY, identityKey(identity), tokenKey(jti)];
  if (sessionId !== undefined) keys.push(sessionKey(sessionId));
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

/** @throws TokenCheckUnavailableError - if `claim` did not write the text */
function readRotation(text: string): RotationRecord {
  const value = parsed(text);
  if (isRotationRecord(value)) return value;
  const fault = new TypeError('The blocklist store gave a rotated token that cannot be read');
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

/** The value of a JSON text; `undefined` for any other text. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The entry of the cut-off for all tokens. */
export const EVERYTHING_KEY = 'all';

/** The entry of an identity's cut-off. */
export function identityKey(identity: unknown): string {
  return `sub:${identityName(identity)}`;
}

/** The entry of a token that is revoked by itself. */
export function tokenKey(jti: string): string {
  return `jti:${bounded(jti)}`;
}

/** The entry of a session that has ended. */
export function sessionKey(sessionId: string): string {
  return `sid:${bounded(sessionId)}`;
}

/** The entry that says until when the tokens of a session live at most. */
export function lifeKey(sessionId: string): string {
  return `life:${bounded(sessionId)}`;
}

/** The entry of a refresh token that was rotated. */
function rotationKey(jti: string): string {
  return `spent:${bounded(jti)}`;
}

/** An identity as stores know it: any JSON value, if `verifySub` is `false`. */
export function identityName(identity: unknown): string {
  return bounded(typeof identity === 'string' ? identity : JSON.stringify(identity));
}

/** A session as the list of an identity's sessions knows it. */
export function sessionName(sessionId: string): string {
  return bounded(sessionId);
}

/** What most ids and identities consist of: characters that are harmless in every store. */
const PLAIN = /^[\w.@-]{1,128}$/;

/**
 * Plain short text for a store, whatever a token says. Any other text becomes its digest, marked by a character that
 * plain text does not have. The digest is of UTF-16: in UTF-8, two different halves of surrogate pairs would be equal.
 */
function bounded(text: string): string {
  if (PLAIN.test(text)) return text;
  return `#${createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url')}`;
}
