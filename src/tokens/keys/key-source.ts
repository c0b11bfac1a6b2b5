import { JwtExtendedConfigError } from '../../errors/config.error.js';
import type { Algorithm, KeyOptions } from '../../options/key-ring-options.js';
import { traitsOf } from './algorithms.js';
import type { NameOption } from './option-names.js';
import { settleAlgorithm } from './settle-algorithms.js';

/** Which keys loaders give, so that the options need not. */
export interface KeyLoaders {
  readonly encodeKey: boolean;
  readonly decodeKey: boolean;
}

/** Where keys come from: exactly one of these, so that nobody has to guess which key counts. */
export type KeySource = 'secret' | 'pair' | 'loaders';

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
  const settled = settleAlgorithm(algorithm, where);
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
