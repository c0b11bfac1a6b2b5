import { randomBytes } from 'node:crypto';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm } from '../options/key-options.js';

/** What each algorithm requires of its key (RFC 7518 section 3, RFC 8037 section 3.1). */
export const ALGORITHMS = {
  HS256: { family: 'HMAC', hash: 'sha256', minimumBytes: 32 },
  HS384: { family: 'HMAC', hash: 'sha384', minimumBytes: 48 },
  HS512: { family: 'HMAC', hash: 'sha512', minimumBytes: 64 },
  RS256: { family: 'RSA', hash: 'sha256', padding: 'PKCS1', minimumBits: 2048 },
  RS384: { family: 'RSA', hash: 'sha384', padding: 'PKCS1', minimumBits: 2048 },
  RS512: { family: 'RSA', hash: 'sha512', padding: 'PKCS1', minimumBits: 2048 },
  PS256: { family: 'RSA', hash: 'sha256', padding: 'PSS', minimumBits: 2048 },
  PS384: { family: 'RSA', hash: 'sha384', padding: 'PSS', minimumBits: 2048 },
  PS512: { family: 'RSA', hash: 'sha512', padding: 'PSS', minimumBits: 2048 },
  // Each algorithm has its own curve, here by OpenSSL's name.
  ES256: { family: 'EC', hash: 'sha256', curve: 'prime256v1' },
  ES384: { family: 'EC', hash: 'sha384', curve: 'secp384r1' },
  ES512: { family: 'EC', hash: 'sha512', curve: 'secp521r1' },
  // EdDSA hashes by itself (RFC 8032 section 5.1), so node:crypto gets no hash.
  EdDSA: { family: 'EdDSA', hash: null },
} as const satisfies Record<Algorithm, object>;

export type AlgorithmTraits = (typeof ALGORITHMS)[Algorithm];

/** The traits as a union, which a `switch` over `family` narrows. */
export function traitsOf(algorithm: Algorithm): AlgorithmTraits {
  return ALGORITHMS[algorithm];
}

/** A random secret in base64url, of as many bytes as the algorithm's hash has (RFC 7518 section 3.2). */
export function generateSecret(minimumBytes: number): string {
  return randomBytes(minimumBytes).toString('base64url');
}

/** Exact names only: not `hs256` or `toString`. */
function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === 'string' && Object.hasOwn(ALGORITHMS, name);
}

/** Whether both algorithms can use the same key: an HMAC secret, an RSA pair, or a pair on one curve. */
export function shareKeys(one: Algorithm, other: Algorithm): boolean {
  const [a, b] = [traitsOf(one), traitsOf(other)];
  if (a.family === 'EC' && b.family === 'EC') return a.curve === b.curve;
  return a.family === b.family;
}

const NAMES = Object.keys(ALGORITHMS);

export function parseAlgorithm(name: unknown, where: string): Algorithm {
  if (isAlgorithm(name)) return name;
  throw new JwtExtendedConfigError(
    `${where} ${explain(name)}; expected one of ${NAMES.join(', ')}`,
  );
}

export function parseAlgorithms(
  names: unknown,
  where: string,
  example: Algorithm,
): readonly Algorithm[] {
  if (Array.isArray(names) && names.length > 0)
    return names.map((name: unknown) => parseAlgorithm(name, where));
  throw new JwtExtendedConfigError(
    `${where} must be an array of algorithms: ['${isAlgorithm(names) ? names : example}']`,
  );
}

/**
 * The algorithms that tokens may be signed with: the configured list, and `algorithm` in any case, as in Flask. Only the
 * options decide this, never a token's header or a key (RFC 8725 section 3.1), and one key must fit all of them.
 */
export function parseDecodeAlgorithms(
  configured: unknown,
  algorithm: Algorithm,
  where: string,
): readonly Algorithm[] {
  if (configured === undefined) return [algorithm];
  const names = parseAlgorithms(configured, where, algorithm);
  const algorithms = [...new Set([...names, algorithm])];
  const mismatch = algorithms.find((other) => !shareKeys(other, algorithm));
  if (mismatch === undefined) return algorithms;
  throw new JwtExtendedConfigError(
    `${where} mixes ${algorithm} and ${mismatch}: one key cannot serve both`,
  );
}

/** What is wrong with the name. Only known names are repeated, because a mixed-up option may hold a key. */
function explain(name: unknown): string {
  if (typeof name !== 'string') return 'is not text';
  const upperCase = name.trim().toUpperCase();
  if (upperCase === 'NONE') return "is 'none': tokens without a signature are never accepted";
  const meant = NAMES.find((known) => known.toUpperCase() === upperCase);
  return meant === undefined ? 'is not a known algorithm' : `must be written '${meant}'`;
}
