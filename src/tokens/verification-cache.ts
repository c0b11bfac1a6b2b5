import type { KeyObject } from 'node:crypto';
import { BoundedCache } from '../common/bounded-cache.js';
import type { RingContents } from '../keys/key-ring.js';
import type { VerificationKey } from '../keys/ring-key.js';
import type { ParsedToken } from './compact-jws.js';
import { isExpired, isFresh, startOf } from './registered-claims.js';
import type { VerifiedToken } from './verified-token.js';

/** How many characters of a token are its key in the cache: those of its signature, which differ from token to token. */
const KEY_LENGTH = 12;

/** A token that passed all checks of the reader, and what its answer depends on. */
export class SeenToken {
  readonly #key: KeyObject;
  readonly #retiresAt: number;
  readonly #startsAt: number;

  /**
   * @param ring - the keys of the module, which must be the same ones when the token comes again
   * @param isKeyAsked - whether a loader or another issuer gave the key, and must be asked for it again
   */
  constructor(
    readonly parsed: ParsedToken,
    readonly token: VerifiedToken,
    { key, retiresAt }: VerificationKey,
    private readonly ring: RingContents,
    readonly isKeyAsked: boolean,
  ) {
    this.#key = key;
    this.#retiresAt = retiresAt?.getTime() ?? Infinity;
    this.#startsAt = startOf(parsed.claims);
  }

  /** Whether the checks of the reader would come to the same token again, that of the key aside if it is asked for. */
  holds(ring: RingContents, moment: Date, leeway: number): boolean {
    const milliseconds = moment.getTime();
    const now = milliseconds / 1000;
    const { claims } = this.parsed;
    return (
      this.ring === ring &&
      milliseconds < this.#retiresAt &&
      this.#startsAt <= now + leeway &&
      !isExpired(claims, leeway, now) &&
      (typeof claims.fresh !== 'number' || isFresh(claims, now) === this.token.fresh)
    );
  }

  wasVerifiedBy({ key, namespace }: VerificationKey): boolean {
    return key === this.#key && namespace === this.token.namespace;
  }
}

/**
 * Remembers verified access tokens: if a client sends the same token a thousand times, it is parsed and verified once.
 * What fails is not remembered, so that a flood of bad tokens changes nothing here.
 */
export class VerificationCache {
  readonly #tokens = new BoundedCache<SeenToken>(
    { entriesPerGeneration: 4_000, charactersPerGeneration: 4_000_000 },
    (_key, { parsed }) => parsed.encoded.length,
  );

  /** Finds a token by its last characters, and compares the whole text. */
  find(encoded: unknown): SeenToken | undefined {
    if (typeof encoded !== 'string') return undefined;
    const seen = this.#tokens.get(encoded.slice(-KEY_LENGTH));
    return seen?.parsed.encoded === encoded ? seen : undefined;
  }

  remember(seen: SeenToken): void {
    this.#tokens.set(seen.parsed.encoded.slice(-KEY_LENGTH), seen);
  }
}
