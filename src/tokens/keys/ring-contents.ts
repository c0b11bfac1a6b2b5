import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { Algorithm } from '../../options/key-ring-options.js';
import type { RemoteKeys } from './remote-keys.js';
import type { RingKey } from './ring-key.js';

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
