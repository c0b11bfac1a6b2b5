import { createHash, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import type { Algorithm } from '../options/key-options.js';
import { traitsOf } from './algorithms.js';
import type { KeyUse } from './jwk.js';
import { importPrivateKey, importPublicKey } from './key-pair.js';
import { importSecret, logWarning, refuseWeakSecret } from './secret.js';

/** Enough for thousands of tenants with a key pair each; some ten megabytes. */
const MAX_ENTRIES = 10_000;

/**
 * Remembers what was imported from what, so that a loader that gives the same PEM with every
 * request pays for its import once. The oldest goes first. Of the material itself only a digest is
 * kept.
 */
class KeyCache {
  readonly #byName = new Map<string, KeyObject>();
  /** Of a `KeyObject` there is nothing to import; what is remembered is that it passed. */
  readonly #passed = new WeakMap<KeyObject, Set<string>>();

  /** The key that `load` makes of the material for a purpose; what it throws is not remembered. */
  recall(material: unknown, purpose: string, load: () => KeyObject): KeyObject {
    if (types.isKeyObject(material)) return this.#recallObject(material, purpose, load);
    const name = nameOf(material, purpose);
    return name === undefined ? load() : this.#recallName(name, load);
  }

  #recallObject(key: KeyObject, purpose: string, load: () => KeyObject): KeyObject {
    const purposes = this.#passed.get(key) ?? new Set();
    if (purposes.has(purpose)) return key;
    const loaded = load();
    this.#passed.set(key, purposes.add(purpose));
    return loaded;
  }

  #recallName(name: string, load: () => KeyObject): KeyObject {
    const known = this.#byName.get(name);
    if (known) return known;
    const loaded = load();
    const [oldest] = this.#byName.keys();
    if (oldest !== undefined && this.#byName.size >= MAX_ENTRIES) this.#byName.delete(oldest);
    this.#byName.set(name, loaded);
    return loaded;
  }
}

/**
 * A digest of the material, its kind and purpose: text is another thing than the object it spells. A
 * JWK counts by its members, since its owner may change them.
 */
function nameOf(material: unknown, purpose: string): string | undefined {
  if (typeof material === 'string') return digest('text', purpose, material);
  if (types.isUint8Array(material)) return digest('bytes', purpose, material);
  if (typeof material !== 'object' || material === null) return undefined;
  try {
    return digest('jwk', purpose, JSON.stringify(material));
  } catch {
    return undefined; // A circle, a bigint: no JWK, as the importer will say.
  }
}

function digest(kind: string, purpose: string, bytes: string | Uint8Array): string {
  return createHash('sha256').update(`${kind} ${purpose}\n`).update(bytes).digest('base64');
}

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
