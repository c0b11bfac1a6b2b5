import { isDeepStrictEqual } from 'node:util';
import type { HttpAdapterHost } from '@nestjs/core';
import type { HttpRequest, HttpResponse } from '../contracts/http.js';
import type { JwtContext, Token, TokenPair } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { Answer } from '../errors/token.error.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { TokenReader } from '../tokens/token-reader.js';
import { setHeaders } from '../http/callback-response.js';
import { cookieValues } from '../http/token-cookie.js';
import type { TokenCookies } from '../http/token-cookies.js';

interface DeliveryParts {
  readonly options: ResolvedOptions;
  readonly cookies: TokenCookies;
  readonly reader: TokenReader;
  readonly host: HttpAdapterHost;
}

/** Sends tokens to the client in the location in which the client sends them back. */
export class TokenDelivery {
  constructor(private readonly parts: DeliveryParts) {}

  /**
   * Sets the pair as cookies if the presented token came in a cookie or, at a login, if `cookies` is the first location; the
   * body then has no tokens, so that scripts cannot read them. Otherwise the tokens are in the body.
   *
   * @param done - the message of a body without tokens
   * @param presented - the refresh token that the pair replaces; absent at a login
   */
  async deliver(
    pair: TokenPair,
    response: HttpResponse,
    done: string,
    presented?: JwtContext,
  ): Promise<object> {
    const { accessToken, refreshToken } = pair;
    const location = presented ? presented.location : this.parts.options.locations[0];
    if (location !== 'cookies') return { access_token: accessToken, refresh_token: refreshToken };
    this.parts.cookies.setPair(response, pair);
    return { msg: done };
  }

  /**
   * Clears the cookies of a token that came in one, and those of the other type, unless they hold a token of another user:
   * the CSRF value did not speak for that one.
   */
  async clear(token: Token, request: HttpRequest, response: HttpResponse): Promise<void> {
    const { cookies } = this.parts;
    const isForeign = await this.#holdsForeign(token, request);
    if (token.type === 'access' || !isForeign) cookies.unsetAccessCookies(response);
    if (token.type === 'refresh' || !isForeign) cookies.unsetRefreshCookies(response);
  }

  async #holdsForeign(token: Token, request: HttpRequest): Promise<boolean> {
    const other = token.type === 'access' ? 'refresh' : 'access';
    const { name } = this.parts.options.carriers[other].cookie;
    for (const encoded of cookieValues(request, name))
      if (await this.#isForeign(encoded, token, request)) return true;
    return false;
  }

  async #isForeign(
    encoded: string,
    { identity, namespace }: Token,
    request: HttpRequest,
  ): Promise<boolean> {
    try {
      const found = await this.parts.reader.read(encoded, { allowExpired: true, request });
      return !isDeepStrictEqual([found.identity, found.namespace], [identity, namespace]);
    } catch (error) {
      return !(error instanceof InvalidTokenError);
    }
  }

  /** Sends the status and headers of an answer of the application. The handler returns the body. */
  send({ status, headers, body }: Answer, response: HttpResponse): unknown {
    const { httpAdapter } = this.parts.host;
    httpAdapter.status(response, status);
    setHeaders(httpAdapter, response, headers);
    return body;
  }
}
