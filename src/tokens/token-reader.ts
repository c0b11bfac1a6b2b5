import { deepFreeze } from '../common/deep-freeze.js';
import { type Awaitable, isPromise } from '../contracts/awaitable.js';
import type { Claims, Token, TokenHeader } from '../contracts/token.js';
import { ExpiredTokenError, InvalidTokenError } from '../errors/token-errors.js';
import type { VerificationKey } from '../keys/ring-key.js';
import type { ResolvedTokenOptions } from '../options/token-options.js';
import { grantOf } from './grant.js';
import {
  checkHeader,
  checkHeaderShape,
  ownCopyOf,
  type ParsedToken,
  parseToken,
  rememberHeader,
  requireToken68,
} from './compact-jws.js';
import type { ForeignIssuer } from './foreign-issuer.js';
import {
  checkIssuer,
  checkRegisteredClaims,
  isExpired,
  isFresh,
  requireCsrfMatch,
  typeOf,
} from './registered-claims.js';
import { verifySignature } from './signature.js';
import type { TokenKeys } from './token-keys.js';
import { SeenToken, VerificationCache } from './verification-cache.js';
import { isVerifiedToken, SHARES_REVOCATIONS, VerifiedToken } from './verified-token.js';

export interface ReadOptions {
  /** For the `decodeKey` loader. */
  readonly request?: unknown;
  /** The csrf value that must match the token's claim. */
  readonly csrf?: string | undefined;
  /** Accepts an expired token, too. */
  readonly allowExpired?: boolean | undefined;
  /** The refusal if it has characters that no token in a header has; without it they are not looked for. */
  readonly malformed?: string | undefined;
}

/** Verifies an encoded token: everything but its revocation. */
export class TokenReader {
  readonly #seen: VerificationCache | undefined;
  readonly #issuers: ReadonlyMap<string, ForeignIssuer>;

  constructor(
    private readonly options: ResolvedTokenOptions,
    private readonly keys: TokenKeys,
    issuers: readonly ForeignIssuer[],
    private readonly clock: () => Date,
  ) {
    this.#seen = options.verificationCache ? new VerificationCache() : undefined;
    this.#issuers = new Map(issuers.map((each) => [each.options.issuer, each]));
  }

  /**
   * Checks structure, header, signature, registered claims, csrf and expiry, in this order. The claim `iss` says whose
   * keys and rules count: those of another issuer, or the module's own. It answers at once unless the key must be asked for.
   *
   * @throws InvalidTokenError, CsrfError, ExpiredTokenError, TokenCheckUnavailableError
   */
  read(encoded: unknown, options: ReadOptions = NO_OPTIONS): Awaitable<Token> {
    const moment = this.clock();
    const seen = this.#stillGood(encoded, moment);
    if (seen && !seen.isKeyAsked) return requireCsrf(seen.token, options);

    if (!seen && options.malformed !== undefined) requireToken68(encoded, options.malformed);
    const parsed = seen?.parsed ?? parseToken(encoded, this.options.maxTokenLength);
    try {
      const token = this.#readParsed(parsed, seen, moment, options);
      if (!isPromise(token) || this.#issuers.size === 0) return token;
      return token.catch((error: unknown) => this.#refuse(parsed, error));
    } catch (error) {
      return this.#refuse(parsed, error);
    }
  }

  #readParsed(
    parsed: ParsedToken,
    seen: SeenToken | undefined,
    moment: Date,
    options: ReadOptions,
  ): Awaitable<Token> {
    const foreign = this.#foreignIssuerOf(parsed.claims);
    this.#checkHeader(parsed, foreign);
    const key = foreign
      ? foreign.keys.find(parsed.header)
      : this.keys.forVerifying(parsed, moment, { request: options.request });
    if (!isPromise(key)) return this.#verify(parsed, key, foreign, moment, options);
    return key.then((found) =>
      seen?.wasVerifiedBy(found)
        ? requireCsrf(seen.token, options)
        : this.#verify(parsed, found, foreign, moment, options, true),
    );
  }

  /** @throws what is given, after a warning if the token's issuer is almost one of `issuers` */
  #refuse({ claims: { iss } }: ParsedToken, error: unknown): never {
    const isOther = typeof iss === 'string' && !this.options.decodeIssuer?.includes(iss);
    if (isOther && error instanceof InvalidTokenError)
      for (const issuer of this.#issuers.values()) issuer.warnIfMisspelt(iss);
    throw error;
  }

  /** What is remembered of a token, if its checks would come to the same result now. */
  #stillGood(encoded: unknown, moment: Date): SeenToken | undefined {
    const seen = this.#seen?.find(encoded);
    return seen?.holds(this.keys.contents, moment, this.options.leeway) ? seen : undefined;
  }

  /** The steps from the signature on. */
  #verify(
    given: ParsedToken,
    key: VerificationKey,
    foreign: ForeignIssuer | undefined,
    moment: Date,
    options: ReadOptions,
    isKeyAsked = false,
  ): Token {
    verifySignature(given, key);
    rememberHeader(given);
    const parsed = this.#seen ? { ...given, encoded: ownCopyOf(given.encoded) } : given;
    const token = this.#checkClaims(parsed, foreign, moment, key.namespace);
    requireCsrf(token, options);
    if (!options.allowExpired) this.#requireUnexpired(token, moment);
    // A refresh token comes once.
    if (this.#seen && token.type === 'access')
      this.#seen.remember(new SeenToken(parsed, token, key, this.keys.contents, isKeyAsked));
    return token;
  }

  /**
   * Checks the same without waiting, for a token that the application hands out: the signature only if the key is in the
   * ring, because a loader or another issuer takes time to give it.
   *
   * @throws InvalidTokenError, ExpiredTokenError, TokenCheckUnavailableError
   */
  readAtOnce(encoded: unknown): { readonly token: Token; readonly isVerified: boolean } {
    const moment = this.clock();
    const parsed = parseToken(encoded, this.options.maxTokenLength);
    const foreign = this.#foreignIssuerOf(parsed.claims);
    this.#checkHeader(parsed, foreign);
    const key = foreign ? undefined : this.keys.inRing(parsed, moment);
    if (key) verifySignature(parsed, key);
    const token = this.#checkClaims(parsed, foreign, moment);
    return { token: this.#requireUnexpired(token, moment), isVerified: key !== undefined };
  }

  /** The claims and the token are frozen: whoever asks for the same token later gets the same objects. */
  #checkClaims(
    { encoded, header, claims }: ParsedToken,
    foreign: ForeignIssuer | undefined,
    moment: Date,
    namespace?: string,
  ): VerifiedToken {
    const now = moment.getTime() / 1000;
    foreign?.requireKind(header, claims);
    const rules = foreign?.rules ?? this.options;
    checkRegisteredClaims(claims, rules, now);
    if (!foreign) grantOf(claims, this.options);
    const token = new VerifiedToken({
      encoded,
      header,
      claims: deepFreeze(claims),
      identity: claims[rules.identityClaim] as string,
      type: foreign ? 'access' : typeOf(claims, rules.acceptForeignTokens),
      fresh: isFresh(claims, now),
      issuer: foreign?.options.issuer,
      namespace,
      [SHARES_REVOCATIONS]: foreign?.options.revocations === 'shared',
    });
    Object.freeze(token);
    return token;
  }

  #requireUnexpired(token: Token, moment: Date): Token {
    if (isExpired(token.claims, this.options.leeway, moment.getTime() / 1000))
      throw new ExpiredTokenError(token);
    return token;
  }

  /** @throws InvalidTokenError - if the module has no key of its own, and the token is of none of its issuers */
  #foreignIssuerOf({ iss }: Claims): ForeignIssuer | undefined {
    const foreign = typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
    if (!foreign && this.keys.algorithms.length === 0) checkIssuer(iss, [...this.#issuers.keys()]);
    return foreign;
  }

  #checkHeader({ header }: ParsedToken, foreign: ForeignIssuer | undefined): void {
    const types = this.options.acceptForeignTokens ? FOREIGN_TYPES : OWN_TYPES;
    if (foreign) checkHeader(header, foreign.options.algorithms, foreign.headerTypes);
    else checkHeader(header, this.keys.algorithms, types);
  }

  /**
   * The token that a caller of a service gives: as text, which is verified, or as a `Token`.
   *
   * @throws TypeError - for anything else
   */
  async readGiven(given: unknown, options: ReadOptions): Promise<Token> {
    if (isVerifiedToken(given)) return given;
    if (typeof given === 'string') return await this.read(given, options);
    throw new TypeError('Give an encoded token, or a token from a guard or decodeToken');
  }

  /** A token's header. Only its form is checked. */
  readUnverifiedHeaders(encoded: unknown): TokenHeader {
    const { header } = parseToken(encoded, this.options.maxTokenLength);
    checkHeaderShape(header);
    return header;
  }
}

const NO_OPTIONS: ReadOptions = {};

function requireCsrf(token: Token, { csrf }: ReadOptions): Token {
  if (csrf !== undefined) requireCsrfMatch(token.claims, csrf);
  return token;
}

/** The `typ`s of tokens under a key of this module; `null` for a header without one. */
const OWN_TYPES: ReadonlySet<string | null> = new Set([null, 'jwt']);
/** RFC 9068 section 2.1. */
const FOREIGN_TYPES: ReadonlySet<string | null> = new Set([...OWN_TYPES, 'at+jwt']);
