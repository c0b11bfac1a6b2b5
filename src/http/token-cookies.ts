import { checkDomain, optional } from '../common/checks.js';
import { kindOf } from '../common/describe.js';
import { parseDuration } from '../common/duration.js';
import { checkCallOptions } from '../common/read-options.js';
import type { HttpResponse } from '../contracts/http.js';
import type { Duration, Token, TokenPair, TokenType } from '../contracts/token.js';
import { type ErrorRenderer, withRenderer } from '../errors/token.error.js';
import type { Grant } from '../tokens/grant.js';
import type { TokenMint } from '../tokens/token-mint.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type { CookieWriter } from './cookie-writer.js';

/** Options of one call that sets cookies. They replace the options of the module. */
export interface SetCookieOptions {
  /**
   * How long the browser keeps the cookie. If it keeps it at all, it keeps those that a refresh sets, too, for as long as their
   * tokens live; if a loader gives the keys, say so by `remember` of `createTokenPair` instead.
   */
  maxAge?: Duration;
  /** The cookie's domain. */
  domain?: string;
}

/** Options of one call that clears cookies. They replace the options of the module. */
export interface UnsetCookieOptions {
  /** The domain that the cookie was set with. */
  domain?: string;
}

/**
 * Sets and clears token cookies, on Express and Fastify, without a cookie plug-in. The CSRF value is set as a second
 * cookie, which scripts can read. The response gets `Cache-Control: no-store`. All methods are synchronous; a method that
 * throws has set and cleared nothing.
 *
 * Give only tokens of your own: if a loader or another issuer has their key, the signature is not verified before a guard
 * reads the cookie.
 *
 * @example
 * ```ts
 * @Post('login')
 * async login(@Res({ passthrough: true }) response: Response) {
 *   const pair = await this.tokens.createTokenPair('alice', { fresh: true });
 *   this.cookies.setPair(response, pair);
 * }
 * ```
 */
export class TokenCookies {
  /** @internal */
  constructor(
    private readonly reader: TokenReader,
    private readonly writer: CookieWriter,
    private readonly renderer: ErrorRenderer,
    private readonly mint: TokenMint,
  ) {}

  /**
   * Sets the cookie of an access token and its CSRF cookie. Flask: `set_access_cookies`.
   *
   * @throws InvalidTokenError, ExpiredTokenError - if the token is invalid or has expired
   * @throws TokenCreationError - if a cookie is longer than 4096 bytes, which browsers drop
   * @throws JwtExtendedConfigError - for a mistake in the options
   * @throws TypeError - if it is no token or a refresh token, or if there is no response
   * @throws Error - if the headers of the response have been sent
   *
   * @example
   * ```ts
   * cookies.setAccessCookies(response, accessToken, { maxAge: '1d' });
   * ```
   */
  setAccessCookies(response: HttpResponse, encoded: string, options?: SetCookieOptions): void {
    this.#set('setAccessCookies', response, [['access', encoded]], options);
  }

  /**
   * Sets the cookie of a refresh token and its CSRF cookie. Flask: `set_refresh_cookies`.
   *
   * @throws as {@link TokenCookies.setAccessCookies}
   *
   * @example
   * ```ts
   * cookies.setRefreshCookies(response, refreshToken, { maxAge: '30d' });
   * ```
   */
  setRefreshCookies(response: HttpResponse, encoded: string, options?: SetCookieOptions): void {
    this.#set('setRefreshCookies', response, [['refresh', encoded]], options);
  }

  /**
   * Sets the cookies of both tokens, or none if one of them cannot be set.
   *
   * @param pair - what `createTokenPair` or `rotateRefreshToken` returned
   * @throws as {@link TokenCookies.setAccessCookies}
   *
   * @example
   * ```ts
   * cookies.setPair(response, await tokens.createTokenPair('alice'));
   * ```
   */
  setPair(
    response: HttpResponse,
    pair: Pick<TokenPair, 'accessToken' | 'refreshToken'>,
    options?: SetCookieOptions,
  ): void {
    const { accessToken, refreshToken } = Object(pair) as typeof pair;
    const given = [
      ['access', accessToken],
      ['refresh', refreshToken],
    ] as const;
    this.#set('setPair', response, given, options);
  }

  /** Clears the access token's cookie and its CSRF cookie. Flask: `unset_access_cookies`. */
  unsetAccessCookies(response: HttpResponse, options?: UnsetCookieOptions): void {
    this.#unset('unsetAccessCookies', response, ['access'], options);
  }

  /** Clears the refresh token's cookie and its CSRF cookie. Flask: `unset_refresh_cookies`. */
  unsetRefreshCookies(response: HttpResponse, options?: UnsetCookieOptions): void {
    this.#unset('unsetRefreshCookies', response, ['refresh'], options);
  }

  /** Clears the cookies of both tokens, as a logout does. Flask: `unset_jwt_cookies`. */
  unsetCookies(response: HttpResponse, options?: UnsetCookieOptions): void {
    this.#unset('unsetCookies', response, ['access', 'refresh'], options);
  }

  #set(
    method: string,
    response: HttpResponse,
    given: readonly (readonly [type: TokenType, encoded: unknown])[],
    options: SetCookieOptions = {},
  ): void {
    checkCallOptions(options, method, ['maxAge', 'domain']);
    const maxAge = optional(options.maxAge, 'maxAge', parseDuration);
    const domain = optional(options.domain, 'domain', checkDomain);
    try {
      const tokens = given.map(([type, encoded]) => this.#asDelivered(type, encoded, maxAge));
      this.writer.set(response, tokens, { maxAge, domain });
    } catch (error) {
      throw withRenderer(this.renderer, error);
    }
  }

  #unset(
    method: string,
    response: HttpResponse,
    types: readonly TokenType[],
    options: UnsetCookieOptions = {},
  ): void {
    checkCallOptions(options, method, ['domain']);
    this.writer.unset(response, types, optional(options.domain, 'domain', checkDomain));
  }

  /**
   * The token as the cookie holds it. If sessions have an end, a token of a session says that it was delivered in a cookie,
   * so that only such tokens are renewed there. If the browser is to keep the cookie, the cookies of later tokens are kept, too.
   * A token whose signature was not verified stays as it is: a new signature would make a good token of a forged one.
   */
  #asDelivered(type: TokenType, encoded: unknown, maxAge: number | undefined): Token {
    const { token, isVerified } = this.#read(type, encoded);
    const { grant = {} } = token.claims as { readonly grant?: Grant };
    const isMarked = !this.writer.isRenewing || token.sessionId === undefined || grant.cookie;
    const isRemembered = !maxAge || this.writer.remembers(token);
    if (!isVerified || (isMarked && isRemembered)) return token;
    const remember = isRemembered ? {} : { remember: true };
    return this.mint.withGrant(token, { ...grant, ...remember, cookie: true }) ?? token;
  }

  #read(type: TokenType, encoded: unknown): ReturnType<TokenReader['readAtOnce']> {
    if (typeof encoded !== 'string') {
      const hint = encoded instanceof Promise ? ': await the call that makes it' : '';
      throw new TypeError(`The ${type} token must be text, not ${kindOf(encoded)}${hint}`);
    }
    const read = this.reader.readAtOnce(encoded);
    if (read.token.type === type) return read;
    throw new TypeError(`The token is not of type ${type}: set it as a cookie of its own type`);
  }
}
