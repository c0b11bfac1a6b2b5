import type { KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import type { Algorithm, KeyOptions } from '../options/key-options.js';
import { parseAlgorithm, traitsOf } from './algorithms.js';
import type { EncryptedKey } from './read-key.js';

/** The name of a key option in messages, such as `keys.others[0].secret`. */
type NameOption = (option: keyof KeyOptions) => string;

/** Which keys come from loaders. */
export interface KeyLoaders {
  readonly encodeKey: boolean;
  readonly decodeKey: boolean;
}

/** Where keys come from: exactly one of these, so that it is never unclear which key counts. */
type KeySource = 'secret' | 'pair' | 'loaders';

export function findKeySource(
  options: KeyOptions,
  loaders: KeyLoaders,
  name: NameOption,
): KeySource {
  const hasSecret = options.secret !== undefined;
  const hasPair = options.privateKey !== undefined || options.publicKey !== undefined;
  if (hasSecret && hasPair)
    throw new JwtExtendedConfigError(
      `${name('secret')} and a key pair are both given: leave out the one that tokens do not use`,
    );
  if (hasSecret) return 'secret';
  if (hasPair) return 'pair';
  // Without an encodeKey loader the service only verifies, as with publicKey alone.
  if (loaders.decodeKey) return 'loaders';
  const verifying = loaders.encodeKey ? ', or loaders.decodeKey beside loaders.encodeKey' : '';
  throw new JwtExtendedConfigError(
    `no key is given, or it is undefined: set ${name('secret')}, ` +
      `or ${name('privateKey')} and ${name('publicKey')}${verifying}`,
  );
}

/** The algorithm of new tokens. Only a secret has a default, because a pair may fit several. */
export function chooseAlgorithm(
  { algorithm }: KeyOptions,
  source: KeySource,
  name: NameOption,
): Algorithm {
  const where = name('algorithm');
  if (algorithm === undefined) {
    if (source === 'secret') return 'HS256';
    const keys = source === 'pair' ? 'a key pair' : 'keys from loaders';
    throw new JwtExtendedConfigError(
      `${where} is missing: with ${keys} it is required, such as 'RS256'`,
    );
  }
  const parsed = parseAlgorithm(algorithm, where);
  const needsSecret = traitsOf(parsed).family === 'HMAC';
  if (source === 'secret' && !needsSecret)
    throw new JwtExtendedConfigError(
      `${where} ${parsed} needs ${name('privateKey')} or ${name('publicKey')}; ` +
        `${name('secret')} is for HS256, HS384 and HS512`,
    );
  if (source === 'pair' && needsSecret)
    throw new JwtExtendedConfigError(
      `${where} ${parsed} needs ${name('secret')}; ` +
        `${name('privateKey')} and ${name('publicKey')} are for the other algorithms`,
    );
  return parsed;
}

/** The passphrase, if it was given, and the name of its option in messages. */
export interface PassphraseOption {
  readonly value: string | Buffer | undefined;
  readonly where: string;
}

/** The passphrase of the options; it is refused if there is no key that it could decrypt. */
export function readPassphrase(
  { passphrase: value, privateKey }: KeyOptions,
  source: KeySource,
  name: NameOption,
): PassphraseOption {
  const where = name('passphrase');
  if (value === undefined) return { value, where };
  if (typeof value !== 'string' && !types.isUint8Array(value))
    throw new JwtExtendedConfigError(`${where} must be text or bytes`);
  if (value.length === 0)
    throw new JwtExtendedConfigError(
      `${where} is empty: leave it out if ${name('privateKey')} is not encrypted`,
    );
  if (privateKey !== undefined) return { value, where };
  const reason =
    source === 'secret'
      ? `beside ${name('secret')}, which is never encrypted`
      : `without ${name('privateKey')}, the only key that it could decrypt`;
  throw new JwtExtendedConfigError(`${where} is given ${reason}: leave it out`);
}

/** Decrypts a private key; a key from a loader has no passphrase, and is refused. */
export function decryptKey(
  { decrypt }: EncryptedKey,
  where: string,
  passphrase: PassphraseOption | undefined,
): KeyObject {
  if (passphrase === undefined)
    throw new JwtExtendedConfigError(
      `${where} is encrypted: decrypt it in the loader, with createPrivateKey({ key, passphrase }) of node:crypto`,
    );
  if (passphrase.value === undefined)
    throw new JwtExtendedConfigError(`${where} is encrypted: set ${passphrase.where}`);
  const key = decrypt(passphrase.value);
  if (key) return key;
  throw new JwtExtendedConfigError(
    `${passphrase.where} does not decrypt ${where}: the passphrase is wrong (spaces and line ends count), ` +
      'the key is damaged, or OpenSSL no longer supports its encryption',
  );
}

/** Refuses a passphrase beside a key that is not encrypted: one of the two is a mistake. */
export function refuseUnusedPassphrase(
  passphrase: PassphraseOption | undefined,
  where: string,
): void {
  if (passphrase?.value === undefined) return;
  throw new JwtExtendedConfigError(
    `${where} is not encrypted: leave ${passphrase.where} out, or give the encrypted key`,
  );
}
