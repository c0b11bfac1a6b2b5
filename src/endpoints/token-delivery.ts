import type { HttpAdapterHost } from '@nestjs/core';
import type { HttpResponse } from '../contracts/http.js';
import type { JwtContext, TokenPair } from '../contracts/token.js';
import type { Answer } from '../errors/token.error.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { setHeaders } from '../http/callback-response.js';
import type { TokenCookies } from '../http/token-cookies.js';

/** How tokens come to the client: the way they are to come back. */
export class TokenDelivery {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly cookies: TokenCookies,
    private readonly host: HttpAdapterHost,
  ) {}

  /**
   * Sets the cookies of a pair where cookies are the first location, or where the token came in one that it is given
   * for; whoever keeps tokens from scripts does not want them in a body.
   *
   * @param presented - the token that the pair was given for, if it was
   * @param done - what a body without tokens says
   * @returns the body
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

  /** Clears the cookies, where tokens may come in them. */
  async clear(response: HttpResponse): Promise<void> {
    if (this.options.locations.includes('cookies')) await this.cookies.unsetCookies(response);
  }

  /** Says the application's own answer; its body is what the handler is to return. */
  say({ status, headers, body }: Answer, response: HttpResponse): unknown {
    const { httpAdapter } = this.host;
    httpAdapter.status(response, status);
    setHeaders(httpAdapter, response, headers);
    return body;
  }
}
