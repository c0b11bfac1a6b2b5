import { createHash } from 'node:crypto';

/** What ids and identities are mostly made of: short, and harmless in every store. */
const PLAIN = /^[\w.@-]{1,128}$/;

/** One token, revoked. */
export function tokenKey(jti: string): string {
  return `jti:${bounded(jti)}`;
}

/** One refresh token, spent for a successor. */
export function spentKey(jti: string): string {
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
