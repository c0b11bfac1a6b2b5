import type { HttpAdapterHost } from '@nestjs/core';
import { serialize, type SerializeOptions } from 'cookie';
import { parseDuration } from '../common/duration.js';
import type { HttpResponse } from '../contracts/http.js';
import type { Duration, Token, TokenType } from '../contracts/token.js';
import { type ErrorRenderer, rendering } from '../errors/token.error.js';
import type { TokenCarrier } from '../options/location-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { Grant } from '../tokens/grant.js';
import { csrfClaimOf } from '../tokens/registered-claims.js';
import type { TokenMint } from '../tokens/token-mint.js';
import type { TokenReader } from '../tokens/token-reader.js';

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
 * cookie, which scripts can read. The response gets `Cache-Control: no-store`.
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
    private readonly renderer: ErrorRenderer,
    private readonly mint: TokenMint,
  ) {}

  /**
   * Sets the cookie of an access token and its CSRF cookie. Flask: `set_access_cookies`.
   *
   * @throws InvalidTokenError, ExpiredTokenError - if the token is invalid or has expired
   * @throws TypeError - if it is a refresh token, or if `maxAge` is not a duration
   */
  async setAccessCookies(
    response: HttpResponse,
    encoded: string,
    options?: SetCookieOptions,
  ): Promise<void> {
    await rendering(this.renderer, () => this.#set('access', response, encoded, options));
  }

  /** Sets the cookie of a refresh token and its CSRF cookie. Flask: `set_refresh_cookies`. */
  async setRefreshCookies(
    response: HttpResponse,
    encoded: string,
    options?: SetCookieOptions,
  ): Promise<void> {
    await rendering(this.renderer, () => this.#set('refresh', response, encoded, options));
  }

  /** Clears the access token's cookie and its CSRF cookie. Flask: `unset_access_cookies`. */
  async unsetAccessCookies(response: HttpResponse, options?: UnsetCookieOptions): Promise<void> {
    this.writer.unset('access', response, options?.domain);
  }

  /** Clears the refresh token's cookie and its CSRF cookie. Flask: `unset_refresh_cookies`. */
  async unsetRefreshCookies(response: HttpResponse, options?: UnsetCookieOptions): Promise<void> {
    this.writer.unset('refresh', response, options?.domain);
  }

  /** Clears the cookies of both tokens, as a logout does. Flask: `unset_jwt_cookies`. */
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
    const token = await this.reader.read(encoded, { request: requestOf(response) });
    if (token.type !== type)
      throw new TypeError(`The token is not of type ${type}: set it as a cookie of its own type`);
    const csrf = this.writer.carriesCsrf ? csrfClaimOf(token.claims) : undefined;
    const maxAge =
      options.maxAge === undefined
        ? this.writer.maxAgeOf(token)
        : parseDuration(options.maxAge, 'maxAge', TypeError);
    const delivered = this.#asDelivered(token, maxAge !== undefined && maxAge > 0);
    const content = { encoded: delivered.encoded, csrf };
    this.writer.set(type, response, content, { maxAge, domain: options.domain });
  }

  /**
   * The token as the cookie holds it. If sessions have an end, a token of a session says that it was delivered in a cookie,
   * so that only such tokens are renewed there. If the browser is to keep the cookie, the cookies of later tokens are kept, too.
   */
  #asDelivered(token: Token, isKept: boolean): Token {
    const { grant = {} } = token.claims as { readonly grant?: Grant };
    const isMarked = !this.writer.isRenewing || token.sessionId === undefined || grant.cookie;
    const isRemembered = !isKept || this.writer.remembers(token);
    if (isMarked && isRemembered) return token;
    const remember = isRemembered ? {} : { remember: true };
    return this.mint.withGrant(token, { ...grant, ...remember, cookie: true }) ?? token;
  }
}

/** For the `decodeKey` loader: what Express calls `req`, and Fastify `request`. */
function requestOf(response: HttpResponse): unknown {
  const { req, request = req } = response as { req?: unknown; request?: unknown };
  return request;
}

/** Seconds that the browser keeps a persistent cookie of a token without `exp`, as in Flask-JWT-Extended. */
const ONE_YEAR = 31_540_000;

/** Writes `Set-Cookie` headers and records which cookies each response got. */
export class CookieWriter {
  readonly #touched = { access: new WeakSet(), refresh: new WeakSet() };

  constructor(
    private readonly options: ResolvedOptions,
    private readonly host: HttpAdapterHost,
  ) {}

  /** Whether a CSRF cookie is set together with each token cookie. */
  get carriesCsrf(): boolean {
    return this.options.csrf.protect && this.options.csrf.inCookies;
  }

  /** Whether access tokens in cookies may be renewed there. */
  get isRenewing(): boolean {
    return this.options.sessions.lifetime !== undefined;
  }

  /** Writes the cookie of a token and, if `csrf` is given, its CSRF cookie. */
  set(
    type: TokenType,
    response: HttpResponse,
    { encoded, csrf }: { readonly encoded: string; readonly csrf: string | undefined },
    attributes: Pick<SerializeOptions, 'domain' | 'maxAge' | 'expires'>,
  ): void {
    const { cookie, csrfCookie } = this.options.carriers[type];
    this.#append(response, cookie, encoded, { ...attributes, httpOnly: true });
    if (csrf !== undefined) this.#append(response, csrfCookie, csrf, attributes);
    // A response that holds a token must not be cached (RFC 6749 section 5.1).
    this.host.httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    this.host.httpAdapter.setHeader(response, 'Pragma', 'no-cache');
  }

  unset(type: TokenType, response: HttpResponse, domain: string | undefined): void {
    this.touch(type, response);
    const gone = { domain, maxAge: 0, expires: new Date(0) };
    this.set(type, response, { encoded: '', csrf: this.carriesCsrf ? '' : undefined }, gone);
  }

  /** Seconds that the browser keeps a cookie; `undefined` for a session cookie. */
  maxAgeOf(token: Token): number | undefined {
    const { expiresAt } = token;
    if (!this.remembers(token)) return undefined;
    if (!expiresAt) return ONE_YEAR;
    return Math.max(0, Math.floor((expiresAt.getTime() - this.options.clock().getTime()) / 1000));
  }

  /** Whether the browser keeps the cookie of a token after it is closed, unless a call says otherwise. */
  remembers({ claims }: Token): boolean {
    const { remember = !this.options.cookies.session } = (claims.grant ?? {}) as Grant;
    return remember;
  }

  /** Records that a caller is about to write cookies, which may take some time. */
  touch(type: TokenType, response: HttpResponse): void {
    this.#touched[type].add(response);
  }

  /** Whether cookies of these names were written to the response, by any means, or are about to be. */
  isTouched(type: TokenType, response: HttpResponse): boolean {
    const { cookie, csrfCookie } = this.options.carriers[type];
    const names = [cookie.name, csrfCookie.name];
    const lines = [response.getHeader('set-cookie') ?? []].flat().map(String);
    const written = [...lines.map(nameIn), ...namesKeptBack(response)];
    return this.#touched[type].has(response) || written.some((name) => names.includes(name));
  }

  #append(
    response: HttpResponse,
    { name, path }: TokenCarrier['cookie'],
    value: string,
    attributes: SerializeOptions,
  ): void {
    const { domain, secure, sameSite } = this.options.cookies;
    const settings = { path, secure, sameSite, ...attributes, domain: attributes.domain ?? domain };
    this.host.httpAdapter.appendHeader(response, 'Set-Cookie', serialize(name, value, settings));
  }
}

/** `@fastify/cookie` writes its cookies when the response is sent; until then it keeps them under a symbol. */
function namesKeptBack(response: HttpResponse): readonly string[] {
  const symbol = Object.getOwnPropertySymbols(response).find(
    ({ description }) => description === 'fastify.reply.setCookies',
  );
  const kept: unknown = symbol && Reflect.get(response, symbol);
  return kept instanceof Map ? Array.from(kept.values(), ({ name }: { name: string }) => name) : [];
}

function nameIn(line: string): string {
  return line.slice(0, Math.max(0, line.indexOf('='))).trim();
}
