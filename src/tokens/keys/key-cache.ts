import { createHash, type KeyObject } from 'node:crypto';
import { types } from 'node:util';

/** Enough for thousands of tenants with a key pair each; some ten megabytes. */
const MAX_ENTRIES = 10_000;

/**
 * Remembers what was imported from what, so that a loader that gives the same PEM with every
 * request pays for its import once. The oldest goes first. Of the material itself only a digest is
 * kept.
 */
export class KeyCache {
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
