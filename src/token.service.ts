import { randomUUID } from 'node:crypto';
import type { Awaitable } from './contracts/awaitable.js';
import type { Token, TokenHeader, TokenPair } from './contracts/token.js';
import { TokenCheckUnavailableError } from './errors/token-errors.js';
import { type ErrorRenderer, rendering, TokenError } from './errors/token.error.js';
import type { EventPublisher } from './events/security-event-publisher.js';
import type { BlocklistService } from './revocation/blocklist.service.js';
import type { RevocationCheck } from './revocation/revocation-check.js';
import { checkNote, type SessionRegistry } from './revocation/session-registry.js';
import type { TokenRotation } from './revocation/refresh-rotation.js';
import { csrfClaimOf } from './tokens/registered-claims.js';
import type {
  CreateAccessTokenOptions,
  CreateRefreshTokenOptions,
  CreateTokenPairOptions,
  DecodeTokenOptions,
  MintedToken,
  RotateRefreshTokenOptions,
  TokenRequest,
} from './tokens/token-request.js';
import type { TokenMint } from './tokens/token-mint.js';
import type { ReadOptions, TokenReader } from './tokens/token-reader.js';

export interface TokenServiceParts {
  readonly mint: TokenMint;
  readonly reader: TokenReader;
  readonly revocations: RevocationCheck;
  readonly rotation: TokenRotation;
  readonly sessions: SessionRegistry;
  readonly blocklist: BlocklistService;
  readonly events: EventPublisher;
  readonly renderer: ErrorRenderer;
  /** How long a session may last from its login, in seconds. */
  readonly sessionLifetime: number | undefined;
  /** The longer of the two configured lifetimes, in seconds; `Infinity` for ever. */
  readonly maxTokenLifetime: number;
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
   * @throws TokenCheckUnavailableError - if a loader fails
   *
   * @example
   * ```ts
   * const accessToken = await tokens.createAccessToken('alice', { fresh: true, additionalClaims: { roles: ['admin'] } });
   * ```
   */
  createAccessToken(subject: unknown, options: CreateAccessTokenOptions = {}): Promise<string> {
    return this.#rendering(() => this.#createToken(subject, { ...options, type: 'access' }));
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
    const request = { ...options, fresh: false, type: 'refresh' } as const;
    return this.#rendering(() => this.#createToken(subject, request));
  }

  /**
   * Starts a session: creates an access and a refresh token with the session's id as `sid` and the `auth_time` of the
   * login. It resolves once the store has recorded the session.
   *
   * @throws TokenCreationError, TokenCheckUnavailableError - the latter also if the store does not answer
   *
   * @example
   * ```ts
   * const { accessToken, refreshToken, sessionId } = await tokens.createTokenPair('alice', { fresh: true });
   * ```
   */
  createTokenPair(subject: unknown, options: CreateTokenPairOptions = {}): Promise<TokenPair> {
    return this.#rendering(() => this.#createPair(subject, options));
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
   * @throws JwtExtendedConfigError - if the store cannot claim a token atomically
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
    return this.#rendering(() => this.#rotate(token, options));
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
    const { csrf, allowExpired, request } = options;
    return (await this.#read(encoded, { csrf, allowExpired, request })) as Token<C>;
  }

  /**
   * Returns whether a token is valid and not revoked. Flask_PyJWT: `verify_token`.
   *
   * @throws TokenCheckUnavailableError - if a store or a loader does not answer
   *
   * @example
   * ```ts
   * if (!(await tokens.verifyToken(encoded))) throw new UnauthorizedException();
   * ```
   */
  async verifyToken(encoded: string): Promise<boolean> {
    try {
      const token = await this.#read(encoded);
      return !(await this.#rendering(() => this.parts.revocations.isRevoked(token)));
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

  async #createToken(subject: unknown, wanted: TokenRequest): Promise<string> {
    const { mint, sessions, maxTokenLifetime } = this.parts;
    const token = await mint.mint(subject, wanted);
    const lifetime = (token.expiresAt?.getTime() ?? Infinity) / 1000 - mint.now();
    if (token.sessionId !== undefined && lifetime > maxTokenLifetime)
      await sessions.extendExpiry(token);
    this.#announce(token);
    return token.encoded;
  }

  async #createPair(
    subject: unknown,
    { fresh, accessExpiresIn, refreshExpiresIn, note, ...shared }: CreateTokenPairOptions,
  ): Promise<TokenPair> {
    checkNote(note);
    const { mint, sessionLifetime } = this.parts;
    const now = mint.now();
    const session = {
      ...shared,
      sessionId: shared.sessionId ?? randomUUID(),
      authTime: now,
      expiresBy: sessionLifetime === undefined ? undefined : now + sessionLifetime,
    };
    const access = { ...session, fresh, expiresIn: accessExpiresIn, type: 'access' } as const;
    const refresh = { ...session, expiresIn: refreshExpiresIn, type: 'refresh' } as const;
    const minted = await mint.mint(subject, access, now);
    const pair = [minted, await mint.mint(subject, refresh, now)] as const;
    await this.#recordSession(pair, note);
    return this.#handOut(pair, session.sessionId);
  }

  /** Records a session, and ends the oldest ones beyond `rotation.maxSessions`. */
  async #recordSession(pair: readonly [MintedToken, MintedToken], note: unknown): Promise<void> {
    const { sessions, blocklist } = this.parts;
    const extra = await sessions.create(pair, note);
    const end = async (sessionId: string) => {
      await blocklist.revokeSession(sessionId);
      await sessions.forget(pair[0].identity, sessionId);
    };
    await Promise.all(extra.map(end));
  }

  async #rotate(given: string | Token, options: RotateRefreshTokenOptions): Promise<TokenPair> {
    const { reader, rotation } = this.parts;
    const token = await reader.readGiven(given, { request: options.request });
    const { access, refresh, sessionId } = await rotation.rotate(token, options);
    return this.#handOut([access, refresh], sessionId);
  }

  #read(encoded: string, options?: ReadOptions): Promise<Token> {
    return this.#rendering(() => this.parts.reader.read(encoded, options));
  }

  #handOut([access, refresh]: readonly [MintedToken, MintedToken], sessionId: string): TokenPair {
    this.#announce(access);
    this.#announce(refresh);
    return { accessToken: access.encoded, refreshToken: refresh.encoded, sessionId };
  }

  #announce({ type, identity, jti, sessionId }: MintedToken): void {
    this.parts.events.publish('minted', { type, identity, jti, sessionId });
  }

  #rendering<T>(work: () => Awaitable<T>): Promise<T> {
    return rendering(this.parts.renderer, work);
  }
}
