import type { KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, KeyOptions } from '../options/key-options.js';
import { parseAlgorithm, traitsOf } from './algorithms.js';
import type { EncryptedKey } from './read-key.js';

/** An option of a key as messages call it. */
export type NameOption = (option: keyof KeyOptions) => string;

/** The options by their full path: in `keys.others[0]`, the secret is `keys.others[0].secret`. */
export function optionNamesIn(where: string): NameOption {
  return where === '' ? (option) => option : (option) => `${where}.${option}`;
}

/** Which keys loaders give, so that the options need not. */
export interface KeyLoaders {
  readonly encodeKey: boolean;
  readonly decodeKey: boolean;
}

/** Where keys come from: exactly one of these, so that nobody has to guess which key counts. */
type KeySource = 'secret' | 'pair' | 'loaders';

export function findKeySource(
  options: KeyOptions,
  loaders: KeyLoaders,
  name: NameOption,
): KeySource {
  const hasSecret = options.secret !== undefined;
  const hasPair = options.privateKey !== undefined || options.publicKey !== undefined;
  if (hasSecret && hasPair) {
    throw new JwtExtendedConfigError(
      `${name('secret')} and a key pair are both given: leave out the one that tokens do not use`,
    );
  }
  if (hasSecret) return 'secret';
  if (hasPair) return 'pair';
  // Without an encodeKey loader it is a service that only verifies, as with a lone publicKey.
  if (loaders.decodeKey) return 'loaders';
  const verifying = loaders.encodeKey ? ', or loaders.decodeKey beside loaders.encodeKey' : '';
  throw new JwtExtendedConfigError(
    `no key is given, or it is undefined: set ${name('secret')}, ` +
      `or ${name('privateKey')} and ${name('publicKey')}${verifying}`,
  );
}

/** The algorithm of new tokens; only a secret leaves no doubt which one is meant. */
export function chooseAlgorithm(
  { algorithm }: KeyOptions,
  source: KeySource,
  name: NameOption,
): Algorithm {
  const where = name('algorithm');
  if (algorithm === undefined) {
    if (source === 'secret') return 'HS256';
    const keys = source === 'pair' ? 'a key pair' : 'keys that loaders give';
    throw new JwtExtendedConfigError(
      `${where} is missing: with ${keys} it must be named, such as 'RS256'`,
    );
  }
  const settled = parseAlgorithm(algorithm, where);
  const wantsSecret = traitsOf(settled).family === 'HMAC';
  if (source === 'secret' && !wantsSecret) {
    throw new JwtExtendedConfigError(
      `${where} ${settled} needs ${name('privateKey')} or ${name('publicKey')}; ` +
        `${name('secret')} is for HS256 and its kin`,
    );
  }
  if (source === 'pair' && wantsSecret) {
    throw new JwtExtendedConfigError(
      `${where} ${settled} needs ${name('secret')}; ` +
        `${name('privateKey')} and ${name('publicKey')} are for RS256 and its kin`,
    );
  }
  return settled;
}

/** The passphrase of an option, if it was given, and how messages call that option. */
export interface PassphraseOption {
  readonly value: string | Buffer | undefined;
  readonly where: string;
}

/**
 * The passphrase of the options: text or bytes, beside a private key.
 *
 * @throws {JwtExtendedConfigError} where there is nothing for it to decrypt.
 */
export function settlePassphrase(
  { passphrase: value, privateKey }: KeyOptions,
  source: KeySource,
  name: NameOption,
): PassphraseOption {
  const where = name('passphrase');
  if (value === undefined) return { value, where };
  if (typeof value !== 'string' && !types.isUint8Array(value)) {
    throw new JwtExtendedConfigError(`${where} must be text or bytes`);
  }
  if (value.length === 0) {
    throw new JwtExtendedConfigError(
      `${where} is empty: leave it out where ${name('privateKey')} is not encrypted`,
    );
  }
  if (privateKey !== undefined) return { value, where };
  const reason =
    source === 'secret'
      ? `beside ${name('secret')}: no secret is encrypted`
      : `without ${name('privateKey')}: no other key is encrypted`;
  throw new JwtExtendedConfigError(`${where} is given ${reason}, so leave it out`);
}

/**
 * Decrypts a private key. Without an option to give a passphrase in, it came from a loader.
 *
 * @throws {JwtExtendedConfigError} without a passphrase, or with a wrong one.
 */
export function decrypt(
  { open }: EncryptedKey,
  where: string,
  passphrase: PassphraseOption | undefined,
): KeyObject {
  if (passphrase === undefined) {
    throw new JwtExtendedConfigError(
      `${where} is encrypted, and loaders give usable keys only: ` +
        'createPrivateKey({ key, passphrase }) of node:crypto decrypts it',
    );
  }
  if (passphrase.value === undefined) {
    throw new JwtExtendedConfigError(
      `${where} is encrypted: give what decrypts it as ${passphrase.where}`,
    );
  }
  const key = open(passphrase.value);
  if (key) return key;
  throw new JwtExtendedConfigError(
    `${passphrase.where} does not decrypt ${where}: it is the wrong one (blanks and line ends in ` +
      'it count), or the key is damaged, or its encryption is one that OpenSSL no longer reads',
  );
}

/** A passphrase that decrypts nothing belongs to another key, or to one that lies about in the open. */
export function refuseNeedless(passphrase: PassphraseOption | undefined, where: string): void {
  if (passphrase?.value === undefined) return;
  throw new JwtExtendedConfigError(
    `${where} is not encrypted, so leave ${passphrase.where} out, or give the key that it decrypts`,
  );
}
