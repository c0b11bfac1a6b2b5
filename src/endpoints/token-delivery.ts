import { isDeepStrictEqual } from 'node:util';
import type { HttpAdapterHost } from '@nestjs/core';
import type { HttpRequest, HttpResponse } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { JwtContext, Token, TokenPair, TokenType } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import { type Answer, TokenError } from '../errors/token.error.js';
import type { EndpointPlan } from '../options/endpoint-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { REQUIRED, type RequiredPolicy } from '../route/policy-metadata.js';
import { grantOf, writtenGrant } from '../tokens/grant.js';
import { sessionIdOf } from '../tokens/session.js';
import type { TokenMint } from '../tokens/token-mint.js';
import type { TokenReader } from '../tokens/token-reader.js';
import { setHeaders } from '../http/callback-response.js';
import { cookieValues, presentedCsrf } from '../http/token-cookie.js';
import type { TokenCookies } from '../http/token-cookies.js';

interface DeliveryParts {
  readonly options: ResolvedOptions;
  readonly cookies: TokenCookies;
  readonly reader: TokenReader;
  readonly mint: TokenMint;
  readonly host: HttpAdapterHost;
}

/** A refresh token that is exchanged for a pair, and its request. */
interface Refreshing {
  readonly token: JwtContext;
  readonly request: HttpRequest;
}

/** Where a token may come from that is exchanged for cookies: no link and no form of another site reaches these. */
const UNFORGEABLE: readonly JwtContext['location'][] = ['cookies', 'headers', 'json'];

/** Sends tokens to the client in the location in which the client sends them back. */
export class TokenDelivery {
  constructor(
    private readonly parts: DeliveryParts,
    readonly plan: EndpointPlan,
  ) {}

  /**
   * The pair as it is delivered. An access token for the body beside a refresh token for a cookie must not say that it was
   * delivered in a cookie itself: a thief could have it renewed in one.
   */
  async prepare(pair: TokenPair, request: HttpRequest, presented?: JwtContext): Promise<TokenPair> {
    const { options, reader, mint } = this.parts;
    const { access, refresh } = await this.#waysFor(presented && { token: presented, request });
    const isSplit = access === 'body' && refresh === 'cookie';
    if (!isSplit || options.sessions.lifetime === undefined) return pair;
    const token = await reader.read(pair.accessToken, { request, allowExpired: true });
    const { cookie, ...grant } = grantOf(token.claims, options.token);
    const unmarked = cookie && mint.withGrant(token, writtenGrant(grant));
    return unmarked ? { ...pair, accessToken: unmarked.encoded } : pair;
  }

  /**
   * Sends each token of a pair in the body or as a cookie, which scripts cannot read.
   *
   * @param done - the message of a body without tokens
   * @param from - the refresh token that the pair replaces, and its request; absent at a login
   */
  async deliver(
    pair: TokenPair,
    response: HttpResponse,
    done: string,
    from?: Refreshing,
  ): Promise<object> {
    const { accessToken, refreshToken } = pair;
    const { cookies } = this.parts;
    const { access, refresh } = await this.#waysFor(from);
    if (access === 'cookie' && refresh === 'cookie') {
      cookies.setPair(response, pair);
      return { msg: done };
    }
    if (access === 'cookie') cookies.setAccessCookies(response, accessToken);
    if (refresh === 'cookie') cookies.setRefreshCookies(response, refreshToken);
    return {
      ...(access === 'body' && { access_token: accessToken }),
      ...(refresh === 'body' && { refresh_token: refreshToken }),
    };
  }

  /**
   * Tokens go back the way they came, unless `deliver` says otherwise. No token takes the place of a cookie whose CSRF value
   * was not matched.
   */
  async #waysFor(from: Refreshing | undefined): Promise<EndpointPlan['delivered']> {
    const { delivered, isDeliveryChosen } = this.plan;
    if (!from) return delivered;
    const { location } = from.token;
    const back = location === 'cookies' ? 'cookie' : 'body';
    if (!isDeliveryChosen || !UNFORGEABLE.includes(location))
      return { access: back, refresh: back };
    if (location === 'cookies') return delivered;
    return {
      access: (await this.#isFree('access', from)) ? delivered.access : 'body',
      refresh: (await this.#isFree('refresh', from)) ? delivered.refresh : 'body',
    };
  }

  /** Whether the request has no cookie for tokens of this type, or one of the same session with its CSRF value. */
  async #isFree(type: TokenType, { token, request }: Refreshing): Promise<boolean> {
    const { name } = this.parts.options.carriers[type].cookie;
    return (
      cookieValues(request, name).length === 0 || (await this.#isOwnCookie(type, token, request))
    );
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

  /**
   * Clears the cookies of the session of a token that did not come in a cookie, if `deliver` sets them, and the request has
   * the CSRF value that matches.
   */
  async clearDelivered(token: Token, request: HttpRequest, response: HttpResponse): Promise<void> {
    const { delivered, isDeliveryChosen } = this.plan;
    const { cookies } = this.parts;
    const isDue = (type: TokenType) =>
      isDeliveryChosen && delivered[type] === 'cookie' && this.#isOwnCookie(type, token, request);
    if (await isDue('access')) cookies.unsetAccessCookies(response);
    if (await isDue('refresh')) cookies.unsetRefreshCookies(response);
  }

  async #isOwnCookie(type: TokenType, token: Token, request: HttpRequest): Promise<boolean> {
    const { options, reader } = this.parts;
    const carrier = options.carriers[type];
    try {
      const [encoded, another] = cookieValues(request, carrier.cookie.name);
      if (!encoded || another !== undefined) return false;
      const csrf = presentedCsrf(request, carrier, options.csrf);
      const found = await reader.read(encoded, { csrf, allowExpired: true, request });
      const [one, other] = [found, token].map((each) => [sessionIdOf(each), each.namespace]);
      return isDeepStrictEqual(one, other);
    } catch (error) {
      if (error instanceof TokenError) return false;
      throw error;
    }
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

/**
 * Says where the routes of a controller look for tokens. It is called when the controller is created, because the locations
 * may come from a factory.
 */
export function setLocations(controller: object, locations: RoutePolicy['locations']): void {
  const policy: RequiredPolicy = {
    ...(locations && { locations }),
    verifyType: true,
    skipRevocationCheck: false,
  };
  Reflect.defineMetadata(REQUIRED, policy, controller);
}
