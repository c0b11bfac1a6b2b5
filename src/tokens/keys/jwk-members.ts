import type { JsonWebKey } from 'node:crypto';
import { JwtExtendedConfigError } from '../../errors/config.error.js';

/** What stands in public keys (RFC 7518 sections 6.2.1 and 6.3.1, RFC 8037 section 2). */
const PUBLIC_MEMBERS = ['n', 'e', 'x', 'y'] as const;

/** What stands in private keys and secrets only (RFC 7518 sections 6.2.2, 6.3.2 and 6.4). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

/**
 * Whether anything in a JWK is for its owner only; the factors of a modulus alone give all of it
 * away.
 */
export function isPrivateJwk(jwk: object): boolean {
  return PRIVATE_MEMBERS.some((member) => member in jwk);
}

/**
 * Holds the numbers of a JWK to their form, base64url without padding (RFC 7518 section 2). Node
 * silently passes over whatever else stands there, and takes empty text for zero.
 */
export function requireWellFormed(jwk: JsonWebKey, where: string): void {
  const malformed = [...PUBLIC_MEMBERS, ...PRIVATE_MEMBERS].find(
    (member) => member in jwk && !isBase64url(jwk[member]),
  );
  if (malformed === undefined) return;
  throw new JwtExtendedConfigError(
    `${where} is a JWK whose "${malformed}" is not base64url text, or is empty`,
  );
}

/** The bytes of a number that is known to be there. */
export function bytesOfMember(jwk: JsonWebKey, member: (typeof PUBLIC_MEMBERS)[number]): Buffer {
  return Buffer.from(String(jwk[member]), 'base64url');
}

function isBase64url(member: unknown): boolean {
  return typeof member === 'string' && /^[A-Za-z0-9_-]+$/.test(member);
}
