import { createPublicKey, type KeyObject } from 'node:crypto';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, KeyOptions } from '../options/key-options.js';
import { parseDecodeAlgorithms } from './algorithms.js';
import { importPrivateKey, importPublicKey, isKeyPair } from './key-pair.js';
import { chooseAlgorithm, findKeySource, type KeyLoaders, readPassphrase } from './key-source.js';
import { importSecret, refuseWeakSecret, warnAboutStrayCharacters } from './secret.js';

/** The keys of the options, imported and bound to their algorithms. Frozen. */
export interface ConfiguredKeys {
  readonly algorithm: Algorithm;
  /** Never empty, and frozen: each verification gets this list. */
  readonly algorithms: readonly Algorithm[];
  /** Undefined in a service that only verifies, and if a loader returns the keys. */
  readonly signingKey: KeyObject | undefined;
  /** Undefined if a loader returns the keys. */
  readonly verificationKey: KeyObject | undefined;
}

/**
 * Imports the secret or the pair of the options, once, and checks it.
 *
 * @param where - the path of one key of several, such as `keys.others[0]`; messages then name `keys.others[0].secret`
 * @throws {JwtExtendedConfigError} for a key that is missing, ambiguous, weak, damaged or of the wrong kind, and for an
 *   algorithm that is unknown or does not fit.
 */
export function configureKeys(
  input: KeyOptions,
  loaders: KeyLoaders = { encodeKey: false, decodeKey: false },
  where = '',
): ConfiguredKeys {
  const name = (option: keyof KeyOptions) => (where === '' ? option : `${where}.${option}`);
  const { allowWeakSecret } = input;
  if (allowWeakSecret !== undefined && typeof allowWeakSecret !== 'boolean') {
    // It is an option of the module for all keys together, so it has no path.
    throw new JwtExtendedConfigError('allowWeakSecret must be true or false');
  }
  const source = findKeySource(input, loaders, name);
  const passphrase = readPassphrase(input, source, name);
  const algorithm = chooseAlgorithm(input, source, name);
  const algorithms = parseDecodeAlgorithms(
    input.decodeAlgorithms,
    algorithm,
    name('decodeAlgorithms'),
  );
  if (source === 'loaders') return bindKeys(algorithm, algorithms);
  if (source === 'secret') {
    const secret = importSecret(input.secret, algorithms, name('secret'));
    warnAboutStrayCharacters(input.secret, name('secret'));
    if (!allowWeakSecret) refuseWeakSecret(secret, algorithms, name('secret'));
    return bindKeys(algorithm, algorithms, secret, secret);
  }
  const { privateKey, publicKey } = input;
  const givenPublicKey =
    publicKey === undefined ? undefined : importPublicKey(publicKey, algorithms, name('publicKey'));
  if (privateKey === undefined) return bindKeys(algorithm, algorithms, undefined, givenPublicKey);
  const signingKey = importPrivateKey(privateKey, algorithms, name('privateKey'), passphrase);
  if (givenPublicKey && !isKeyPair(signingKey, givenPublicKey, algorithm))
    throw new JwtExtendedConfigError(
      `${name('privateKey')} and ${name('publicKey')} are not a pair: ` +
        'the public key does not verify what the private key signs',
    );
  const verificationKey = givenPublicKey ?? createPublicKey(signingKey);
  return bindKeys(algorithm, algorithms, signingKey, verificationKey);
}

/** The keys are non-enumerable, so `util.inspect` and `JSON.stringify` of any object that holds them leave them out. */
function bindKeys(
  algorithm: Algorithm,
  algorithms: readonly Algorithm[],
  signingKey?: KeyObject,
  verificationKey?: KeyObject,
): ConfiguredKeys {
  const keys = { algorithm, algorithms: Object.freeze([...algorithms]) };
  const hidden = { signingKey: { value: signingKey }, verificationKey: { value: verificationKey } };
  return Object.freeze(Object.defineProperties(keys as ConfiguredKeys, hidden));
}
