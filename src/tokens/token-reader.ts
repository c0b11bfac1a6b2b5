import type { Token, TokenHeader } from '../contracts/token.js';
import { ExpiredTokenError } from '../errors/token-errors.js';
import type { ResolvedTokenOptions } from '../options/token-options.js';
import { grantOf } from './grant.js';
import { checkHeader, checkHeaderShape, parseToken } from './compact-jws.js';
import {
  checkRegisteredClaims,
  isExpired,
  isFresh,
  requireCsrfMatch,
  typeOf,
} from './registered-claims.js';
import { SignatureCache } from './signature-cache.js';
import { verifySignature } from './signature.js';
import type { TokenKeys } from './token-keys.js';
import { isVerifiedToken, VerifiedToken } from './verified-token.js';

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

  constructor(
    private readonly options: ResolvedTokenOptions,
    private readonly keys: TokenKeys,
    private readonly clock: () => Date,
  ) {}

  /**
   * Checks structure, header, signature, registered claims, csrf and expiry, in this order.
   *
   * @throws InvalidTokenError, CsrfError, ExpiredTokenError, TokenCheckUnavailableError
   */
  async read(
    encoded: unknown,
    { request, csrf, allowExpired, isRepeated }: ReadOptions = {},
  ): Promise<Token> {
    const { identityClaim, acceptForeignTokens, leeway, maxTokenLength } = this.options;
    const moment = this.clock();
    const seen = isRepeated ? this.#seen.find(encoded) : undefined;
    const parsed = seen?.parsed ?? parseToken(encoded, maxTokenLength);
    checkHeader(parsed.header, this.keys.algorithms, acceptForeignTokens);
    const key = await this.keys.forVerifying(parsed, moment, { request });
    if (key.key !== seen?.key) {
      verifySignature(parsed, key);
      if (isRepeated) this.#seen.remember(parsed, key.key);
    }

    const now = moment.getTime() / 1000;
    const { header, claims } = parsed;
    checkRegisteredClaims(claims, this.options, now);
    if (key.issuer === undefined) grantOf(claims, this.options);
    const token = new VerifiedToken({
      encoded: parsed.encoded,
      header,
      claims,
      identity: claims[identityClaim] as string,
      type: typeOf(claims, acceptForeignTokens),
      fresh: isFresh(claims, now),
      issuer: key.issuer,
      namespace: key.namespace,
    });
    if (csrf !== undefined) requireCsrfMatch(claims, csrf);
    if (!allowExpired && isExpired(claims, leeway, now)) throw new ExpiredTokenError(token);
    return token;
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
