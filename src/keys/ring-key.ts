import type { KeyObject } from 'node:crypto';
import { isObject } from '../common/checks.js';
import { refuseUnknownNames } from '../common/read-options.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, KeyInput, KeyOptions, KeyRingOptions } from '../options/key-options.js';
import { type ConfiguredKeys, configureKeys } from './configure-keys.js';
import { isKeyId } from './jwk.js';

/** A key that signs, and its id for the header. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: Algorithm;
  readonly kid?: string | undefined;
  /** The tenant that the `encodeKey` loader named. */
  readonly namespace?: string | undefined;
}

/** A key that verifies, and the algorithms it may be used with. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly algorithms: readonly Algorithm[];
  /** The tenant that the `decodeKey` loader named. */
  readonly namespace?: string | undefined;
  /** Whether it was chosen for a token without a key id, and is not the only key. */
  readonly isGuess?: boolean | undefined;
  /** The moment from which it verifies nothing. */
  readonly retiresAt?: Date | undefined;
}

export interface RingKeyTraits {
  /** Undefined for the only key of a module without `keys`. */
  readonly kid?: string | undefined;
  /** The moment from which the key verifies nothing. */
  readonly retireAt?: Date | undefined;
  /** Whether it signed until another key took over. */
  readonly isFormer?: boolean;
}

/** A key of a ring, imported and bound to its algorithms. */
export class RingKey {
  readonly kid: string | undefined;
  readonly isFormer: boolean;
  readonly algorithm: Algorithm;
  readonly algorithms: readonly Algorithm[];
  readonly #keys: ConfiguredKeys;
  readonly #retireAt: Date | undefined;

  constructor(keys: ConfiguredKeys, { kid, retireAt, isFormer = false }: RingKeyTraits = {}) {
    this.kid = kid;
    this.isFormer = isFormer;
    this.algorithm = keys.algorithm;
    this.algorithms = keys.algorithms;
    this.#keys = keys;
    this.#retireAt = retireAt;
  }

  get signingKey(): KeyObject | undefined {
    return this.#keys.signingKey;
  }

  get verificationKey(): KeyObject | undefined {
    return this.#keys.verificationKey;
  }

  /** The moment from which the key verifies nothing; `undefined` for never. */
  get retiresAt(): Date | undefined {
    return this.#retireAt;
  }

  isRetired(now: Date): boolean {
    return this.#retireAt !== undefined && this.#retireAt <= now;
  }

  /** The same key after another one has taken over: it verifies until the last token that it signed has expired. */
  asFormer(retireAt: Date | undefined): RingKey {
    return new RingKey(this.#keys, { kid: this.kid, retireAt, isFormer: true });
  }
}

const RING_NAMES = ['current', 'others'] as const satisfies (keyof KeyRingOptions)[];
const KEY_NAMES = 'kid algorithm secret privateKey publicKey passphrase retireAt'.split(' ');

type SharedOptions = Pick<KeyOptions, 'allowWeakSecret'>;

/** @throws {JwtExtendedConfigError} for the first key that is missing, weak, ambiguous or unfit for its algorithm */
export function importRing(
  given: KeyRingOptions,
  shared: SharedOptions,
): { current: RingKey; others: readonly RingKey[] } {
  requireObject(given, 'keys', '{ current: { kid, algorithm, … } }');
  if ('jwksUri' in given)
    throw new JwtExtendedConfigError(
      'keys.jwksUri is not an option; name the issuer instead: issuers: [{ issuer, audience, jwksUri }]',
    );
  refuseUnknownNames(Object.keys(given), RING_NAMES, 'keys');
  const { current, others = [] } = given as Partial<KeyRingOptions>;
  if (current === undefined)
    throw new JwtExtendedConfigError('keys.current is missing: name the key that signs');
  if (!Array.isArray(others))
    throw new JwtExtendedConfigError('keys.others must be an array of keys');
  const ring = {
    current: importCurrent(current, shared),
    others: Array.from(others, (key: KeyInput, index) =>
      importKey(key, `keys.others[${index}]`, shared),
    ),
  };
  const ids = [ring.current, ...ring.others].flatMap(({ kid }) => kid ?? []);
  const repeated = ids.find((kid, index) => ids.indexOf(kid) !== index);
  if (repeated === undefined) return ring;
  throw new JwtExtendedConfigError(
    `keys has two keys with the kid '${repeated}': give each its own`,
  );
}

function importCurrent(given: KeyInput, shared: SharedOptions): RingKey {
  const key = importKey(given, 'keys.current', shared);
  if (!key.signingKey)
    throw new JwtExtendedConfigError('keys.current needs secret or privateKey, because it signs');
  if (given.retireAt === undefined) return key;
  throw new JwtExtendedConfigError(
    'keys.current must have no retireAt, because it signs: put a key that retires into keys.others',
  );
}

function importKey(given: KeyInput, where: string, shared: SharedOptions): RingKey {
  requireObject(given, where, '{ kid, algorithm, … }');
  refuseUnknownNames(Object.keys(given), KEY_NAMES, where);
  const { kid, retireAt, ...key } = given;
  if (!isKeyId(kid))
    throw new JwtExtendedConfigError(`${where}.kid must be 1 to 256 characters of printable ASCII`);
  const isDate = retireAt instanceof Date && !Number.isNaN(retireAt.getTime());
  if (retireAt !== undefined && !isDate)
    throw new JwtExtendedConfigError(`${where}.retireAt must be a valid Date`);
  const keys = configureKeys({ ...key, ...shared }, undefined, where);
  return new RingKey(keys, { kid, retireAt: retireAt && new Date(retireAt) });
}

function requireObject(value: unknown, where: string, example: string): void {
  if (isObject(value) && !Array.isArray(value)) return;
  throw new JwtExtendedConfigError(`${where} must be an object: ${example}`);
}
