import { createHash } from 'node:crypto';
import type { Token } from '../contracts/token.js';
import { familyOf } from '../tokens/grant.js';
import { sessionIdOf } from '../tokens/session.js';
import { revocationIdOf, SHARES_REVOCATIONS } from '../tokens/verified-token.js';

/** The levels on which a token can be revoked: all tokens, its identity, the token itself, its session. */
export function levelKeys(token: Token): string[] {
  const prefix = prefixOf(token);
  return [
    EVERYTHING_KEY,
    identityKey(prefix, token.identity),
    tokenKey(prefix, revocationIdOf(token)),
    sessionKey(prefix, sessionIdOf(token)),
  ];
}

/** The cut-off for all tokens; `identityKey` names that of an identity. */
export const EVERYTHING_KEY = 'all';

/** What says in which name space a token is revoked. */
type NameSpace = Pick<Token, 'namespace' | 'issuer'> & { readonly [SHARES_REVOCATIONS]?: boolean };

/** What the names of a token's entries begin with: nothing, its tenant or its issuer. No plain text has slash or colon. */
export function prefixOf(token: NameSpace): string {
  const { namespace, issuer } = token;
  if (issuer !== undefined && !token[SHARES_REVOCATIONS]) return `iss:${bounded(issuer)}/`;
  return namespace === undefined ? '' : `${bounded(namespace)}/`;
}

export function identityKey(prefix: string, identity: unknown): string {
  return `sub:${identityName(prefix, identity)}`;
}

/** A token that is revoked by itself. */
export function tokenKey(prefix: string, id: string): string {
  return `jti:${prefix}${bounded(id)}`;
}

/** A session that has ended, or whose tokens live longer than the options say. */
export function sessionKey(prefix: string, sessionId: string): string {
  return `sid:${prefix}${bounded(sessionId)}`;
}

/** The newest generation of a family of refresh tokens. */
export function familyKey(token: Token): string {
  return `family:${prefixOf(token)}${bounded(familyOf(token))}`;
}

/** An identity as stores know it: any JSON value, if `verifySub` is `false`. */
export function identityName(prefix: string, identity: unknown): string {
  return prefix + bounded(typeof identity === 'string' ? identity : JSON.stringify(identity));
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
