import type { KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { KeyOptions } from '../../options/key-ring-options.js';
import type { KeySource } from './key-source.js';
import type { NameOption } from './option-names.js';
import type { LockedKey } from './read-key.js';

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
export function unlock(
  { open }: LockedKey,
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
