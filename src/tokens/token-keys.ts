import { safeMessage } from '../common/fault-message.js';
import { TokenCreationError } from '../errors/config.error.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { Awaitable } from '../contracts/awaitable.js';
import type { TokenHeader } from '../contracts/token.js';
import { isObject } from '../common/checks.js';
import { deepFreeze } from '../common/deep-freeze.js';
import type { LoaderContext } from '../options/callbacks.js';
import type { Algorithm } from '../options/key-options.js';
import { isKeyId } from '../keys/jwk.js';
import type { KeyRing, RingContents } from '../keys/key-ring.js';
import type { LoadedKeys } from '../keys/loaded-keys.js';
import type { LoaderCalls } from './loaders.js';
import type { ParsedToken } from './compact-jws.js';
import { isId } from './registered-claims.js';
import type { SigningKey, VerificationKey } from '../keys/ring-key.js';

/** Finds the key that signs or verifies a token: a key of the ring, or the one that a loader gives. */
export class TokenKeys {
  constructor(
    private readonly ring: KeyRing,
    private readonly loaded: LoadedKeys,
    private readonly loaders: LoaderCalls,
  ) {}

  /** The algorithms of this module's own tokens; none if it only verifies tokens of other issuers. */
  get algorithms(): readonly Algorithm[] {
    return this.ring.contents.algorithms;
  }

  /** The keys of this module as they are now. */
  get contents(): RingContents {
    return this.ring.contents;
  }

  /** The key that signs; `undefined` if there is none, or if a loader gives it. */
  current(): SigningKey | undefined {
    const { current } = this.ring.contents;
    if (!current?.signingKey || this.loaders.has('encodeKey')) return undefined;
    return { key: current.signingKey, algorithm: current.algorithm, kid: current.kid };
  }

  /** @throws TokenCreationError, TokenCheckUnavailableError */
  forSigning(subject: unknown, context: LoaderContext): Awaitable<SigningKey> {
    const { current } = this.ring.contents;
    if (current && this.loaders.has('encodeKey'))
      return this.#loadSigningKey(current.algorithm, subject, context);
    const key = this.current();
    if (key) return key;
    throw new TokenCreationError(
      'This module only verifies tokens: give privateKey (or secret) in its options to make them',
    );
  }

  /** @throws InvalidTokenError, TokenCheckUnavailableError */
  forVerifying(parsed: ParsedToken, now: Date, context: LoaderContext): Awaitable<VerificationKey> {
    return this.inRing(parsed, now) ?? this.#loadVerificationKey(parsed, context);
  }

  /** The key of the ring that verifies a token; `undefined` if a loader gives it. @throws InvalidTokenError */
  inRing(parsed: ParsedToken, now: Date): VerificationKey | undefined {
    if (this.loaders.has('decodeKey')) return undefined;
    const { alg, kid } = parsed.header as Partial<TokenHeader>;
    const { contents } = this.ring;
    const found = contents.find(kid, now);
    if (!found?.verificationKey) throw new InvalidTokenError('Signature verification failed');
    const isGuess = kid === undefined && contents.live(now).length > 1;
    // Each key of a ring verifies its own algorithms only, even if other keys have others.
    if (!found.algorithms.some((allowed) => allowed === alg))
      throw new InvalidTokenError(
        isGuess ? 'Token has no kid' : 'The specified alg value is not allowed',
      );
    const { verificationKey: key, algorithms, retiresAt } = found;
    return { key, algorithms, isGuess, retiresAt };
  }

  async #loadVerificationKey(
    { header, claims }: ParsedToken,
    context: LoaderContext,
  ): Promise<VerificationKey> {
    const { algorithms } = this;
    // Frozen, so that the later checks see the same data as the loader.
    const unverified = Object.freeze({ header: deepFreeze(header), claims: deepFreeze(claims) });
    const found = await this.loaders.askFor('decodeKey', [unverified, context], (loaded) => {
      if (loaded === undefined || loaded === null) return undefined;
      const { key, namespace } = namedKey(loaded, 'decodeKey');
      return { key: this.loaded.verification(key, algorithms), algorithms, namespace };
    });
    if (found) return found;
    // The loader knows no such key: the same error as for a token signed with an unknown key.
    throw new InvalidTokenError('Signature verification failed');
  }

  async #loadSigningKey(
    algorithm: Algorithm,
    subject: unknown,
    context: LoaderContext,
  ): Promise<SigningKey> {
    const answer = await this.loaders.ask('encodeKey', subject, context);
    try {
      const { key, kid, namespace } = namedKey(answer, 'encodeKey');
      if (kid !== undefined && !isKeyId(kid))
        throw new TypeError(
          'loaders.encodeKey: kid must be 1 to 256 characters of printable ASCII',
        );
      return { key: this.loaded.signing(key, algorithm), algorithm, kid, namespace };
    } catch (error) {
      // A key that cannot sign is a mistake of the application, as are claims that no token can hold.
      throw new TokenCreationError(safeMessage(error), { cause: error });
    }
  }
}

/** What a loader returned: a key, or an object with a key and its names. A JWK has no member `key`. */
function namedKey(
  answer: unknown,
  loader: 'encodeKey' | 'decodeKey',
): { readonly key: unknown; readonly kid?: unknown; readonly namespace?: string | undefined } {
  if (!isObject(answer) || !Object.hasOwn(answer, 'key')) return { key: answer };
  const { key, kid, namespace } = answer;
  if (namespace === undefined || isId(namespace)) return { key, kid, namespace };
  throw new TypeError(`loaders.${loader}: namespace must be text of 1 to 256 characters`);
}
