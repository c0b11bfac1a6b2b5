import { createPublicKey, type KeyObject } from 'node:crypto';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, KeyOptions } from '../options/key-options.js';
import { parseDecodeAlgorithms } from './algorithms.js';
import { importPrivateKey, importPublicKey, isKeyPair } from './key-pair.js';
import {
  chooseAlgorithm,
  findKeySource,
  type KeyLoaders,
  type NameOption,
  optionNamesIn,
  type PassphraseOption,
  readPassphrase,
} from './key-source.js';
import { importSecret, refuseWeakSecret } from './secret.js';

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

const NO_LOADERS: KeyLoaders = { encodeKey: false, decodeKey: false };

/**
 * Imports the keys of the options, once, and checks them.
 *
 * @throws {JwtExtendedConfigError} for a key that is missing, ambiguous, weak, damaged or of the wrong kind, and for an
 *   algorithm that is unknown or does not fit.
 */
export function configureKeys(options: KeyOptions, loaders = NO_LOADERS): ConfiguredKeys {
  return importKeyInput(options, '', loaders);
}

/**
 * Imports one secret or pair of several as if it were the only one.
 *
 * @param where - its path in the options, such as `keys.others[0]`; messages about its secret then name
 *   `keys.others[0].secret`
 * @throws {JwtExtendedConfigError} as {@link configureKeys} does.
 */
export function importKeyInput(
  input: KeyOptions,
  where: string,
  loaders = NO_LOADERS,
): ConfiguredKeys {
  const name = optionNamesIn(where);
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
  switch (source) {
    case 'secret':
      return bindKeys(algorithm, algorithms, loadSecret(input, algorithms, name));
    case 'pair':
      return bindKeys(
        algorithm,
        algorithms,
        loadPair(input, algorithm, algorithms, name, passphrase),
      );
    case 'loaders':
      return bindKeys(algorithm, algorithms, {});
  }
}

type BoundKeys = Partial<Pick<ConfiguredKeys, 'signingKey' | 'verificationKey'>>;

function loadSecret(
  options: KeyOptions,
  algorithms: readonly Algorithm[],
  name: NameOption,
): BoundKeys {
  const secret = importSecret(options.secret, algorithms, name('secret'));
  if (options.allowWeakSecret !== true) refuseWeakSecret(secret, algorithms, name('secret'));
  return { signingKey: secret, verificationKey: secret };
}

function loadPair(
  { privateKey, publicKey }: KeyOptions,
  algorithm: Algorithm,
  algorithms: readonly Algorithm[],
  name: NameOption,
  passphrase: PassphraseOption,
): BoundKeys {
  const givenPublicKey =
    publicKey === undefined ? undefined : importPublicKey(publicKey, algorithms, name('publicKey'));
  if (privateKey === undefined) return { verificationKey: givenPublicKey };
  const signingKey = importPrivateKey(privateKey, algorithms, name('privateKey'), passphrase);
  if (givenPublicKey && !isKeyPair(signingKey, givenPublicKey, algorithm)) {
    throw new JwtExtendedConfigError(
      `${name('privateKey')} and ${name('publicKey')} are not a pair: ` +
        'the public key does not verify what the private key signs',
    );
  }
  return { signingKey, verificationKey: givenPublicKey ?? createPublicKey(signingKey) };
}

/** The keys are non-enumerable, so `util.inspect` and `JSON.stringify` of any object that holds them leave them out. */
function bindKeys(
  algorithm: Algorithm,
  algorithms: readonly Algorithm[],
  { signingKey, verificationKey }: BoundKeys,
): ConfiguredKeys {
  const keys = { algorithm, algorithms: Object.freeze([...algorithms]) };
  const hidden = { signingKey: { value: signingKey }, verificationKey: { value: verificationKey } };
  return Object.freeze(Object.defineProperties(keys as ConfiguredKeys, hidden));
}
