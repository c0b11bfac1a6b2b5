import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, JsonWebKey } from '../options/key-options.js';

/** Numbers of public keys (RFC 7518 sections 6.2.1 and 6.3.1, RFC 8037 section 2). */
const PUBLIC_MEMBERS = ['n', 'e', 'x', 'y'] as const;

/** Numbers of private keys and secrets only (RFC 7518 sections 6.2.2, 6.3.2 and 6.4). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

export type KeyUse = 'sign' | 'verify';

/** Whether a JWK has a private member; the factors of the modulus alone reveal the private key. */
export function isPrivateJwk(jwk: object): boolean {
  return PRIVATE_MEMBERS.some((member) => member in jwk);
}

/**
 * Requires the numbers of a JWK to be base64url without padding (RFC 7518 section 2). Node ignores other characters, and
 * reads empty text as zero.
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

function isBase64url(member: unknown): boolean {
  return typeof member === 'string' && /^[A-Za-z0-9_-]+$/.test(member);
}

/** Requires a JWK to be meant for this use and one of these algorithms (RFC 7517 sections 4.2 to 4.4). */
export function requireJwkFits(
  jwk: JsonWebKey,
  uses: readonly KeyUse[],
  algorithms: readonly Algorithm[],
  where: string,
): void {
  const { use, key_ops: operations, alg } = jwk;
  if (use !== undefined && use !== 'sig')
    throw new JwtExtendedConfigError(
      `${where} is a JWK whose "use" is not "sig": it is not for signatures`,
    );
  const isAllowed = (op: KeyUse) => Array.isArray(operations) && operations.includes(op);
  if (operations !== undefined && !uses.every(isAllowed))
    throw new JwtExtendedConfigError(
      `${where} is a JWK whose "key_ops" do not allow to ${uses.join(' and ')}`,
    );
  if (alg !== undefined && !algorithms.some((algorithm) => algorithm === alg))
    throw new JwtExtendedConfigError(
      `${where} is a JWK whose "alg" is not ${algorithms.join(' or ')}`,
    );
}

/** The bytes of a number that the JWK is known to have. */
export function bytesOfMember(jwk: JsonWebKey, member: (typeof PUBLIC_MEMBERS)[number]): Buffer {
  return Buffer.from(String(jwk[member]), 'base64url');
}

/** Describes a JWK or a set of them without its values; undefined for any other object. */
export function describeJwk(object: object): string | undefined {
  if ('keys' in object && Array.isArray(object.keys)) return 'a set of JWKs (give one key of it)';
  if (!('kty' in object)) return undefined;
  if (object.kty === 'oct') return 'an oct JWK, which is a secret';
  const type = ['RSA', 'EC', 'OKP'].find((known) => known === object.kty);
  if (type === undefined) return 'a JWK of unknown kty';
  return `a ${isPrivateJwk(object) ? 'private' : 'public'} ${type} key in JWK form`;
}

/** Whether the value can be a `kid`: text that headers, logs and stores all accept. */
export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20-\x7e]{1,256}$/.test(value);
}
