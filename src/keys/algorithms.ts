import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm } from '../options/key-options.js';

type Hash = 'sha256' | 'sha384' | 'sha512';

/** One secret signs and verifies (RFC 7518 section 3.2). */
interface HmacAlgorithm {
  readonly family: 'HMAC';
  readonly hash: Hash;
  /** A secret is at least as long as the hash. */
  readonly minimumBytes: number;
}

/** RSA key pairs (RFC 7518 sections 3.3 and 3.5). */
export interface RsaAlgorithm {
  readonly family: 'RSA';
  readonly hash: Hash;
  readonly padding: 'PKCS1' | 'PSS';
  readonly minimumBits: number;
}

/** Elliptic curve key pairs; each algorithm has its own curve (RFC 7518 section 3.4). */
export interface EcAlgorithm {
  readonly family: 'EC';
  readonly hash: Hash;
  /** OpenSSL's name of the curve. */
  readonly curve: 'prime256v1' | 'secp384r1' | 'secp521r1';
}

/** Edwards curve key pairs (RFC 8037 section 3.1). */
interface EdwardsAlgorithm {
  readonly family: 'EdDSA';
  /** EdDSA hashes by itself (RFC 8032 section 5.1), so node:crypto gets no hash. */
  readonly hash: null;
}

export type AlgorithmTraits = HmacAlgorithm | RsaAlgorithm | EcAlgorithm | EdwardsAlgorithm;

/** What each algorithm requires of its key. */
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
  ES256: { family: 'EC', hash: 'sha256', curve: 'prime256v1' },
  ES384: { family: 'EC', hash: 'sha384', curve: 'secp384r1' },
  ES512: { family: 'EC', hash: 'sha512', curve: 'secp521r1' },
  EdDSA: { family: 'EdDSA', hash: null },
} as const satisfies Record<Algorithm, AlgorithmTraits>;

/** The traits as a union, which a `switch` over `family` narrows. */
export function traitsOf(algorithm: Algorithm): AlgorithmTraits {
  return ALGORITHMS[algorithm];
}

/** Exact names only: not `hs256`, `none` or `toString`. */
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

/** One algorithm by its exact name. */
export function parseAlgorithm(name: unknown, where: string): Algorithm {
  if (isAlgorithm(name)) return name;
  throw new JwtExtendedConfigError(
    `${where} ${explain(name)}; expected one of ${NAMES.join(', ')}`,
  );
}

/** Several algorithms by their exact names. */
export function parseAlgorithms(
  names: unknown,
  where: string,
  example: Algorithm,
): readonly Algorithm[] {
  if (Array.isArray(names) && names.length > 0) {
    return names.map((name: unknown) => parseAlgorithm(name, where));
  }
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
