import type { Awaitable } from '../contracts/awaitable.js';
import type { Claims, Token, TokenHeader } from '../contracts/token.js';
import { ExpiredTokenError } from '../errors/token-errors.js';
import type { VerificationKey } from '../keys/ring-key.js';
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
    const key = await (foreign
      ? findForeignKey(parsed, foreign)
      : this.#findOwnKey(parsed, moment, request));
    if (key.key !== seen?.key) {
      verifySignature(parsed, key);
      if (isRepeated) this.#seen.remember(parsed, key.key);
    }

    const now = moment.getTime() / 1000;
    const { header, claims } = parsed;
    foreign?.requireKind(header, claims);
    const rules = foreign?.rules ?? this.options;
    checkRegisteredClaims(claims, rules, now);
    if (!foreign) grantOf(claims, this.options);
    const token = new VerifiedToken({
      encoded: parsed.encoded,
      header,
      claims,
      identity: claims[rules.identityClaim] as string,
      type: foreign ? 'access' : typeOf(claims, rules.acceptForeignTokens),
      fresh: isFresh(claims, now),
      issuer: foreign?.options.issuer,
      namespace: key.namespace,
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

  #findOwnKey(parsed: ParsedToken, now: Date, request: unknown): Awaitable<VerificationKey> {
    const types = this.options.acceptForeignTokens ? FOREIGN_TYPES : OWN_TYPES;
    checkHeader(parsed.header, this.keys.algorithms, types);
    return this.keys.forVerifying(parsed, now, { request });
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

function findForeignKey(
  { header }: ParsedToken,
  { options, headerTypes, keys }: ForeignIssuer,
): Promise<VerificationKey> {
  checkHeader(header, options.algorithms, headerTypes);
  return keys.find(header);
}
