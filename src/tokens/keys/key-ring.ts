import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { Algorithm, KeyOptions, KeyRingOptions } from '../../options/key-ring-options.js';

import { loadJose } from '../jose.js';
import { importRing } from './import-ring.js';
import { publicJwk, type PublicJwk } from './public-jwk.js';
import { jwksAddress } from './remote-jwks.js';
import { RemoteKeys } from './remote-keys.js';
import { RingContents } from './ring-contents.js';

/** What a ring needs to know besides its keys. */
export interface RingRules extends Pick<KeyOptions, 'allowWeakSecret'> {
  /** What tokens of `jwksUri` may be signed with; the current key's algorithm unless the options say so. */
  readonly remoteAlgorithms?: readonly Algorithm[] | undefined;
  /** Seconds that a token can be of use, leeway included; `undefined`: for ever. */
  readonly longestLife: number | undefined;
  readonly clock: () => Date;
}

/**
 * The keys of a module, which can be changed while it runs without logging anybody out.
 *
 * @example
 * ```ts
 * constructor(private readonly ring: KeyRing) {}
 *
 * async takeUpKey(kid: string, privateKey: string) {
 *   await this.ring.rotate({ current: { kid, algorithm: 'ES256', privateKey } });
 * }
 * ```
 */
export class KeyRing {
  #contents: RingContents;
  readonly #rules: RingRules;

  /** @internal */
  constructor(contents: RingContents, rules: RingRules) {
    this.#contents = contents;
    this.#rules = rules;
  }

  /** @internal */
  static async from(given: KeyRingOptions, rules: RingRules): Promise<KeyRing> {
    return new KeyRing(await openRing(given, rules), rules);
  }

  /** @internal */
  get contents(): RingContents {
    return this.#contents;
  }

  /**
   * Takes up a new ring, whole or not at all. The key that signed until now goes on verifying for the longest of the
   * configured lifetimes, unless the new ring lists it with a `retireAt` of its own; any other key that the new ring
   * leaves out is refused from now on.
   *
   * @param next - the keys, as in the option `keys`
   * @throws JwtExtendedConfigError - for a mistake in the keys; the ring stays what it was, then
   */
  async rotate(next: KeyRingOptions): Promise<void> {
    if (this.#contents.current && this.#contents.current.kid === undefined) {
      throw new JwtExtendedConfigError(
        'KeyRing.rotate needs keys with key ids: give the option keys in place of secret or privateKey',
      );
    }
    const opened = await openRing(next, this.#rules, this.#contents.remote);
    if (opened.algorithms.includes('EdDSA')) await loadJose();
    const { longestLife, clock } = this.#rules;
    const now = clock();
    const endOfLife =
      longestLife === undefined ? undefined : new Date(now.getTime() + longestLife * 1000);
    this.#contents = opened.succeeding(this.#contents, endOfLife, now);
  }

  /** The public halves of the keys that verify, announced ones included: a JWK Set (RFC 7517 section 5). */
  jwks(): { readonly keys: readonly PublicJwk[] } {
    const keys = this.#contents.live(this.#rules.clock()).map(publicJwk);
    return { keys: keys.filter((key) => key !== undefined) };
  }
}

async function openRing(
  given: KeyRingOptions,
  rules: RingRules,
  former?: RemoteKeys,
): Promise<RingContents> {
  const { current, others } = importRing(given, rules);
  if (given.jwksUri === undefined) return new RingContents(current, others);
  const address = jwksAddress(given.jwksUri);
  const algorithms = rules.remoteAlgorithms ?? current?.algorithms ?? [];
  if (algorithms.length === 0 || algorithms.some((name) => name.startsWith('HS'))) {
    throw new JwtExtendedConfigError(
      "keys.jwksUri needs decodeAlgorithms: what the other issuer signs with, such as ['RS256']",
    );
  }
  const isSame =
    former?.address.href === address.href && former.algorithms.join() === algorithms.join();
  return new RingContents(
    current,
    others,
    isSame ? former : await RemoteKeys.at(address, algorithms),
  );
}
