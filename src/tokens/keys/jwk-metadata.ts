import type { JsonWebKey } from 'node:crypto';
import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { Algorithm } from '../../options/key-ring-options.js';

/** What a key is to do. */
export type KeyUse = 'sign' | 'verify';

/**
 * Holds a JWK to what it says of itself (RFC 7517 sections 4.2 to 4.4): a key made for encryption,
 * for other operations or for another algorithm is no key for these tokens.
 */
export function requireJwkFits(
  jwk: JsonWebKey,
  uses: readonly KeyUse[],
  algorithms: readonly Algorithm[],
  where: string,
): void {
  const { use, key_ops: operations, alg } = jwk;
  if (use !== undefined && use !== 'sig') {
    throw new JwtExtendedConfigError(
      `${where} is a JWK whose "use" is not "sig": it is no key for signatures`,
    );
  }
  if (operations !== undefined && !allows(operations, uses)) {
    throw new JwtExtendedConfigError(
      `${where} is a JWK whose "key_ops" do not allow to ${uses.join(' and ')}`,
    );
  }
  if (alg !== undefined && !algorithms.some((algorithm) => algorithm === alg)) {
    throw new JwtExtendedConfigError(
      `${where} is a JWK whose "alg" is not ${algorithms.join(' or ')}`,
    );
  }
}

function allows(operations: unknown, uses: readonly KeyUse[]): boolean {
  return Array.isArray(operations) && uses.every((use) => operations.includes(use));
}
