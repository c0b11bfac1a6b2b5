import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, KeyOptions, KeyRingOptions } from '../options/key-options.js';
import { jwksAddress, RemoteKeys } from './remote-jwks.js';
import { importRing, type RingKey } from './ring-key.js';

/** A verifying key as others may have it (RFC 7517 section 4): nothing but its public members. */
export type PublicJwk = Readonly<Record<string, string>>;

/** The members of each kind of key that may be told (RFC 7518 section 6, RFC 8037 section 2). */
const PUBLIC_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
};

/** `undefined` for a secret, and for an RSA-PSS key, which JWK has no form for. */
export function publicJwk({ verificationKey, kid, algorithm }: RingKey): PublicJwk | undefined {
  if (verificationKey?.type !== 'public' || verificationKey.asymmetricKeyType === 'rsa-pss') {
    return undefined;
  }
  const jwk = verificationKey.export({ format: 'jwk' });
  const { kty = '' } = jwk;
  const members = (PUBLIC_MEMBERS[kty] ?? []).map((name) => [name, jwk[name]]);
  return {
    kty,
    ...(Object.fromEntries(members) as Record<string, string>),
    use: 'sig',
    alg: algorithm,
    ...(kid !== undefined && { kid }),
  };
}

/** The keys of a module at one time: replaced as a whole, never changed. */
export class RingContents {
  /** What a token may be signed with at all: the union over the keys. */
  readonly algorithms: readonly Algorithm[];
  readonly #byId: ReadonlyMap<string, RingKey>;

  constructor(
    /** The key that signs. */
    readonly current: RingKey | undefined,
    readonly others: readonly RingKey[] = [],
    readonly remote?: RemoteKeys,
  ) {
    const keys = current ? [current, ...others] : others;
    const algorithms = [...keys.flatMap((key) => key.algorithms), ...(remote?.algorithms ?? [])];
    this.algorithms = Object.freeze([...new Set(algorithms)]);
    // A Map, in which __proto__ is a name like any other.
    this.#byId = new Map(keys.flatMap((key) => (key.kid === undefined ? [] : [[key.kid, key]])));
  }

  /** Keys that are not retired, the current one first. */
  live(now: Date): readonly RingKey[] {
    const keys = this.current ? [this.current, ...this.others] : this.others;
    return keys.filter((key) => !key.isRetired(now));
  }

  /**
   * The key that a token was signed with, if it says so: a token without a key id is tried with the current key and no
   * other; and where there is but one key without an id, ids of others mean nothing.
   */
  find(kid: string | undefined, now: Date): RingKey | undefined {
    if (kid === undefined || (this.current && this.current.kid === undefined)) return this.current;
    const key = this.#byId.get(kid);
    return key?.isRetired(now) ? undefined : key;
  }

  /** Whether the id stands in this ring, be the key retired or not. */
  has(kid: string): boolean {
    return this.#byId.has(kid);
  }

  /**
   * These keys, and of the former ring those that have signed and may still be needed.
   *
   * @param retireAt - when the last token of the key that signed until now will have expired
   * @throws {JwtExtendedConfigError} when a key id would change its key: tokens of the one would be tried with the other
   */
  succeeding(former: RingContents, retireAt: Date | undefined, now: Date): RingContents {
    for (const key of former.others.concat(former.current ?? [])) {
      const successor = this.#byId.get(key.kid ?? '');
      if (successor && !isSameKey(successor, key)) {
        throw new JwtExtendedConfigError(
          `keys gives the kid '${key.kid}' to another key: use a new kid`,
        );
      }
    }
    const retained = [
      ...(former.current ? [former.current.former(retireAt)] : []),
      ...former.others.filter((key) => key.isFormer),
    ].filter((key) => key.kid !== undefined && !this.has(key.kid) && !key.isRetired(now));
    return new RingContents(this.current, [...this.others, ...retained], this.remote);
  }
}

function isSameKey(one: RingKey, other: RingKey): boolean {
  const [key, otherKey] = [one.verificationKey, other.verificationKey];
  const isSame = key !== undefined && otherKey !== undefined && key.equals(otherKey);
  return isSame && one.algorithm === other.algorithm;
}

/** What a ring needs to know besides its keys. */
export interface RingRules extends Pick<KeyOptions, 'allowWeakSecret'> {
  /** What tokens of `jwksUri` may be signed with; the current key's algorithm unless the options say so. */
  readonly remoteAlgorithms?: readonly Algorithm[] | undefined;
  /** Seconds that a token can be of use, leeway included; `undefined`: for ever. */
  readonly maxTokenLifetime: number | undefined;
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
    const { maxTokenLifetime, clock } = this.#rules;
    const now = clock();
    const endOfLife =
      maxTokenLifetime === undefined
        ? undefined
        : new Date(now.getTime() + maxTokenLifetime * 1000);
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
