import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { Algorithm } from '../options/key-options.js';
import { traitsOf } from '../keys/algorithms.js';

/** A secret, or both halves of a pair. */
export type MadeKey =
  | { readonly secret: KeyObject }
  | { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

/** NIST SP 800-57 part 1: good beyond 2030. */
const RSA_BITS = 3072;

/** A new key that is as strong as its algorithm. */
export function makeKey(algorithm: Algorithm): MadeKey {
  const traits = traitsOf(algorithm);
  switch (traits.family) {
    case 'HMAC':
      return { secret: createSecretKey(randomBytes(traits.minimumBytes)) };
    case 'RSA':
      return generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
    case 'EC':
      return generateKeyPairSync('ec', { namedCurve: traits.curve });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
  }
}
