import { constants, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, JsonWebKey } from '../options/key-options.js';
import { traitsOf } from './algorithms.js';
import { bytesOfMember, type KeyUse, requireJwkFits, requireWellFormed } from './jwk.js';
import { requireStrongPair } from './key-pair-strength.js';
import { decryptKey, type PassphraseOption, refuseUnusedPassphrase } from './key-source.js';
import { type FoundKey, isEncrypted, readKey } from './read-key.js';
import { unexpectedKey } from './recognize-key.js';

/**
 * A private key: consistent, strong enough, and of the kind that each of the algorithms needs.
 *
 * @throws {JwtExtendedConfigError} for any other input, and if the passphrase does not fit.
 */
export function importPrivateKey(
  input: unknown,
  algorithms: readonly Algorithm[],
  where: string,
  passphrase?: PassphraseOption,
): KeyObject {
  const found = readKey(input);
  const decrypted = isEncrypted(found) ? { key: decryptKey(found, where, passphrase) } : found;
  const { key, jwk } = checkKey(decrypted, input, 'sign', algorithms, where);
  if (decrypted === found) refuseUnusedPassphrase(passphrase, where);
  const publicKey = createPublicKey(key);
  const isConsistent = algorithms.every((algorithm) => isKeyPair(key, publicKey, algorithm));
  if (isConsistent && statesOwnPoint(jwk, publicKey)) return key;
  throw new JwtExtendedConfigError(
    `${where} is damaged: its public part does not verify what its private part signs`,
  );
}

/**
 * A public key; an X.509 certificate counts as the key in it, whatever its signature. A private key is refused, because
 * a service that only verifies must not hold one.
 */
export function importPublicKey(
  input: unknown,
  algorithms: readonly Algorithm[],
  where: string,
): KeyObject {
  const found = readKey(input);
  return checkKey(isEncrypted(found) ? undefined : found, input, 'verify', algorithms, where).key;
}

function checkKey(
  found: FoundKey | undefined,
  input: unknown,
  use: KeyUse,
  algorithms: readonly Algorithm[],
  where: string,
): FoundKey {
  const type = use === 'sign' ? 'private' : 'public';
  if (found?.key.type !== type) {
    const certificate = type === 'public' ? ', or a certificate' : '';
    const expected = `a ${type} key for ${algorithms.join(' or ')}, as PEM, DER bytes, a JWK or a KeyObject${certificate}`;
    throw unexpectedKey(where, input, expected);
  }
  if (found.jwk) {
    requireWellFormed(found.jwk, where);
    requireJwkFits(found.jwk, [use], algorithms, where);
  }
  requireStrongPair(found.key, algorithms, where);
  return found;
}

/**
 * Node reads only `d` of a private OKP JWK and ignores an `x` of another pair, which is what verifiers would get (RFC
 * 8037 section 2).
 */
function statesOwnPoint(jwk: JsonWebKey | undefined, publicKey: KeyObject): boolean {
  if (jwk?.kty !== 'OKP') return true;
  const own = publicKey.export({ format: 'jwk' });
  return bytesOfMember(jwk, 'x').equals(bytesOfMember(own, 'x'));
}

const MESSAGE = Buffer.from('nestjs-jwt-extended');
const PSS = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
};

/** Whether the public key verifies what the private key signs; a real signature shows it. */
export function isKeyPair(
  privateKey: KeyObject,
  publicKey: KeyObject,
  algorithm: Algorithm,
): boolean {
  const traits = traitsOf(algorithm);
  const parameters = traits.family === 'RSA' && traits.padding === 'PSS' ? PSS : {};
  try {
    const signature = sign(traits.hash, MESSAGE, { key: privateKey, ...parameters });
    return verify(traits.hash, MESSAGE, { key: publicKey, ...parameters }, signature);
  } catch {
    return false; // OpenSSL throws for a private key whose numbers do not belong together.
  }
}
