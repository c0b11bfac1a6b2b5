import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { Algorithm } from '../../options/key-ring-options.js';
import { bytesOfMember } from './jwk-members.js';
import { halvesMatch } from './pair-match.js';

/**
 * Holds a private key to the public half in it, so that no token is signed that nobody can verify.
 *
 * @param jwk - where the key was one
 */
export function requireOwnHalf(
  key: KeyObject,
  jwk: JsonWebKey | undefined,
  algorithms: readonly Algorithm[],
  where: string,
): void {
  const publicKey = createPublicKey(key);
  const isWhole = algorithms.every((algorithm) => halvesMatch(key, publicKey, algorithm));
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
