import type { KeyObject } from 'node:crypto';
import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { Algorithm } from '../../options/key-ring-options.js';
import {
  traitsOf,
  type AlgorithmTraits,
  type EcAlgorithm,
  type RsaAlgorithm,
} from './algorithms.js';
import { hasRocaModulus } from './roca.js';
import { hasSmallOrder } from './small-order.js';

/**
 * Holds half of a key pair to what each algorithm demands, for verifying as for signing: a pair
 * that can be broken lets anybody sign.
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
    case 'EC':
      return findEcWeakness(key, traits);
    case 'EdDSA':
      return findEdwardsWeakness(key);
  }
}

function findRsaWeakness(
  key: KeyObject,
  { padding, hash, minimumBits }: RsaAlgorithm,
): Weakness | undefined {
  const { modulusLength = 0, publicExponent = 0n, ...pss } = key.asymmetricKeyDetails ?? {};
  const isPssOnly = key.asymmetricKeyType === 'rsa-pss';
  if (key.asymmetricKeyType !== 'rsa' && !isPssOnly) return [nameOf(key), 'an RSA key'];
  if (isPssOnly && padding !== 'PSS') return [nameOf(key), 'an RSA key that is not bound to PSS'];
  if (modulusLength < minimumBits)
    return [`an RSA key of ${modulusLength} bits`, `at least ${minimumBits}`];
  // With an exponent of 1 every signature is its own message; an even one has no inverse (RFC 8017
  // section 3.1).
  if (publicExponent < 3n || publicExponent % 2n === 0n) {
    return ['an RSA key whose public exponent is even or below 3', 'an odd one, as a rule 65537'];
  }
  if (hasRocaModulus(key))
    return ['an RSA key whose factors can be found (ROCA, CVE-2017-15361)', 'another one'];
  // RFC 7518 section 3.5: one hash for message and mask, and a salt as long as it.
  const hashBytes = Number(hash.slice('sha'.length)) / 8;
  const isBoundElsewhere =
    (pss.hashAlgorithm ?? hash) !== hash ||
    (pss.mgf1HashAlgorithm ?? hash) !== hash ||
    (pss.saltLength ?? 0) > hashBytes;
  return isBoundElsewhere
    ? ['an RSA-PSS key bound to other parameters', `${hash} and its salt`]
    : undefined;
}

function findEcWeakness(key: KeyObject, { curve }: EcAlgorithm): Weakness | undefined {
  if (key.asymmetricKeyType !== 'ec') return [nameOf(key), `an EC key on ${curve}`];
  const { namedCurve = 'a curve without a name' } = key.asymmetricKeyDetails ?? {};
  return namedCurve === curve ? undefined : [`an EC key on ${namedCurve}`, `one on ${curve}`];
}

/** RFC 8037 knows Ed448 too, which hardly any library does. */
function findEdwardsWeakness(key: KeyObject): Weakness | undefined {
  if (key.asymmetricKeyType !== 'ed25519') return [nameOf(key), 'an Ed25519 key'];
  return hasSmallOrder(key)
    ? ['an Ed25519 key of small order, under which anybody can sign', 'a generated one']
    : undefined;
}

/** The kinds of key in words, with the reason why some serve no algorithm. */
const NAMES: Readonly<Record<string, string>> = {
  rsa: 'an RSA key',
  'rsa-pss': 'an RSA-PSS key',
  ec: 'an EC key',
  dsa: 'a DSA key, which signs no tokens at all (RFC 7518 section 3.1)',
  dh: 'a Diffie-Hellman key, which agrees on secrets and signs nothing',
  x25519: 'an X25519 key, which agrees on secrets and signs nothing',
  x448: 'an X448 key, which agrees on secrets and signs nothing',
  ed25519: 'an Ed25519 key',
  ed448: 'an Ed448 key, for which no algorithm is supported',
};

function nameOf(key: KeyObject): string {
  return NAMES[key.asymmetricKeyType ?? ''] ?? 'a key of unknown kind';
}
