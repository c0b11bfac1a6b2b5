import { TokenCreationError } from '../errors/token-creation.error.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { LoaderContext } from '../options/loaders.js';
import type { Algorithm } from '../options/token-options.js';
import type { ConfiguredKeys } from './keys/configure-keys.js';
import type { LoadedKeys } from './keys/loaded-keys.js';
import { type LoaderCalls, loaderFault } from './loader-calls.js';
import type { ParsedToken } from './parse-token.js';
import type { SigningKey, VerificationKey } from './signature.js';

/** Which key signs a subject's token, and which verifies a token: the configured one, or the loader's. */
export class TokenKeys {
  readonly #configured: ConfiguredKeys;
  readonly #loaded: LoadedKeys;
  readonly #loaders: LoaderCalls;

  constructor(configured: ConfiguredKeys, loaded: LoadedKeys, loaders: LoaderCalls) {
    this.#configured = configured;
    this.#loaded = loaded;
    this.#loaders = loaders;
  }

  get algorithms(): readonly Algorithm[] {
    return this.#configured.algorithms;
  }

  async forSigning(subject: unknown, context: LoaderContext): Promise<SigningKey> {
    const { algorithm, signingKey: key } = this.#configured;
    if (this.#loaders.has('encodeKey')) return this.#loadSigningKey(subject, context);
    if (key) return { key, algorithm };
    throw new TokenCreationError(
      'This module only verifies tokens: give privateKey (or secret) in its options to make them',
    );
  }

  async forVerifying(
    { header, claims }: ParsedToken,
    context: LoaderContext,
  ): Promise<VerificationKey> {
    const { algorithms, verificationKey: key } = this.#configured;
    if (this.#loaders.has('decodeKey')) {
      const unverified = Object.freeze({ header: deepFreeze(header), claims: deepFreeze(claims) });
      const loaded = await this.#loaders.ask('decodeKey', unverified, context);
      // Nobody's key: as for any token that was signed with a key that is not known here.
      if (loaded === undefined || loaded === null)
        throw new InvalidTokenError('Signature verification failed');
      return { key: importLoaded(() => this.#loaded.verification(loaded, algorithms)), algorithms };
    }
    if (key) return { key, algorithms };
    throw new InvalidTokenError('Signature verification failed');
  }

  async #loadSigningKey(subject: unknown, context: LoaderContext): Promise<SigningKey> {
    const { algorithm } = this.#configured;
    const answer = await this.#loaders.ask('encodeKey', subject, context);
    const { key: material, kid } = isKeyWithId(answer) ? answer : { key: answer, kid: undefined };
    return importLoaded(() => {
      if (kid !== undefined && typeof kid !== 'string')
        throw new TypeError('loaders.encodeKey: kid must be a string');
      const key = this.#loaded.signing(material, algorithm);
      return kid === undefined ? { key, algorithm } : { key, algorithm, kid };
    });
  }
}

/** A key that a loader gives and that cannot be used is the loader's failure, never a reason for another key. */
function importLoaded<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    throw loaderFault(error);
  }
}

function isKeyWithId(answer: unknown): answer is { key: unknown; kid?: unknown } {
  return typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'key');
}

/** The loader sees unverified data, which must stay what the later checks see. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
