import type { KeyObject } from 'node:crypto';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm } from '../options/key-options.js';
import { type AlgorithmTraits, traitsOf } from './algorithms.js';
import { bytesOfMember } from './jwk.js';

/**
 * Requires a private or public key to be of the kind and strength that each algorithm needs. Public keys count too: a
 * weak one accepts forged signatures.
 */
export function requireStrongPair(
  key: KeyObject,
  algorithms: readonly Algorithm[],
  where: string,
): void {
  for (const algorithm of algorithms) {
    const weakness = findWeakness(key, traitsOf(algorithm));
    if (weakness)
      throw new JwtExtendedConfigError(
        `${where} is ${weakness[0]}; ${algorithm} needs ${weakness[1]}`,
      );
  }
}

/** What the key is, and what is needed instead. */
type Weakness = readonly [is: string, needed: string];

function findWeakness(key: KeyObject, traits: AlgorithmTraits): Weakness | undefined {
  switch (traits.family) {
    case 'HMAC':
      return [nameOf(key), 'a secret'];
    case 'RSA':
      return findRsaWeakness(key, traits);
    case 'EC': {
      if (key.asymmetricKeyType !== 'ec') return [nameOf(key), `an EC key on ${traits.curve}`];
      const { namedCurve = 'a curve without a name' } = key.asymmetricKeyDetails ?? {};
      if (namedCurve === traits.curve) return undefined;
      return [`an EC key on ${namedCurve}`, `one on ${traits.curve}`];
    }
    case 'EdDSA':
      // RFC 8037 also has Ed448, which few libraries support.
      if (key.asymmetricKeyType !== 'ed25519') return [nameOf(key), 'an Ed25519 key'];
      return hasSmallOrder(key)
        ? ['an Ed25519 key of small order, which accepts forged signatures', 'a generated key']
        : undefined;
  }
}

function findRsaWeakness(
  key: KeyObject,
  { padding, hash, minimumBits }: Extract<AlgorithmTraits, { family: 'RSA' }>,
): Weakness | undefined {
  const { modulusLength = 0, publicExponent = 0n, ...pss } = key.asymmetricKeyDetails ?? {};
  const isPssOnly = key.asymmetricKeyType === 'rsa-pss';
  if (key.asymmetricKeyType !== 'rsa' && !isPssOnly) return [nameOf(key), 'an RSA key'];
  if (isPssOnly && padding !== 'PSS') return [nameOf(key), 'an RSA key that is not bound to PSS'];
  if (modulusLength < minimumBits)
    return [`an RSA key of ${modulusLength} bits`, `at least ${minimumBits}`];
  // With an exponent of 1 a signature is the message itself; an even one has no inverse (RFC 8017 section 3.1).
  if (publicExponent < 3n || publicExponent % 2n === 0n)
    return ['an RSA key whose public exponent is even or below 3', 'an odd one, usually 65537'];
  if (hasRocaModulus(key))
    return ['an RSA key whose factors can be found (ROCA, CVE-2017-15361)', 'a new key'];
  // RFC 7518 section 3.5: the same hash for message and mask, and a salt of its length.
  const hashBytes = Number(hash.slice('sha'.length)) / 8;
  const hasOtherParameters =
    (pss.hashAlgorithm ?? hash) !== hash ||
    (pss.mgf1HashAlgorithm ?? hash) !== hash ||
    (pss.saltLength ?? 0) > hashBytes;
  return hasOtherParameters
    ? ['an RSA-PSS key bound to other parameters', `${hash} and its salt`]
    : undefined;
}

/** The kinds of key in words; for some, why no algorithm uses them. */
const NAMES: Readonly<Record<string, string>> = {
  rsa: 'an RSA key',
  'rsa-pss': 'an RSA-PSS key',
  ec: 'an EC key',
  dsa: 'a DSA key, which no algorithm of JWTs uses (RFC 7518 section 3.1)',
  dh: 'a Diffie-Hellman key, which is for key agreement and not for signatures',
  x25519: 'an X25519 key, which is for key agreement and not for signatures',
  x448: 'an X448 key, which is for key agreement and not for signatures',
  ed25519: 'an Ed25519 key',
  ed448: 'an Ed448 key, which is not supported',
};

function nameOf(key: KeyObject): string {
  return NAMES[key.asymmetricKeyType ?? ''] ?? 'a key of unknown kind';
}

/**
 * The flawed generator reduced powers of 65537 by the product of these primes, so the remainder of its modulus by each
 * prime is one of the powers.
 */
const REMAINDERS = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
  103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
].map((prime) => [BigInt(prime), powersModulo(prime)] as const);

/**
 * Whether an RSA modulus comes from the generator of certain smart cards and security chips, whose factors can be found
 * (Nemec and others, "The Return of Coppersmith's Attack", 2017, section 2.2). One sound modulus in two hundred million
 * has all these remainders by chance.
 */
function hasRocaModulus(key: KeyObject): boolean {
  // Node exports no numbers of keys that are bound to PSS; those chips do not make such keys.
  if (key.asymmetricKeyType !== 'rsa') return false;
  const bytes = bytesOfMember(key.export({ format: 'jwk' }), 'n');
  const modulus = BigInt(`0x${bytes.toString('hex')}`);
  return REMAINDERS.every(([prime, powers]) => powers.has(modulus % prime));
}

function powersModulo(prime: number): ReadonlySet<bigint> {
  const powers = new Set<bigint>();
  for (let power = 1; !powers.has(BigInt(power)); power = (power * 65537) % prime)
    powers.add(BigInt(power));
  return powers;
}

/**
 * The points of Ed25519 that eight additions bring back to zero: their y, without the sign of their x. The last two are
 * 0 and 1 again, written as p and p + 1.
 */
const SMALL_ORDER_POINTS: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/**
 * Whether an Ed25519 key is a point of small order. It belongs to no private key: a signature of zeros fits at least one
 * message in eight, and RFC 8032 section 5.1.7 does not require verifiers to check for it.
 */
function hasSmallOrder(key: KeyObject): boolean {
  const point = bytesOfMember(key.export({ format: 'jwk' }), 'x');
  point.writeUInt8(point.readUInt8(31) & 0x7f, 31);
  return SMALL_ORDER_POINTS.has(point.toString('hex'));
}
