import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../../options/key-ring-options.js';
import { requireWellFormed } from './jwk-members.js';
import { requireJwkFits, type KeyUse } from './jwk-metadata.js';
import { keyMistake } from './key-mistake.js';
import { requireOwnHalf } from './own-half.js';
import { requireStrongPair } from './pair-strength.js';
import { refuseNeedless, unlock, type PassphraseOption } from './passphrase.js';
import { isLocked, readKey, type FoundKey } from './read-key.js';

const FORMS = 'as PEM, DER bytes, a JWK or a KeyObject';

/**
 * The signing half of a key pair, whole, strong enough and of the kind that each of the algorithms
 * demands.
 *
 * @param passphrase - the option beside the key; keys that loaders give have none
 * @throws {JwtExtendedConfigError} what is no private key, or not one for these algorithms, or
 *   encrypted with another passphrase.
 */
export function importPrivateKey(
  input: unknown,
  algorithms: readonly Algorithm[],
  where: string,
  passphrase?: PassphraseOption,
): KeyObject {
  const found = readKey(input);
  const opened = isLocked(found) ? { key: unlock(found, where, passphrase) } : found;
  const { key, jwk } = importHalf(opened, input, 'sign', algorithms, where);
  if (opened === found) refuseNeedless(passphrase, where);
  requireOwnHalf(key, jwk, algorithms, where);
  return key;
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
  const found = readKey(input);
  return importHalf(isLocked(found) ? undefined : found, input, 'verify', algorithms, where).key;
}

function importHalf(
  found: FoundKey | undefined,
  input: unknown,
  use: KeyUse,
  algorithms: readonly Algorithm[],
  where: string,
): FoundKey {
  const type = use === 'sign' ? 'private' : 'public';
  if (found?.key.type !== type) throw keyMistake(where, input, expectedHalf(type, algorithms));
  if (found.jwk) {
    requireWellFormed(found.jwk, where);
    requireJwkFits(found.jwk, [use], algorithms, where);
  }
  requireStrongPair(found.key, algorithms, where);
  return found;
}

function expectedHalf(type: 'private' | 'public', algorithms: readonly Algorithm[]): string {
  const half = `the ${type} half of a key pair for ${algorithms.join(' or ')}, ${FORMS}`;
  return type === 'public' ? `${half}, or a certificate` : half;
}
