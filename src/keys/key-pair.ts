import { constants, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, JsonWebKey } from '../options/key-options.js';
import { traitsOf } from './algorithms.js';
import { bytesOfMember, type KeyUse, requireJwkFits, requireWellFormed } from './jwk.js';
import { requireStrongPair } from './key-pair-strength.js';
import { type PassphraseOption, refuseNeedless, decrypt } from './key-source.js';
import { type FoundKey, isLocked, readKey } from './read-key.js';
import { keyMistake } from './recognize-key.js';

const MESSAGE = Buffer.from('nestjs-jwt-extended');

/**
 * Whether what the one half signs, the other verifies: tried with a real signature, for members can
 * lie.
 */
export function isKeyPair(
  privateKey: KeyObject,
  publicKey: KeyObject,
  algorithm: Algorithm,
): boolean {
  const { hash } = traitsOf(algorithm);
  const parameters = signatureParameters(algorithm);
  try {
    const signature = sign(hash, MESSAGE, { key: privateKey, ...parameters });
    return verify(hash, MESSAGE, { key: publicKey, ...parameters }, signature);
  } catch {
    return false; // OpenSSL throws for a private key whose numbers do not belong together.
  }
}

function signatureParameters(algorithm: Algorithm): object {
  const traits = traitsOf(algorithm);
  if (traits.family !== 'RSA' || traits.padding !== 'PSS') return {};
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}

/**
 * Holds a private key to the public half in it, so that no token is signed that nobody can verify.
 *
 * @param jwk - where the key was one
 */
function requireOwnHalf(
  key: KeyObject,
  jwk: JsonWebKey | undefined,
  algorithms: readonly Algorithm[],
  where: string,
): void {
  const publicKey = createPublicKey(key);
  const isWhole = algorithms.every((algorithm) => isKeyPair(key, publicKey, algorithm));
  if (isWhole && statesOwnPoint(jwk, publicKey)) return;
  throw new JwtExtendedConfigError(
    `${where} is damaged, its halves are no pair: what the one signs, the other does not verify`,
  );
}

/**
 * Of a private OKP JWK, Node reads `d` alone and passes over an `x` of another pair, which is what
 * verifiers would be given (RFC 8037 section 2).
 */
function statesOwnPoint(jwk: JsonWebKey | undefined, publicKey: KeyObject): boolean {
  if (jwk?.kty !== 'OKP') return true;
  const own = publicKey.export({ format: 'jwk' });
  return bytesOfMember(jwk, 'x').equals(bytesOfMember(own, 'x'));
}

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
  const opened = isLocked(found) ? { key: decrypt(found, where, passphrase) } : found;
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
