import type { Claims, Token, TokenHeader } from '../contracts/token.js';
import { ExpiredTokenError } from '../errors/token-errors.js';
import type { ResolvedTokenOptions } from '../options/token-options.js';
import { grantOf } from './grant.js';
import { checkHeader, checkHeaderShape, type ParsedToken, parseToken } from './compact-jws.js';
import type { ForeignIssuer } from './foreign-issuer.js';
import {
  checkIssuer,
  checkRegisteredClaims,
  isExpired,
  isFresh,
  requireCsrfMatch,
  typeOf,
} from './registered-claims.js';
import { SignatureCache } from './signature-cache.js';
import { verifySignature } from './signature.js';
import type { TokenKeys } from './token-keys.js';
import { isVerifiedToken, SHARES_REVOCATIONS, VerifiedToken } from './verified-token.js';

export interface ReadOptions {
  /** For the `decodeKey` loader. */
  readonly request?: unknown;
  /** The csrf value that must match the token's claim. */
  readonly csrf?: string | undefined;
  /** Whether to remember the verified signature, since a client sends the same token with every request. */
  readonly isRepeated?: boolean | undefined;
  /** Accepts an expired token, too. */
  readonly allowExpired?: boolean | undefined;
}

/** Verifies an encoded token: everything but its revocation. */
export class TokenReader {
  readonly #seen = new SignatureCache();
  readonly #issuers: ReadonlyMap<string, ForeignIssuer>;

  constructor(
    private readonly options: ResolvedTokenOptions,
    private readonly keys: TokenKeys,
    issuers: readonly ForeignIssuer[],
    private readonly clock: () => Date,
  ) {
    this.#issuers = new Map(issuers.map((each) => [each.options.issuer, each]));
  }

  /**
   * Checks structure, header, signature, registered claims, csrf and expiry, in this order. The claim `iss` says whose
   * keys and rules count: those of another issuer, or the module's own.
   *
   * @throws InvalidTokenError, CsrfError, ExpiredTokenError, TokenCheckUnavailableError
   */
  async read(
    encoded: unknown,
    { request, csrf, allowExpired, isRepeated }: ReadOptions = {},
  ): Promise<Token> {
    const moment = this.clock();
    const seen = isRepeated ? this.#seen.find(encoded) : undefined;
    const parsed = seen?.parsed ?? parseToken(encoded, this.options.maxTokenLength);
    const foreign = this.#foreignIssuerOf(parsed.claims);
    this.#checkHeader(parsed, foreign);
    const key = await (foreign
      ? foreign.keys.find(parsed.header)
      : this.keys.forVerifying(parsed, moment, { request }));
    if (key.key !== seen?.key) {
      verifySignature(parsed, key);
      if (isRepeated) this.#seen.remember(parsed, key.key);
    }
    return this.#checkClaims(parsed, foreign, moment, { csrf, allowExpired }, key.namespace);
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
    return { token: this.#checkClaims(parsed, foreign, moment), isVerified: key !== undefined };
  }

  /** The steps after the signature. */
  #checkClaims(
    { encoded, header, claims }: ParsedToken,
    foreign: ForeignIssuer | undefined,
    moment: Date,
    { csrf, allowExpired }: Pick<ReadOptions, 'csrf' | 'allowExpired'> = {},
    namespace?: string,
  ): Token {
    const now = moment.getTime() / 1000;
    foreign?.requireKind(header, claims);
    const rules = foreign?.rules ?? this.options;
    checkRegisteredClaims(claims, rules, now);
    if (!foreign) grantOf(claims, this.options);
    const token = new VerifiedToken({
      encoded,
      header,
      claims,
      identity: claims[rules.identityClaim] as string,
      type: foreign ? 'access' : typeOf(claims, rules.acceptForeignTokens),
      fresh: isFresh(claims, now),
      issuer: foreign?.options.issuer,
      namespace,
      [SHARES_REVOCATIONS]: foreign?.options.revocations === 'shared',
    });
    if (csrf !== undefined) requireCsrfMatch(claims, csrf);
    if (!allowExpired && isExpired(claims, rules.leeway, now)) throw new ExpiredTokenError(token);
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
    if (typeof given === 'string') return this.read(given, options);
    throw new TypeError('Give an encoded token, or a token from a guard or decodeToken');
  }

  /** A token's header. Only its form is checked. */
  readUnverifiedHeaders(encoded: unknown): TokenHeader {
    const { header } = parseToken(encoded, this.options.maxTokenLength);
    checkHeaderShape(header);
    return header;
  }
}

/** The `typ`s of tokens under a key of this module; `null` for a header without one. */
const OWN_TYPES: ReadonlySet<string | null> = new Set([null, 'jwt']);
/** RFC 9068 section 2.1. */
const FOREIGN_TYPES: ReadonlySet<string | null> = new Set([...OWN_TYPES, 'at+jwt']);
