import type { KeyObject } from 'node:crypto';
import type { TokenHeader } from '../contracts/token.js';
import type { Algorithm } from '../options/key-options.js';
import { loadJose } from '../keys/remote-jwks.js';

/** EdDSA (RFC 8037 section 3.1), which the library under `JwtService` does not have. */
export async function signEdDsa(
  claims: object,
  header: TokenHeader,
  key: KeyObject,
): Promise<string> {
  const { CompactSign } = await loadJose();
  return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).sign(key);
}

/** @throws Error - when the signature is not the key's */
export async function verifyEdDsa(
  encoded: string,
  { key, algorithms }: { readonly key: KeyObject; readonly algorithms: readonly Algorithm[] },
): Promise<void> {
  const { compactVerify } = await loadJose();
  await compactVerify(encoded, key, { algorithms: [...algorithms] });
}
