import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { KeyInput, KeyOptions, KeyRingOptions } from '../../options/key-ring-options.js';

import { refuseUnknownNames } from '../../common/read-options.js';
import { importKeyInput } from './configure-keys.js';
import { isKeyId } from './key-id.js';
import { RingKey } from './ring-key.js';

const RING_NAMES = ['current', 'others', 'jwksUri'] as const satisfies (keyof KeyRingOptions)[];
const KEY_NAMES = [
  'kid',
  'algorithm',
  'secret',
  'privateKey',
  'publicKey',
  'passphrase',
  'retireAt',
] as const satisfies (keyof KeyInput)[];

/** The keys of a ring; the current one signs. */
export interface ImportedRing {
  readonly current: RingKey | undefined;
  readonly others: readonly RingKey[];
}

type Shared = Pick<KeyOptions, 'allowWeakSecret'>;

/**
 * Imports the keys of a ring, all of them before any of them counts.
 *
 * @throws {JwtExtendedConfigError} for the first key that is missing, weak, ambiguous or not its algorithm's
 */
export function importRing(given: KeyRingOptions, shared: Shared): ImportedRing {
  requireObject(given, 'keys', '{ current: { kid, algorithm, … } }');
  refuseUnknownNames(Object.keys(given), RING_NAMES, 'keys');
  const { current, others = [], jwksUri } = given;
  if (current === undefined && jwksUri === undefined) {
    throw new JwtExtendedConfigError('keys.current is missing: name the key that signs');
  }
  if (!Array.isArray(others)) {
    throw new JwtExtendedConfigError('keys.others must be an array of keys');
  }
  const ring = {
    current: current === undefined ? undefined : importCurrent(current, shared),
    others: Array.from(others, (key: KeyInput, index) =>
      importKey(key, `keys.others[${index}]`, shared),
    ),
  };
  refuseSharedIds(ring);
  return ring;
}

function importCurrent(given: KeyInput, shared: Shared): RingKey {
  const key = importKey(given, 'keys.current', shared);
  if (!key.signingKey) {
    throw new JwtExtendedConfigError('keys.current needs secret or privateKey, since it signs');
  }
  if (given.retireAt === undefined) return key;
  throw new JwtExtendedConfigError(
    'keys.current was given retireAt: a key that retires belongs among keys.others',
  );
}

function importKey(given: KeyInput, where: string, shared: Shared): RingKey {
  requireObject(given, where, '{ kid, algorithm, … }');
  refuseUnknownNames(Object.keys(given), KEY_NAMES, where);
  const { kid, retireAt, ...key } = given;
  if (!isKeyId(kid)) {
    throw new JwtExtendedConfigError(`${where}.kid must be 1 to 256 characters of printable ASCII`);
  }
  if (retireAt !== undefined && !isValidDate(retireAt)) {
    throw new JwtExtendedConfigError(`${where}.retireAt must be a valid Date`);
  }
  const keys = importKeyInput({ ...key, ...shared }, where);
  return new RingKey(keys, { kid, retireAt: retireAt && new Date(retireAt) });
}

function refuseSharedIds({ current, others }: ImportedRing): void {
  const ids = [current, ...others].map((key) => key?.kid).filter((kid) => kid !== undefined);
  const twice = ids.find((kid, index) => ids.indexOf(kid) !== index);
  if (twice === undefined) return;
  throw new JwtExtendedConfigError(`keys has two keys with the kid '${twice}': give each its own`);
}

function requireObject(value: unknown, where: string, example: string): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw new JwtExtendedConfigError(`${where} must be an object: ${example}`);
}

function isValidDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}
