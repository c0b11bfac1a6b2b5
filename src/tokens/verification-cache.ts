import type { KeyObject } from 'node:crypto';
import { BoundedCache } from '../common/bounded-cache.js';
import type { ParsedToken } from './compact-jws.js';

/**
 * Remembers which key verified which token: if a client sends the same token a thousand times, its signature is
 * verified once. The claims are parsed and checked anew each time, so no request sees what another one did to them.
 */
export class SignatureCache {
  readonly #tokens = new BoundedCache<
    Pick<ParsedToken, 'header' | 'payload'> & { readonly key: KeyObject }
  >({ entriesPerGeneration: 1_000, charactersPerGeneration: 4_000_000 });

  find(encoded: unknown): { readonly parsed: ParsedToken; readonly key: KeyObject } | undefined {
    const seen = typeof encoded === 'string' ? this.#tokens.get(encoded) : undefined;
    if (!seen) return undefined;
    const { key, header, payload } = seen;
    const claims = JSON.parse(payload) as ParsedToken['claims'];
    return { parsed: { encoded: encoded as string, header, payload, claims }, key };
  }

  remember({ encoded, header, payload }: ParsedToken, key: KeyObject): void {
    this.#tokens.set(encoded, { key, header, payload });
  }
}
