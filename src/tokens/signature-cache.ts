import type { KeyObject } from 'node:crypto';
import { BoundedCache } from '../common/bounded-cache.js';
import type { TokenHeader } from '../contracts/token.js';
import type { ParsedToken } from './compact-jws.js';

/** A token whose signature one key has verified. */
interface SeenToken {
  readonly key: KeyObject;
  readonly header: TokenHeader;
  readonly payload: string;
}

/**
 * Remembers which key verified which token: if a client sends the same token a thousand times, its signature is
 * verified once. Time, claims and revocation are checked for every request. The claims are parsed anew each time, so no
 * request sees what another one did to its claims.
 */
export class SignatureCache {
  readonly #tokens = new BoundedCache<SeenToken>({
    entriesPerGeneration: 1_000,
    charactersPerGeneration: 4_000_000,
  });

  /** The parsed token, and the key that verified it. */
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
