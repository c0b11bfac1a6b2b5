import { KeyObject } from 'node:crypto';
import type { TokenHeader } from '../../contracts/token.js';
import { JwtExtendedConfigError } from '../../errors/config.error.js';
import { InvalidTokenError, TokenCheckUnavailableError } from '../../errors/token-errors.js';
import type { Algorithm } from '../../options/key-ring-options.js';
import { loadJose } from '../jose.js';
import type { VerificationKey } from './ring-key.js';
import { requireStrongPair } from './pair-strength.js';
import { SteadyFetch } from './remote-jwks-fetch.js';

/** How long one answer may take, how long a set counts as new, and how soon an unknown key id asks again. */
const TIMES = { timeoutDuration: 5_000, cacheMaxAge: 600_000, cooldownDuration: 30_000 };

type FindKey = (header: TokenHeader, algorithm: Algorithm) => Promise<KeyObject>;

/** Another issuer's public keys: fetched when they are wanted, and kept until they have changed. */
export class RemoteKeys {
  private constructor(
    readonly address: URL,
    /** What tokens of that issuer may be signed with; the set itself has no say in it (RFC 8725 section 3.1). */
    readonly algorithms: readonly Algorithm[],
    private readonly lookUp: FindKey,
  ) {}

  static async at(address: URL, algorithms: readonly Algorithm[]): Promise<RemoteKeys> {
    return new RemoteKeys(address, algorithms, await createLookUp(address));
  }

  /**
   * The key that a token's header names.
   *
   * @throws InvalidTokenError - when the issuer has no such key, or none that may be trusted
   * @throws TokenCheckUnavailableError - when the issuer cannot be asked
   */
  async find(header: TokenHeader): Promise<VerificationKey> {
    const algorithm = this.algorithms.find((allowed) => allowed === header.alg);
    if (!algorithm) throw new InvalidTokenError('The specified alg value is not allowed');
    return { key: await this.lookUp(header, algorithm), algorithms: this.algorithms };
  }
}

async function createLookUp(address: URL): Promise<FindKey> {
  const { createRemoteJWKSet, customFetch, errors } = await loadJose();
  const source = new SteadyFetch();
  const getKey = createRemoteJWKSet(address, { ...TIMES, [customFetch]: source.fetch });
  const useless = [
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
    errors.JOSENotSupported,
    JwtExtendedConfigError,
  ];
  /** `jose` makes one of each key and algorithm, and keeps it. */
  const imported = new WeakMap<object, KeyObject>();

  return async (header, algorithm) => {
    try {
      if (source.isOutdated) await getKey.reload();
      const found = await getKey(header);
      const key = imported.get(found) ?? strongKey(KeyObject.from(found), algorithm);
      imported.set(found, key);
      return key;
    } catch (error) {
      throw useless.some((kind) => error instanceof kind)
        ? new InvalidTokenError('Signature verification failed', error)
        : new TokenCheckUnavailableError(error);
    }
  };
}

function strongKey(key: KeyObject, algorithm: Algorithm): KeyObject {
  requireStrongPair(key, [algorithm], 'keys.jwksUri');
  return key;
}
