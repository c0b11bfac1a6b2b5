import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../../options/token-options.js';
import { requireJwkFits, type KeyUse } from './jwk-metadata.js';
import { keyMistake } from './key-mistake.js';
import { requireStrongPair } from './pair-strength.js';
import { readKey } from './read-key.js';

const FORMS = 'as PEM, DER bytes, a JWK or a KeyObject';

/**
 * The signing half of a key pair, strong enough and of the kind that each of the algorithms
 * demands.
 *
 * @throws {JwtExtendedConfigError} what is no private key, or not one for these algorithms.
 */
export function importPrivateKey(
  input: unknown,
  algorithms: readonly Algorithm[],
  where: string,
): KeyObject {
  return importHalf(input, 'sign', algorithms, where);
}

/**
 * The verifying half of a key pair; an X.509 certificate stands for the key it certifies, whoever
 * signed it.
 *
 * @throws {JwtExtendedConfigError} what is no public key, not one for these algorithms, or a
 *   private key: where only the public half is needed, the private one has no business.
 */
export function importPublicKey(
  input: unknown,
  algorithms: readonly Algorithm[],
  where: string,
): KeyObject {
  return importHalf(input, 'verify', algorithms, where);
}

function importHalf(
  input: unknown,
  use: KeyUse,
  algorithms: readonly Algorithm[],
  where: string,
): KeyObject {
  const type = use === 'sign' ? 'private' : 'public';
  const found = readKey(input);
  if (found?.key.type !== type) throw keyMistake(where, input, expectedHalf(type, algorithms));
  if (found.jwk) requireJwkFits(found.jwk, [use], algorithms, where);
  requireStrongPair(found.key, algorithms, where);
  return found.key;
}

function expectedHalf(type: 'private' | 'public', algorithms: readonly Algorithm[]): string {
  const half = `the ${type} half of a key pair for ${algorithms.join(' or ')}, ${FORMS}`;
  return type === 'public' ? `${half}, or a certificate` : half;
}
