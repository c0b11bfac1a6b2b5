import type { HttpAdapterHost } from '@nestjs/core';
import type { HttpResponse } from '../contracts/http.js';
import type { JwtContext, TokenPair } from '../contracts/token.js';
import type { Answer } from '../errors/token.error.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { setHeaders } from '../http/callback-response.js';
import type { TokenCookies } from '../http/token-cookies.js';

/** Sends tokens to the client in the location in which the client sends them back. */
export class TokenDelivery {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly cookies: TokenCookies,
    private readonly host: HttpAdapterHost,
  ) {}

  /**
   * Sets the pair as cookies if `cookies` is the first location, or if the presented token came in a cookie; the body then
   * has no tokens, so that scripts cannot read them. Otherwise the tokens are in the body.
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
    if (this.options.locations[0] !== 'cookies' && presented?.location !== 'cookies')
      return { access_token: accessToken, refresh_token: refreshToken };
    await this.cookies.setAccessCookies(response, accessToken);
    await this.cookies.setRefreshCookies(response, refreshToken);
    return { msg: done };
  }

  async clear(response: HttpResponse): Promise<void> {
    await this.cookies.unsetCookies(response);
  }

  /** Sends the status and headers of an answer of the application. The handler returns the body. */
  send({ status, headers, body }: Answer, response: HttpResponse): unknown {
    const { httpAdapter } = this.host;
    httpAdapter.status(response, status);
    setHeaders(httpAdapter, response, headers);
    return body;
  }
}
