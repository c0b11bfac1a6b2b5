import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../../options/key-ring-options.js';
import { traitsOf } from './algorithms.js';
import { importPrivateKey, importPublicKey } from './import-key-pair.js';
import { importSecret } from './import-secret.js';
import type { KeyUse } from './jwk-metadata.js';
import { KeyCache } from './key-cache.js';
import { logWarning, refuseWeakSecret } from './weak-secret.js';

/** Loaders may give a thousand weak secrets, one a tenant; one warning says it all. */
let hasWarned = false;

/**
 * The keys that loaders give: imported and checked just as configured ones are, and remembered. A
 * key that does not pass is a {@link JwtExtendedConfigError}, which the caller answers with 503;
 * the configured key never stands in.
 */
export class LoadedKeys {
  readonly #cache = new KeyCache();
  readonly #allowWeakSecret: boolean;

  constructor({ allowWeakSecret = false }: { allowWeakSecret?: boolean | undefined } = {}) {
    this.#allowWeakSecret = allowWeakSecret;
  }

  /** The key that signs with the algorithm: what `loaders.encodeKey` gave, without the `kid`. */
  signing(input: unknown, algorithm: Algorithm): KeyObject {
    return this.#recall(input, 'sign', [algorithm], 'loaders.encodeKey');
  }

  /** The key that verifies under any of the algorithms: what `loaders.decodeKey` gave. */
  verification(input: unknown, algorithms: readonly Algorithm[]): KeyObject {
    return this.#recall(input, 'verify', algorithms, 'loaders.decodeKey');
  }

  #recall(input: unknown, use: KeyUse, algorithms: readonly Algorithm[], where: string): KeyObject {
    return this.#cache.recall(input, `${use} ${algorithms.join()}`, () => {
      if (algorithms.every((algorithm) => traitsOf(algorithm).family === 'HMAC')) {
        return this.#importSecret(input, use, algorithms, where);
      }
      return use === 'sign'
        ? importPrivateKey(input, algorithms, where)
        : importPublicKey(input, algorithms, where);
    });
  }

  #importSecret(
    input: unknown,
    use: KeyUse,
    algorithms: readonly Algorithm[],
    where: string,
  ): KeyObject {
    const secret = importSecret(input, algorithms, where, [use]);
    if (!this.#allowWeakSecret) refuseWeakSecret(secret, algorithms, where, warnOnce);
    return secret;
  }
}

function warnOnce(message: string): void {
  if (!hasWarned) logWarning(message);
  hasWarned = true;
}
