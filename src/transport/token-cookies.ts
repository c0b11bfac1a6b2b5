import type { HttpAdapterHost } from '@nestjs/core';
import { type SerializeOptions, serialize } from 'cookie';
import type { HttpResponse } from '../contracts/http.js';
import type { Duration, Token, TokenType } from '../contracts/token.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { parseDuration } from '../options/duration.js';
import { csrfClaimOf } from '../tokens/csrf-claim.js';
import type { TokenReader } from '../tokens/token-reader.js';

/** How long a persistent cookie of a token that never expires is kept, in seconds: Flask-JWT-Extended's year. */
const ONE_YEAR = 31_540_000;

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
    private readonly options: ResolvedOptions,
    private readonly reader: TokenReader,
    private readonly host: HttpAdapterHost,
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
    this.#unset('access', response, options);
  }

  /** Clears the refresh token's cookies. Flask: `unset_refresh_cookies`. */
  async unsetRefreshCookies(response: HttpResponse, options?: UnsetCookieOptions): Promise<void> {
    this.#unset('refresh', response, options);
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
    const token = await this.reader.read(encoded);
    if (token.type !== type)
      throw new TypeError(`This is no ${type} token: it belongs into the other cookie`);
    const csrf = this.#carriesCsrf ? csrfClaimOf(token.claims) : undefined;
    const { cookie, csrfCookie } = this.options.carriers[type];
    const attributes = {
      maxAge:
        options.maxAge === undefined
          ? this.#defaultMaxAge(token)
          : parseDuration(options.maxAge, 'maxAge', TypeError),
      domain: options.domain,
    };
    this.#append(response, cookie, encoded, { ...attributes, httpOnly: true });
    if (csrf !== undefined) this.#append(response, csrfCookie, csrf, attributes);
    this.#forbidStoring(response);
  }

  #unset(type: TokenType, response: HttpResponse, { domain }: UnsetCookieOptions = {}): void {
    const { cookie, csrfCookie } = this.options.carriers[type];
    const attributes = { domain, maxAge: 0, expires: new Date(0) };
    this.#append(response, cookie, '', { ...attributes, httpOnly: true });
    if (this.#carriesCsrf) this.#append(response, csrfCookie, '', attributes);
    this.#forbidStoring(response);
  }

  /** Seconds; `undefined` for a cookie that ends with the browser's session. */
  #defaultMaxAge({ expiresAt }: Token): number | undefined {
    if (this.options.cookies.session) return undefined;
    if (!expiresAt) return ONE_YEAR;
    return Math.max(0, Math.floor((expiresAt.getTime() - this.options.clock().getTime()) / 1000));
  }

  get #carriesCsrf(): boolean {
    return this.options.csrf.protect && this.options.csrf.inCookies;
  }

  #append(
    response: HttpResponse,
    { name, path }: { name: string; path: string },
    value: string,
    attributes: SerializeOptions,
  ): void {
    const { domain, secure, sameSite } = this.options.cookies;
    const settings = { path, secure, sameSite, ...attributes, domain: attributes.domain ?? domain };
    this.host.httpAdapter.appendHeader(response, 'Set-Cookie', serialize(name, value, settings));
  }

  /** What holds a token must not stay in a cache (RFC 6749 section 5.1). */
  #forbidStoring(response: HttpResponse): void {
    this.host.httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    this.host.httpAdapter.setHeader(response, 'Pragma', 'no-cache');
  }
}
