import { TokenCreationError } from '../errors/config.error.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { Awaitable } from '../contracts/awaitable.js';
import type { TokenHeader } from '../contracts/token.js';
import { deepFreeze } from '../common/deep-freeze.js';
import type { LoaderContext } from '../options/callbacks.js';
import type { Algorithm } from '../options/key-options.js';
import { isKeyId } from '../keys/jwk.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { LoadedKeys } from '../keys/loaded-keys.js';
import { type LoaderCalls, loaderFault } from './loaders.js';
import type { ParsedToken } from './compact-jws.js';
import type { SigningKey, VerificationKey } from '../keys/ring-key.js';

/** Which key signs a subject's token, and which verifies a token: one of the ring, or the loader's. */
export class TokenKeys {
  readonly #ring: KeyRing;
  readonly #loaded: LoadedKeys;
  readonly #loaders: LoaderCalls;

  constructor(ring: KeyRing, loaded: LoadedKeys, loaders: LoaderCalls) {
    this.#ring = ring;
    this.#loaded = loaded;
    this.#loaders = loaders;
  }

  /** What a token may be signed with at all. */
  get algorithms(): readonly Algorithm[] {
    return this.#ring.contents.algorithms;
  }

  /** @throws TokenCreationError, TokenCheckUnavailableError */
  async forSigning(subject: unknown, context: LoaderContext): Promise<SigningKey> {
    const { current } = this.#ring.contents;
    if (current && this.#loaders.has('encodeKey')) {
      return this.#loadSigningKey(current.algorithm, subject, context);
    }
    if (current?.signingKey) {
      return { key: current.signingKey, algorithm: current.algorithm, kid: current.kid };
    }
    throw new TokenCreationError(
      'This module only verifies tokens: give privateKey (or secret) in its options to make them',
    );
  }

  /** @throws InvalidTokenError, TokenCheckUnavailableError */
  forVerifying(parsed: ParsedToken, now: Date, context: LoaderContext): Awaitable<VerificationKey> {
    if (this.#loaders.has('decodeKey')) return this.#loadVerificationKey(parsed, context);
    const { header } = parsed;
    const { remote } = this.#ring.contents;
    const found = this.#ring.contents.find(header.kid, now);
    if (found?.verificationKey) return bound(header.alg, found.verificationKey, found.algorithms);
    if (remote && this.isRemote(header)) return remote.find(header);
    throw new InvalidTokenError('Signature verification failed');
  }

  /** Whether a token names a key that is none of this module's own: one of `jwksUri`, if the token is good. */
  isRemote({ kid }: TokenHeader): boolean {
    const { contents } = this.#ring;
    return contents.remote !== undefined && kid !== undefined && !contents.has(kid);
  }

  async #loadVerificationKey(
    { header, claims }: ParsedToken,
    context: LoaderContext,
  ): Promise<VerificationKey> {
    const { algorithms } = this;
    // The loader sees unverified data, which must stay what the later checks see.
    const unverified = Object.freeze({ header: deepFreeze(header), claims: deepFreeze(claims) });
    const loaded = await this.#loaders.ask('decodeKey', unverified, context);
    // Nobody's key: as for any token that was signed with a key that is not known here.
    if (loaded === undefined || loaded === null) {
      throw new InvalidTokenError('Signature verification failed');
    }
    return { key: importLoaded(() => this.#loaded.verification(loaded, algorithms)), algorithms };
  }

  async #loadSigningKey(
    algorithm: Algorithm,
    subject: unknown,
    context: LoaderContext,
  ): Promise<SigningKey> {
    const answer = await this.#loaders.ask('encodeKey', subject, context);
    const { key: material, kid } = isKeyWithId(answer) ? answer : { key: answer, kid: undefined };
    return importLoaded(() => {
      if (kid !== undefined && !isKeyId(kid)) {
        throw new TypeError(
          'loaders.encodeKey: kid must be 1 to 256 characters of printable ASCII',
        );
      }
      return { key: this.#loaded.signing(material, algorithm), algorithm, kid };
    });
  }
}

/** Each key verifies under its own algorithms, whatever the others of the ring may be used with. */
function bound(
  alg: string,
  key: VerificationKey['key'],
  algorithms: readonly Algorithm[],
): VerificationKey {
  if (algorithms.some((allowed) => allowed === alg)) return { key, algorithms };
  throw new InvalidTokenError('The specified alg value is not allowed');
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
