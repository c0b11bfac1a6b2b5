import { createHash, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { BoundedCache } from '../common/bounded-cache.js';
import type { Algorithm } from '../options/key-options.js';
import { traitsOf } from './algorithms.js';
import type { KeyUse } from './jwk.js';
import { importPrivateKey, importPublicKey } from './key-pair.js';
import { importSecret, logWarning, refuseWeakSecret, warnAboutStrayCharacters } from './secret.js';

/** Loaders may return a thousand secrets, one for each tenant; one warning of a kind is enough. */
const warned = new Set<'weak' | 'stray'>();

/**
 * The keys that loaders return: imported and checked as configured keys are, and cached, so that a loader that returns
 * the same PEM for every request pays for its import once. A key that does not pass is a {@link JwtExtendedConfigError}.
 */
export class LoadedKeys {
  /** By a digest of the key material; about 10 MB for thousands of tenants with a key pair each. */
  readonly #imported = new BoundedCache<KeyObject>({ entriesPerGeneration: 10_000 });
  /** A `KeyObject` needs no import, only a check for each purpose; this remembers the passed ones. */
  readonly #checked = new WeakMap<KeyObject, Set<string>>();
  readonly #allowWeakSecret: boolean;

  constructor({ allowWeakSecret = false }: { allowWeakSecret?: boolean | undefined } = {}) {
    this.#allowWeakSecret = allowWeakSecret;
  }

  /** The key that signs with the algorithm: what `loaders.encodeKey` returned, without the `kid`. */
  signing(input: unknown, algorithm: Algorithm): KeyObject {
    return this.#load(input, 'sign', [algorithm], 'loaders.encodeKey');
  }

  /** The key that verifies under any of the algorithms: what `loaders.decodeKey` returned. */
  verification(input: unknown, algorithms: readonly Algorithm[]): KeyObject {
    return this.#load(input, 'verify', algorithms, 'loaders.decodeKey');
  }

  #load(input: unknown, use: KeyUse, algorithms: readonly Algorithm[], where: string): KeyObject {
    const purpose = `${use} ${algorithms.join()}`;
    if (types.isKeyObject(input)) {
      const purposes = this.#checked.get(input) ?? new Set();
      if (!purposes.has(purpose)) {
        this.#import(input, use, algorithms, where);
        this.#checked.set(input, purposes.add(purpose));
      }
      return input;
    }
    const digest = digestOf(input, purpose);
    const known = digest === undefined ? undefined : this.#imported.get(digest);
    if (known) return known;
    const key = this.#import(input, use, algorithms, where);
    if (digest !== undefined) this.#imported.set(digest, key);
    return key;
  }

  #import(input: unknown, use: KeyUse, algorithms: readonly Algorithm[], where: string): KeyObject {
    if (algorithms.every((algorithm) => traitsOf(algorithm).family === 'HMAC')) {
      const secret = importSecret(input, algorithms, where, [use]);
      warnAboutStrayCharacters(input, where, warnOnce('stray'));
      if (!this.#allowWeakSecret) refuseWeakSecret(secret, algorithms, where, warnOnce('weak'));
      return secret;
    }
    return use === 'sign'
      ? importPrivateKey(input, algorithms, where)
      : importPublicKey(input, algorithms, where);
  }
}

function warnOnce(kind: 'weak' | 'stray'): (message: string) => void {
  return (message) => {
    if (!warned.has(kind)) logWarning(message);
    warned.add(kind);
  };
}

/**
 * Identifies key material without keeping it. The kind is part of the digest, because text differs from the object that
 * it spells. A JWK counts by its members, because its owner may change them.
 */
function digestOf(material: unknown, purpose: string): string | undefined {
  if (typeof material === 'string') return digest('text', purpose, material);
  if (types.isUint8Array(material)) return digest('bytes', purpose, material);
  if (typeof material !== 'object' || material === null) return undefined;
  try {
    return digest('jwk', purpose, JSON.stringify(material));
  } catch {
    return undefined; // A circular object or a bigint is no JWK, and the importer refuses it.
  }
}

function digest(kind: string, purpose: string, material: string | Uint8Array): string {
  return createHash('sha256').update(`${kind} ${purpose}\n`).update(material).digest('base64');
}
