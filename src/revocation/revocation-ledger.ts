import { createHash } from 'node:crypto';
import { type Awaitable, thenOrNow } from '../contracts/awaitable.js';
import type { Token } from '../contracts/token.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { StoreGateway } from './store-gateway.js';
import { readRotationRecord, type RotationRecord, writeRotationRecord } from './stored-records.js';

const NUMBER = /^\d{1,16}$/;

/**
 * Whether what was issued at a moment is cut off. A token that does not say when it was issued is.
 *
 * @param iat - in seconds since the epoch
 * @param cutOff - the store's text; `null` for none
 */
export function isIssuedBefore(iat: unknown, cutOff: string | null | undefined): boolean {
  if (cutOff === null || cutOff === undefined) return false;
  if (!NUMBER.test(cutOff)) {
    const fault = new TypeError('The blocklist store gave a cut-off that is no number');
    throw new TokenCheckUnavailableError(fault);
  }
  return typeof iat !== 'number' || iat < Number(cutOff);
}

/** What ids and identities are mostly made of: short, and harmless in every store. */
const PLAIN = /^[\w.@-]{1,128}$/;

/** One token, revoked. */
export function tokenKey(jti: string): string {
  return `jti:${bounded(jti)}`;
}

/** One refresh token, spent for a successor. */
function rotationKey(jti: string): string {
  return `spent:${bounded(jti)}`;
}

/** A session, ended. */
export function sessionKey(sessionId: string): string {
  return `sid:${bounded(sessionId)}`;
}

/** Until when a session's tokens live at most. */
export function lifeKey(sessionId: string): string {
  return `life:${bounded(sessionId)}`;
}

/** The moment before which everything that was issued to an identity is revoked. */
export function identityKey(identity: unknown): string {
  return `sub:${identityName(identity)}`;
}

/** The moment before which everything is revoked. */
export const EVERYTHING_KEY = 'all';

/** An identity as stores know it; with `verifySub: false` it may be anything that JSON holds. */
export function identityName(identity: unknown): string {
  return bounded(typeof identity === 'string' ? identity : JSON.stringify(identity));
}

/** A session as the list of an identity's sessions knows it. */
export function sessionName(sessionId: string): string {
  return bounded(sessionId);
}

/**
 * Whatever a token says, a store sees short plain text. The digest is of UTF-16, so that no two texts become the same
 * on the way to UTF-8, and stands behind a character that plain text does not have.
 */
function bounded(text: string): string {
  if (PLAIN.test(text)) return text;
  return `#${createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url')}`;
}

/**
 * What the store says of a token. One that was spent within the grace is still good for the same successor; one that
 * was spent before, or whose successor has been used, is reused.
 */
export type RevocationStatus =
  | { readonly is: 'active' }
  | { readonly is: 'revoked' }
  | { readonly is: 'superseded'; readonly spent: RotationRecord }
  | { readonly is: 'reused'; readonly spent: RotationRecord };

export const ACTIVE: RevocationStatus = { is: 'active' };
export const REVOKED: RevocationStatus = { is: 'revoked' };

/** What is written under the keys of a token: whether it is revoked on any level, or spent. */
export class RevocationLedger {
  constructor(
    private readonly access: StoreGateway,
    private readonly graceMs: number,
    private readonly clock: () => Date,
  ) {}

  /** All levels in one look-up; only what became of a token that was spent takes a second one. */
  statusOf(token: Token): Awaitable<RevocationStatus> {
    const keys = levelKeys(token);
    const levels = keys.length;
    if (token.type === 'refresh' && token.jti !== '') keys.push(rotationKey(token.jti));
    return thenOrNow(this.access.get(keys), (values) => {
      const spent = values[levels];
      const isRevoked = isRevokedBy(values, token);
      if (spent === null || spent === undefined) return isRevoked ? REVOKED : ACTIVE;
      return this.#standingOfSpent(understood(spent), isRevoked);
    });
  }

  /** Whether the token is revoked, spent or not. */
  async isRevoked(token: Token): Promise<boolean> {
    return isRevokedBy(await this.access.get(levelKeys(token)), token);
  }

  /** Whether it was this call that spent the token: of all that try, one does. */
  claim(token: Token, spent: RotationRecord, until: Date | null): Promise<boolean> {
    return this.access.add(rotationKey(token.jti), writeRotationRecord(spent), until);
  }

  /** Reuse is told before revocation, or nobody would hear of it once the session has ended. */
  async #standingOfSpent(spent: RotationRecord, isRevoked: boolean): Promise<RevocationStatus> {
    // A clock that was set back does not open the grace again.
    const elapsed = Math.abs(this.clock().getTime() - spent.claimedAt);
    if (elapsed >= this.graceMs) return { is: 'reused', spent };
    const [successor] = await this.access.get([rotationKey(spent.refresh.jti)]);
    if (successor !== null) return { is: 'reused', spent };
    return isRevoked ? REVOKED : { is: 'superseded', spent };
  }
}

/** Everything, its identity, the token itself, and its session where it has one. */
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

function understood(text: string): RotationRecord {
  const spent = readRotationRecord(text);
  if (spent) return spent;
  const fault = new TypeError('The blocklist store gave a spent token that cannot be read');
  throw new TokenCheckUnavailableError(fault);
}
