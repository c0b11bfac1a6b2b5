import { constants, sign, verify, type KeyObject } from 'node:crypto';
import type { Algorithm } from '../../options/key-ring-options.js';
import { traitsOf } from './algorithms.js';

const MESSAGE = Buffer.from('nestjs-jwt-extended');

/**
 * Whether what the one half signs, the other verifies: tried with a real signature, for members can
 * lie.
 */
export function halvesMatch(
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
