import type { Authenticator, TokenDemands } from './authentication/authenticator.js';
import { checkCallOptions } from './common/read-options.js';
import type { Awaitable } from './contracts/awaitable.js';
import type { JwtContext, Token, TokenHeader, TokenPair } from './contracts/token.js';
import { TokenCheckUnavailableError } from './errors/token-errors.js';
import { type ErrorRenderer, rendering, TokenError } from './errors/token.error.js';
import type { EventPublisher } from './events/security-event-publisher.js';
import type { TokenRotation } from './revocation/refresh-rotation.js';
import type { TokenIssuer } from './revocation/token-issuer.js';
import { claimsGiven } from './tokens/custom-claims.js';
import { csrfClaimOf } from './tokens/registered-claims.js';
import { sessionIdOf } from './tokens/session.js';
import type { ReadOptions, TokenReader } from './tokens/token-reader.js';
import {
  type CreateAccessTokenOptions,
  type CreateRefreshTokenOptions,
  type CreateTokenPairOptions,
  type DecodeTokenOptions,
  OPTION_NAMES,
  type RotateRefreshTokenOptions,
} from './tokens/token-request.js';

export interface TokenServiceParts {
  readonly issuer: TokenIssuer;
  readonly reader: TokenReader;
  readonly authenticator: Authenticator;
  readonly rotation: TokenRotation;
  readonly events: EventPublisher;
  readonly renderer: ErrorRenderer;
}

/**
 * Creates tokens, and reads them outside of guards. Flask: the functions of `flask_jwt_extended`.
 *
 * @example
 * ```ts
 * @Post('login')
 * async login(@Body() credentials: LoginDto) {
 *   const user = await this.users.authenticate(credentials);
 *   return this.tokens.createTokenPair(user, { fresh: true });
 * }
 * ```
 */
export class TokenService {
  /** @internal */
  constructor(private readonly parts: TokenServiceParts) {}

  /**
   * Creates an access token. Flask: `create_access_token`.
   *
   * @param subject - the identity, or what the `userIdentity` loader derives it from
   * @throws TokenCreationError - for an identity, a lifetime or a claim that is not allowed
   * @throws JwtExtendedConfigError - for an option that does not exist
   * @throws RevokedTokenError, ExpiredTokenError - if the session that the token would belong to has ended
   * @throws TokenCheckUnavailableError - if a loader fails, or the store does not answer
   *
   * @example
   * ```ts
   * const accessToken = await tokens.createAccessToken('alice', { fresh: true, additionalClaims: { roles: ['admin'] } });
   * ```
   */
  createAccessToken(subject: unknown, options: CreateAccessTokenOptions = {}): Promise<string> {
    return this.#handOut(() =>
      this.parts.issuer.access(subject, making(options, 'createAccessToken')),
    );
  }

  /**
   * Creates a refresh token, which is only good for getting new access tokens. Flask: `create_refresh_token`.
   *
   * @throws TokenCreationError, TokenCheckUnavailableError - as {@link TokenService.createAccessToken}
   *
   * @example
   * ```ts
   * const refreshToken = await tokens.createRefreshToken('alice', { expiresIn: '7d' });
   * ```
   */
  createRefreshToken(subject: unknown, options: CreateRefreshTokenOptions = {}): Promise<string> {
    return this.#handOut(() =>
      this.parts.issuer.refresh(subject, making(options, 'createRefreshToken')),
    );
  }

  /**
   * Starts a session: creates an access and a refresh token with the session's id as `sid` and the `auth_time` of the
   * login. What the options decide (claims, lifetimes, `remember`) holds at every refresh, until the session ends. With
   * `sessions.list` it resolves once the store has recorded the session; without, it needs no store.
   *
   * @throws TokenCreationError, TokenCheckUnavailableError - the latter also if the store does not answer
   * @throws RevokedTokenError - if `sessionId` names a session that has ended
   *
   * @example
   * ```ts
   * const { accessToken, refreshToken, sessionId } = await tokens.createTokenPair('alice', { fresh: true });
   * ```
   */
  createTokenPair(subject: unknown, options: CreateTokenPairOptions = {}): Promise<TokenPair> {
    return this.#handOutPair(() =>
      this.parts.issuer.pair(subject, making(options, 'createTokenPair')),
    );
  }

  /**
   * Exchanges a refresh token for a new pair of the same session, which is not fresh; the refresh token is spent. If a
   * client sends it again within `rotation.grace`, because of two open tabs or a lost response, it gets the same pair. If a
   * spent token is used later, it may have been stolen: its session is revoked.
   *
   * @param token - a refresh token, encoded or as `@CurrentToken()` gives it
   * @throws ReusedTokenError - for a spent token; its session has been revoked
   * @throws TokenError - if a refresh route would refuse the token: token or session expired, revoked, wrong type, user
   * not found, or store or loader unavailable
   * @throws JwtExtendedConfigError - if there is no store, or if it cannot claim a token atomically
   *
   * @example
   * ```ts
   * @UseGuards(RefreshGuard)
   * @Post('refresh')
   * refresh(@CurrentToken() token: JwtContext) {
   *   return this.tokens.rotateRefreshToken(token);
   * }
   * ```
   */
  rotateRefreshToken(
    token: string | Token,
    options: RotateRefreshTokenOptions = {},
  ): Promise<TokenPair> {
    return this.#handOutPair(async () => {
      const { reader, rotation } = this.parts;
      const given = making(options, 'rotateRefreshToken');
      const { request } = given;
      return rotation.rotate(await reader.readGiven(token, { request }), given);
    });
  }

  /**
   * Verifies a token's signature and registered claims, but not type, freshness and revocation. Flask: `decode_token`.
   *
   * @typeParam C - the shape of the claims your application adds
   * @throws InvalidTokenError, ExpiredTokenError, CsrfError, TokenCheckUnavailableError
   *
   * @example
   * ```ts
   * const { identity, claims } = await tokens.decodeToken<{ roles: string[] }>(encoded);
   * ```
   */
  async decodeToken<C extends object = object>(
    encoded: string,
    options: DecodeTokenOptions = {},
  ): Promise<Token<C>> {
    const { csrf, allowExpired, request } = checked(options, 'decodeToken');
    return (await this.#read(encoded, { csrf, allowExpired, request })) as Token<C>;
  }

  /**
   * Does what a token guard does, outside of a route: verifies a token with its type, freshness, revocation, the
   * `tokenVerification` loader, claims and scope, and looks its user up. For sockets, middleware and jobs.
   *
   * @returns what `@CurrentToken()` would give; its `location` is `'custom'`
   * @throws TokenError - the refusal of a guard with the same demands
   * @throws JwtExtendedConfigError - for a mistake in the demands
   *
   * @example
   * ```ts
   * const { identity } = await tokens.authenticate(encoded, { scope: 'chat' });
   * ```
   */
  async authenticate(encoded: string, demands: TokenDemands = {}): Promise<JwtContext> {
    return this.parts.authenticator.authenticateText(encoded, demands);
  }

  /**
   * Returns whether a guard with the same demands would let the token in. Flask_PyJWT: `verify_token`.
   *
   * @throws TokenCheckUnavailableError - if a store or a loader does not answer
   *
   * @example
   * ```ts
   * if (!(await tokens.verifyToken(encoded))) throw new UnauthorizedException();
   * ```
   */
  async verifyToken(encoded: string, demands: TokenDemands = {}): Promise<boolean> {
    try {
      await this.authenticate(encoded, demands);
      return true;
    } catch (error) {
      if (error instanceof TokenError && !(error instanceof TokenCheckUnavailableError))
        return false;
      throw error;
    }
  }

  /**
   * Returns the header of a token **without verification**. Flask: `get_unverified_jwt_headers`.
   *
   * @throws InvalidTokenError - if the text does not have the structure of a token
   *
   * @example
   * ```ts
   * const { kid } = await tokens.getUnverifiedHeaders(encoded);
   * ```
   */
  getUnverifiedHeaders(encoded: string): Promise<TokenHeader> {
    return this.#rendering(() => this.parts.reader.readUnverifiedHeaders(encoded));
  }

  /**
   * Verifies a token and returns its id (`jti`). Flask: `get_jti`.
   *
   * @throws InvalidTokenError, ExpiredTokenError, TokenCheckUnavailableError
   *
   * @example
   * ```ts
   * await blocklist.unrevoke(await tokens.getJti(encoded));
   * ```
   */
  async getJti(encoded: string): Promise<string> {
    return (await this.#read(encoded)).jti;
  }

  /**
   * Verifies a token and returns its CSRF value, for a page that sends it back. Flask: `get_csrf_token`.
   *
   * @throws InvalidTokenError - also if the token has none
   * @throws ExpiredTokenError, TokenCheckUnavailableError
   *
   * @example
   * ```ts
   * const csrf = await tokens.getCsrfToken(accessToken);
   * ```
   */
  async getCsrfToken(encoded: string): Promise<string> {
    const { claims } = await this.#read(encoded);
    return this.#rendering(() => csrfClaimOf(claims));
  }

  #read(encoded: string, options?: ReadOptions): Promise<Token> {
    return this.#rendering(() => this.parts.reader.read(encoded, options));
  }

  async #handOut(make: () => Promise<Token>): Promise<string> {
    const token = await this.#rendering(make);
    this.#announce(token);
    return token.encoded;
  }

  async #handOutPair(
    make: () => Promise<readonly [access: Token, refresh: Token]>,
  ): Promise<TokenPair> {
    const [access, refresh] = await this.#rendering(make);
    this.#announce(access);
    this.#announce(refresh);
    return {
      accessToken: access.encoded,
      refreshToken: refresh.encoded,
      sessionId: sessionIdOf(access),
      ...(access.expiresAt && { accessExpiresAt: access.expiresAt }),
      ...(refresh.expiresAt && { refreshExpiresAt: refresh.expiresAt }),
    };
  }

  #announce({ type, identity, jti, sessionId }: Token): void {
    this.parts.events.publish('minted', { type, identity, jti, sessionId });
  }

  #rendering<T>(work: () => Awaitable<T>): Promise<T> {
    return rendering(this.parts.renderer, work);
  }
}

/** @throws TypeError, JwtExtendedConfigError */
function checked<T>(options: T, method: keyof typeof OPTION_NAMES): T {
  checkCallOptions(options, method, OPTION_NAMES[method]);
  return options;
}

/**
 * The options of a call that makes tokens, with `additionalClaims` as JSON writes them: later tokens of the session get them
 * from the first.
 *
 * @throws TypeError, JwtExtendedConfigError, TokenCreationError
 */
function making<T extends { additionalClaims?: object }>(
  options: T,
  method: keyof typeof OPTION_NAMES,
): T {
  const { additionalClaims } = checked(options, method);
  return additionalClaims
    ? { ...options, additionalClaims: claimsGiven(additionalClaims) }
    : options;
}
