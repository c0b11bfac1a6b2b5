import type { KeyObject } from 'node:crypto';
import type { TokenHeader } from '../contracts/token.js';
import type { ParsedToken } from './compact-jws.js';

/** What one generation holds at most: tokens, and characters of their text. */
const MOST_TOKENS = 1_000;
const MOST_CHARACTERS = 4_000_000;

/** A token whose signature one key has verified. */
interface SeenToken {
  readonly key: KeyObject;
  readonly header: TokenHeader;
  readonly payload: string;
}

/**
 * Remembers which key verified which token, so that a client that shows the same token a thousand times costs one
 * signature. Nothing else is remembered: time, claims and revocation are looked at every time, and the payload is read
 * anew, so that no request sees what another has done to its claims.
 *
 * Of two generations the older one is dropped when the younger is full: what is in use stays.
 */
export class SignatureCache {
  #younger = new Map<string, SeenToken>();
  #older = new Map<string, SeenToken>();
  #characters = 0;

  /** The token as it was parsed, and the key that verified it then. */
  find(encoded: unknown): { readonly parsed: ParsedToken; readonly key: KeyObject } | undefined {
    if (typeof encoded !== 'string') return undefined;
    const seen = this.#younger.get(encoded) ?? this.#promote(encoded);
    if (!seen) return undefined;
    const { key, header, payload } = seen;
    const claims = JSON.parse(payload) as ParsedToken['claims'];
    return { parsed: { encoded, header, payload, claims }, key };
  }

  remember({ encoded, header, payload }: ParsedToken, key: KeyObject): void {
    this.#keep(encoded, { key, header, payload });
  }

  #promote(encoded: string): SeenToken | undefined {
    const seen = this.#older.get(encoded);
    if (seen) this.#keep(encoded, seen);
    return seen;
  }

  #keep(encoded: string, seen: SeenToken): void {
    const isFull = this.#younger.size >= MOST_TOKENS || this.#characters >= MOST_CHARACTERS;
    if (isFull) {
      this.#older = this.#younger;
      this.#younger = new Map();
      this.#characters = 0;
    }
    this.#younger.set(encoded, seen);
    this.#characters += encoded.length;
  }
}
