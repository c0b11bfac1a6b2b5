import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, KeyOptions, KeyRingOptions } from '../options/key-options.js';
import { importRing, type RingKey } from './ring-key.js';

export interface RingRules extends Pick<KeyOptions, 'allowWeakSecret'> {
  /** For how many seconds a token can be accepted, leeway included; `undefined`: for ever. */
  readonly maxTokenLifetime: number | undefined;
  readonly clock: () => Date;
}

/**
 * The keys of a module. They can be changed while it runs, and all users stay logged in.
 *
 * @example
 * ```ts
 * constructor(private readonly ring: KeyRing) {}
 *
 * async useNewKey(kid: string, privateKey: string) {
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
  static from(given: KeyRingOptions, rules: RingRules): KeyRing {
    return new KeyRing(openRing(given, rules), rules);
  }

  /** @internal */
  get contents(): RingContents {
    return this.#contents;
  }

  /**
   * Replaces the keys. The key that signed until now keeps verifying for the longest configured token lifetime, unless
   * the new ring lists it with its own `retireAt`. Any other key that the new ring leaves out is refused from now on.
   *
   * @param next - the keys, as in the option `keys`
   * @throws JwtExtendedConfigError - for a mistake in the keys; the ring then stays as it was
   */
  async rotate(next: KeyRingOptions): Promise<void> {
    if (this.#contents.current && this.#contents.current.kid === undefined)
      throw new JwtExtendedConfigError(
        'KeyRing.rotate needs keys with a kid: use the option keys instead of secret or privateKey',
      );
    const opened = openRing(next, this.#rules);
    const { maxTokenLifetime: seconds, clock } = this.#rules;
    const now = clock();
    const endOfLife = seconds === undefined ? undefined : new Date(now.getTime() + seconds * 1000);
    this.#contents = opened.retaining(this.#contents, endOfLife, now);
  }

  /** The public keys that verify, announced ones included, as a JWK Set (RFC 7517 section 5). */
  jwks(): { readonly keys: readonly PublicJwk[] } {
    const keys = this.#contents.live(this.#rules.clock()).map(publicJwk);
    return { keys: keys.filter((key) => key !== undefined) };
  }
}

function openRing(given: KeyRingOptions, rules: RingRules): RingContents {
  const { current, others } = importRing(given, rules);
  return new RingContents(current, others);
}

/** The keys of a module at one time; immutable. */
export class RingContents {
  readonly algorithms: readonly Algorithm[];
  readonly #keys: readonly RingKey[];
  readonly #byId: ReadonlyMap<string, RingKey>;

  constructor(
    readonly current: RingKey | undefined,
    readonly others: readonly RingKey[] = [],
  ) {
    const keys = current ? [current, ...others] : others;
    this.#keys = keys;
    this.algorithms = Object.freeze([...new Set(keys.flatMap((key) => key.algorithms))]);
    // A Map, in which __proto__ is a name like any other.
    this.#byId = new Map(keys.flatMap((key) => (key.kid === undefined ? [] : [[key.kid, key]])));
  }

  /** Keys that are not retired, the current one first. */
  live(now: Date): readonly RingKey[] {
    return this.#keys.filter((key) => !key.isRetired(now));
  }

  /**
   * The key that verifies a token with this key id; without one, the current key only. If the only key has no id, key ids
   * in tokens are ignored.
   */
  find(kid: string | undefined, now: Date): RingKey | undefined {
    if (kid === undefined || (this.current && this.current.kid === undefined)) return this.current;
    const key = this.#byId.get(kid);
    return key?.isRetired(now) ? undefined : key;
  }

  /**
   * These keys, and from the former ring the keys that have signed and may still be needed. An id must not get another
   * key, because that key would verify the old tokens.
   */
  retaining(former: RingContents, retireAt: Date | undefined, now: Date): RingContents {
    for (const key of former.others.concat(former.current ?? [])) {
      const successor = this.#byId.get(key.kid ?? '');
      if (successor && !isSameKey(successor, key))
        throw new JwtExtendedConfigError(
          `keys uses the kid '${key.kid}' for another key than before: use a new kid`,
        );
    }
    const retained = [
      ...(former.current ? [former.current.asFormer(retireAt)] : []),
      ...former.others.filter((key) => key.isFormer),
    ].filter((key) => key.kid !== undefined && !this.#byId.has(key.kid) && !key.isRetired(now));
    return new RingContents(this.current, [...this.others, ...retained]);
  }
}

function isSameKey(one: RingKey, other: RingKey): boolean {
  const isSame = other.verificationKey && one.verificationKey?.equals(other.verificationKey);
  return isSame === true && one.algorithm === other.algorithm;
}

/** A published key (RFC 7517 section 4): only its public members. */
export type PublicJwk = Readonly<Record<string, string>>;

/** The members that may be published (RFC 7518 sections 6.2.1 and 6.3.1, RFC 8037 section 2). */
const PUBLIC_MEMBERS = ['kty', 'crv', 'n', 'e', 'x', 'y'] as const;

/** `undefined` for a secret, and for an RSA-PSS key, which has no JWK form. */
export function publicJwk({ verificationKey, kid, algorithm }: RingKey): PublicJwk | undefined {
  if (verificationKey?.type !== 'public' || verificationKey.asymmetricKeyType === 'rsa-pss')
    return undefined;
  const jwk = verificationKey.export({ format: 'jwk' });
  const members = PUBLIC_MEMBERS.map((name) => [name, jwk[name]]).filter(([, value]) => value);
  return {
    ...(Object.fromEntries(members) as Record<string, string>),
    use: 'sig',
    alg: algorithm,
    ...(kid !== undefined && { kid }),
  };
}
