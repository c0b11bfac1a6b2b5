import { randomUUID } from 'node:crypto';
import type { Token, TokenHeader, TokenPair } from './contracts/token.js';
import { TokenCheckUnavailableError } from './errors/token-errors.js';
import { TokenError } from './errors/token.error.js';
import type { RevocationCheck } from './revocation/revocation-check.js';
import { csrfClaimOf } from './tokens/csrf-claim.js';
import type {
  CreateAccessTokenOptions,
  CreateRefreshTokenOptions,
  CreateTokenPairOptions,
  DecodeTokenOptions,
} from './tokens/mint-options.js';
import type { TokenMint } from './tokens/token-mint.js';
import type { TokenReader } from './tokens/token-reader.js';

/**
 * Makes tokens, and reads them outside of a guard. Flask: the functions of `flask_jwt_extended`.
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
  constructor(
    private readonly mint: TokenMint,
    private readonly reader: TokenReader,
    private readonly revocations: RevocationCheck,
  ) {}

  /**
   * Makes an access token. Flask: `create_access_token`.
   *
   * @param subject - whom the token stands for: the identity itself, or whatever the `userIdentity` loader makes one of
   * @throws TokenCreationError - for an identity, a lifetime or a claim that no token may have
   * @throws TokenCheckUnavailableError - when a loader fails
   *
   * @example
   * ```ts
   * const accessToken = await tokens.createAccessToken('alice', { fresh: true, additionalClaims: { roles: ['admin'] } });
   * ```
   */
  createAccessToken(subject: unknown, options: CreateAccessTokenOptions = {}): Promise<string> {
    return this.mint.mint(subject, { ...options, type: 'access' });
  }

  /**
   * Makes a refresh token, which only buys new access tokens. Flask: `create_refresh_token`.
   *
   * @throws TokenCreationError, TokenCheckUnavailableError - as {@link TokenService.createAccessToken}
   *
   * @example
   * ```ts
   * const refreshToken = await tokens.createRefreshToken('alice', { expiresIn: '7d' });
   * ```
   */
  createRefreshToken(subject: unknown, options: CreateRefreshTokenOptions = {}): Promise<string> {
    return this.mint.mint(subject, { ...options, fresh: false, type: 'refresh' });
  }

  /**
   * Makes an access and a refresh token of one session: both carry its `sid`, and the `auth_time` of the login.
   *
   * @throws TokenCreationError, TokenCheckUnavailableError - as {@link TokenService.createAccessToken}
   *
   * @example
   * ```ts
   * const { accessToken, refreshToken, sessionId } = await tokens.createTokenPair('alice', { fresh: true });
   * ```
   */
  async createTokenPair(
    subject: unknown,
    options: CreateTokenPairOptions = {},
  ): Promise<TokenPair> {
    const { fresh, accessExpiresIn, refreshExpiresIn, ...shared } = options;
    const now = this.mint.now();
    const session = { ...shared, sessionId: options.sessionId ?? randomUUID(), authTime: now };
    const access = { ...session, fresh, expiresIn: accessExpiresIn, type: 'access' } as const;
    const refresh = { ...session, expiresIn: refreshExpiresIn, type: 'refresh' } as const;
    return {
      accessToken: await this.mint.mint(subject, access, now),
      refreshToken: await this.mint.mint(subject, refresh, now),
      sessionId: session.sessionId,
    };
  }

  /**
   * Reads a token: its signature and its registered claims are verified; its type, freshness and revocation are not.
   * Flask: `decode_token`.
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
    return (await this.reader.read(encoded, { csrf, allowExpired, request })) as Token<C>;
  }

  /**
   * Whether a token can be read and is not revoked. Flask_PyJWT: `verify_token`.
   *
   * @throws TokenCheckUnavailableError - when a store or a loader does not answer: nobody knows, then
   *
   * @example
   * ```ts
   * if (!(await tokens.verifyToken(encoded))) throw new UnauthorizedException();
   * ```
   */
  async verifyToken(encoded: string): Promise<boolean> {
    try {
      return !(await this.revocations.isRevoked(await this.reader.read(encoded), undefined));
    } catch (error) {
      if (error instanceof TokenError && !(error instanceof TokenCheckUnavailableError))
        return false;
      throw error;
    }
  }

  /**
   * The header of a token, **unverified**: anybody may have written it. Flask: `get_unverified_jwt_headers`.
   *
   * @throws InvalidTokenError - when it is not even shaped like a token
   *
   * @example
   * ```ts
   * const { kid } = await tokens.getUnverifiedHeaders(encoded);
   * ```
   */
  async getUnverifiedHeaders(encoded: string): Promise<TokenHeader> {
    return this.reader.readUnverifiedHeaders(encoded);
  }

  /**
   * The id (`jti`) of a token that was verified. Flask: `get_jti`.
   *
   * @throws InvalidTokenError, ExpiredTokenError, TokenCheckUnavailableError
   *
   * @example
   * ```ts
   * await blocklist.unrevoke(await tokens.getJti(encoded));
   * ```
   */
  async getJti(encoded: string): Promise<string> {
    return (await this.reader.read(encoded)).jti;
  }

  /**
   * The csrf value of a token that was verified, to hand to a page. Flask: `get_csrf_token`.
   *
   * @throws InvalidTokenError - also when the token has none
   * @throws ExpiredTokenError, TokenCheckUnavailableError
   *
   * @example
   * ```ts
   * const csrf = await tokens.getCsrfToken(accessToken);
   * ```
   */
  async getCsrfToken(encoded: string): Promise<string> {
    return csrfClaimOf((await this.reader.read(encoded)).claims);
  }
}
