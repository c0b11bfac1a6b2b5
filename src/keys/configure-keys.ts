import { createPublicKey, type KeyObject } from 'node:crypto';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, KeyOptions } from '../options/key-options.js';
import { settleDecodeAlgorithms } from './algorithms.js';
import { isKeyPair, importPrivateKey, importPublicKey } from './key-pair.js';
import {
  chooseAlgorithm,
  findKeySource,
  type KeyLoaders,
  type NameOption,
  optionNamesIn,
  type PassphraseOption,
  settlePassphrase,
} from './key-source.js';
import { importSecret, refuseWeakSecret } from './secret.js';

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

const NO_LOADERS: KeyLoaders = { encodeKey: false, decodeKey: false };

/**
 * Imports the keys of the options, once, and checks them.
 *
 * @throws {JwtExtendedConfigError} for a key that is missing, ambiguous, weak, of the wrong kind or
 *   without its other half, and for an algorithm that is unknown or does not fit.
 */
export function configureKeys(options: KeyOptions, loaders = NO_LOADERS): ConfiguredKeys {
  return importKeyInput(options, '', loaders);
}

/**
 * Imports one secret or pair that stands among several, just as if it were the only one.
 *
 * @param where - its path in the options, such as `keys.others[0]`: what is wrong with its secret
 *   is then said of `keys.others[0].secret`
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
    // It stands at the top for all keys together, wherever this one is from.
    throw new JwtExtendedConfigError('allowWeakSecret must be true or false');
  }
  const source = findKeySource(input, loaders, name);
  const passphrase = settlePassphrase(input, source, name);
  const algorithm = chooseAlgorithm(input, source, name);
  const algorithms = settleDecodeAlgorithms(
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
  const givenHalf =
    publicKey === undefined ? undefined : importPublicKey(publicKey, algorithms, name('publicKey'));
  if (privateKey === undefined) return { verificationKey: givenHalf };
  const signingKey = importPrivateKey(privateKey, algorithms, name('privateKey'), passphrase);
  if (givenHalf && !isKeyPair(signingKey, givenHalf, algorithm)) {
    throw new JwtExtendedConfigError(
      `${name('privateKey')} and ${name('publicKey')} are no pair: ` +
        'what the one signs, the other does not verify',
    );
  }
  return { signingKey, verificationKey: givenHalf ?? createPublicKey(signingKey) };
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
