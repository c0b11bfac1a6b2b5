import type { HttpResponse } from '../contracts/http.js';
import type { Duration, TokenType } from '../contracts/token.js';
import { parseDuration } from '../common/duration.js';
import { csrfClaimOf } from '../tokens/registered-claims.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type { CookieWriter } from './cookie-writer.js';

/** What may differ from the options when a cookie is set. */
export interface SetCookieOptions {
  /** How long the browser keeps the cookie. */
  maxAge?: Duration;
  /** The cookie's domain. */
  domain?: string;
}

/** What may differ from the options when a cookie is cleared. */
export interface UnsetCookieOptions {
  /** The domain the cookie was set with. */
  domain?: string;
}

/**
 * Puts tokens into cookies and takes them out again, on Express and on Fastify alike and with no cookie plug-in.
 * The csrf value goes with them in a cookie that scripts can read, and `Cache-Control: no-store` with all of it.
 *
 * @example
 * ```ts
 * @Post('login')
 * async login(@Res({ passthrough: true }) response: Response) {
 *   const { accessToken } = await this.tokens.createTokenPair('alice', { fresh: true });
 *   await this.cookies.setAccessCookies(response, accessToken);
 * }
 * ```
 */
export class TokenCookies {
  /** @internal */
  constructor(
    private readonly reader: TokenReader,
    private readonly writer: CookieWriter,
  ) {}

  /**
   * Sets the access token's cookie, and its csrf cookie. Flask: `set_access_cookies`.
   *
   * @throws InvalidTokenError, ExpiredTokenError - if the token would be refused anyway
   */
  async setAccessCookies(
    response: HttpResponse,
    encoded: string,
    options?: SetCookieOptions,
  ): Promise<void> {
    await this.#set('access', response, encoded, options);
  }

  /** Sets the refresh token's cookie, and its csrf cookie. Flask: `set_refresh_cookies`. */
  async setRefreshCookies(
    response: HttpResponse,
    encoded: string,
    options?: SetCookieOptions,
  ): Promise<void> {
    await this.#set('refresh', response, encoded, options);
  }

  /** Clears the access token's cookies. Flask: `unset_access_cookies`. */
  async unsetAccessCookies(response: HttpResponse, options?: UnsetCookieOptions): Promise<void> {
    this.writer.unset('access', response, options?.domain);
  }

  /** Clears the refresh token's cookies. Flask: `unset_refresh_cookies`. */
  async unsetRefreshCookies(response: HttpResponse, options?: UnsetCookieOptions): Promise<void> {
    this.writer.unset('refresh', response, options?.domain);
  }

  /** Clears all cookies of both tokens: what a logout does. Flask: `unset_jwt_cookies`. */
  async unsetCookies(response: HttpResponse, options?: UnsetCookieOptions): Promise<void> {
    await this.unsetAccessCookies(response, options);
    await this.unsetRefreshCookies(response, options);
  }

  async #set(
    type: TokenType,
    response: HttpResponse,
    encoded: string,
    options: SetCookieOptions = {},
  ): Promise<void> {
    this.writer.touch(type, response);
    const token = await this.reader.read(encoded);
    if (token.type !== type)
      throw new TypeError(`This is no ${type} token: it belongs into the other cookie`);
    const csrf = this.writer.carriesCsrf ? csrfClaimOf(token.claims) : undefined;
    const maxAge =
      options.maxAge === undefined
        ? this.writer.maxAgeOf(token)
        : parseDuration(options.maxAge, 'maxAge', TypeError);
    this.writer.set(type, response, { encoded, csrf }, { maxAge, domain: options.domain });
  }
}
