import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, JsonWebKey } from '../options/key-options.js';

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

/**
 * What a JWK or a set of them looks like, in words; undefined for any other object. None of its
 * values is named.
 */
export function describeJwk(object: object): string | undefined {
  if ('keys' in object && Array.isArray(object.keys)) return 'a set of JWKs (give one key of it)';
  if (!('kty' in object)) return undefined;
  const half = isPrivateJwk(object) ? 'private' : 'public';
  switch (object.kty) {
    case 'oct':
      return 'an oct JWK, which is a secret';
    case 'RSA':
      return `a ${half} RSA key in JWK form`;
    case 'EC':
      return `a ${half} EC key in JWK form`;
    case 'OKP':
      return `a ${half} OKP key in JWK form`;
    default:
      return 'a JWK of unknown kty';
  }
}

/** What a key is to do. */
export type KeyUse = 'sign' | 'verify';

/**
 * Holds a JWK to what it says of itself (RFC 7517 sections 4.2 to 4.4): a key made for encryption,
 * for other operations or for another algorithm is no key for these tokens.
 */
export function requireJwkFits(
  jwk: JsonWebKey,
  uses: readonly KeyUse[],
  algorithms: readonly Algorithm[],
  where: string,
): void {
  const { use, key_ops: operations, alg } = jwk;
  if (use !== undefined && use !== 'sig') {
    throw new JwtExtendedConfigError(
      `${where} is a JWK whose "use" is not "sig": it is no key for signatures`,
    );
  }
  if (operations !== undefined && !allows(operations, uses)) {
    throw new JwtExtendedConfigError(
      `${where} is a JWK whose "key_ops" do not allow to ${uses.join(' and ')}`,
    );
  }
  if (alg !== undefined && !algorithms.some((algorithm) => algorithm === alg)) {
    throw new JwtExtendedConfigError(
      `${where} is a JWK whose "alg" is not ${algorithms.join(' or ')}`,
    );
  }
}

function allows(operations: unknown, uses: readonly KeyUse[]): boolean {
  return Array.isArray(operations) && uses.every((use) => operations.includes(use));
}

const PRINTABLE = /^[\x20-\x7e]{1,256}$/;

/** Whether it can be a key's id: text that a header, a log and a store hold alike. */
export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && PRINTABLE.test(value);
}
