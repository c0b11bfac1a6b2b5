import { createPublicKey, type KeyObject } from 'node:crypto';
import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { Algorithm, KeyOptions } from '../../options/token-options.js';
import { importPrivateKey, importPublicKey } from './import-key-pair.js';
import { importSecret } from './import-secret.js';
import { chooseAlgorithm, findKeySource, type KeyLoaders } from './key-source.js';
import { halvesMatch } from './pair-match.js';
import { settleDecodeAlgorithms } from './settle-algorithms.js';
import { refuseWeakSecret } from './weak-secret.js';

/** The keys of the options, imported and bound to their algorithms. Frozen. */
export interface ConfiguredKeys {
  readonly algorithm: Algorithm;
  /** Never empty, and frozen: every verification is told this list. */
  readonly algorithms: readonly Algorithm[];
  /** Undefined in a service that only verifies, and where a loader gives the keys. */
  readonly signingKey: KeyObject | undefined;
  /** Undefined where a loader gives the keys. */
  readonly verificationKey: KeyObject | undefined;
}

/**
 * Imports the keys of the options, once, and checks them.
 *
 * @throws {JwtExtendedConfigError} for a key that is missing, ambiguous, weak, of the wrong kind or
 *   without its other half, and for an algorithm that is unknown or does not fit.
 */
export function configureKeys(
  options: KeyOptions,
  loaders: KeyLoaders = { encodeKey: false, decodeKey: false },
): ConfiguredKeys {
  const { allowWeakSecret } = options;
  if (allowWeakSecret !== undefined && typeof allowWeakSecret !== 'boolean') {
    throw new JwtExtendedConfigError('allowWeakSecret must be true or false');
  }
  const source = findKeySource(options, loaders);
  const algorithm = chooseAlgorithm(options, source);
  const algorithms = settleDecodeAlgorithms(options.decodeAlgorithms, algorithm);
  switch (source) {
    case 'secret':
      return bindKeys(algorithm, algorithms, loadSecret(options, algorithms));
    case 'pair':
      return bindKeys(algorithm, algorithms, loadPair(options, algorithm, algorithms));
    case 'loaders':
      return bindKeys(algorithm, algorithms, {});
  }
}

type BoundKeys = Partial<Pick<ConfiguredKeys, 'signingKey' | 'verificationKey'>>;

function loadSecret(options: KeyOptions, algorithms: readonly Algorithm[]): BoundKeys {
  const secret = importSecret(options.secret, algorithms, 'secret');
  if (options.allowWeakSecret !== true) refuseWeakSecret(secret, algorithms, 'secret');
  return { signingKey: secret, verificationKey: secret };
}

function loadPair(
  { privateKey, publicKey }: KeyOptions,
  algorithm: Algorithm,
  algorithms: readonly Algorithm[],
): BoundKeys {
  const givenHalf =
    publicKey === undefined ? undefined : importPublicKey(publicKey, algorithms, 'publicKey');
  if (privateKey === undefined) return { verificationKey: givenHalf };
  const signingKey = importPrivateKey(privateKey, algorithms, 'privateKey');
  const verificationKey = givenHalf ?? createPublicKey(signingKey);
  if (!halvesMatch(signingKey, verificationKey, algorithm)) {
    const pair = givenHalf
      ? 'privateKey and publicKey are'
      : 'privateKey is damaged, its halves are';
    throw new JwtExtendedConfigError(
      `${pair} no pair: what the one signs, the other does not verify`,
    );
  }
  return { signingKey, verificationKey };
}

/**
 * Non-enumerable, so that `util.inspect` and `JSON.stringify` of whatever holds them pass keys by.
 */
function bindKeys(
  algorithm: Algorithm,
  algorithms: readonly Algorithm[],
  { signingKey, verificationKey }: BoundKeys,
): ConfiguredKeys {
  const keys = { algorithm, algorithms: Object.freeze([...algorithms]) };
  const hidden = { signingKey: { value: signingKey }, verificationKey: { value: verificationKey } };
  return Object.freeze(Object.defineProperties(keys as ConfiguredKeys, hidden));
}
