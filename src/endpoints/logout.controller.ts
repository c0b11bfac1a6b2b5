import {
  type CanActivate,
  type ExecutionContext,
  Header,
  HttpCode,
  HttpStatus,
  Inject,
  Injectable,
  Post,
  Res,
  UseGuards,
} from '@nestjs/common';
import { Authenticator } from '../authentication/authenticator.js';
import type { HttpRequest, HttpResponse } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { JwtContext } from '../contracts/token.js';
import {
  InvalidTokenError,
  VerifiedTokenError,
  WrongTokenTypeError,
} from '../errors/token-errors.js';
import { BlocklistService } from '../revocation/blocklist.service.js';
import { CurrentToken } from '../route/param.decorators.js';
import { setContext } from '../route/route-authenticator.js';
import { Public } from '../route/route.decorators.js';
import { LoaderCalls } from '../tokens/loaders.js';
import { TokenDelivery } from './token-delivery.js';

/**
 * Accepts either type of token in the locations of access tokens. An expired token still identifies its session, as an
 * expired `id_token_hint` does (OpenID Connect RP-Initiated Logout section 2).
 */
const EITHER: RoutePolicy = Object.freeze({
  type: 'access',
  verifyType: false,
  allowExpired: true,
  optional: false,
  fresh: false,
  skipRevocationCheck: false,
});

/** Accepts a refresh token in its own cookie or its own member of a JSON body. */
const REFRESH: RoutePolicy = Object.freeze({ ...EITHER, type: 'refresh', verifyType: true });

/**
 * The refusals of the token itself, after which a retry fails again. A request without the CSRF value may come from
 * another site, and a token that could not be checked may be valid.
 */
const TOKEN_FAULTS = [InvalidTokenError, VerifiedTokenError, WrongTokenTypeError];

/**
 * Accepts an access token or a refresh token, also the refresh cookie alone, which is what a browser has left after the
 * access cookie has expired. An invalid token is refused; no other token replaces it.
 */
@Injectable()
class LogoutGuard implements CanActivate {
  constructor(
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(LoaderCalls) private readonly loaders: LoaderCalls,
    @Inject(TokenDelivery) private readonly delivery: TokenDelivery,
  ) {}

  /** @throws TokenError - the refusal */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    try {
      return await this.#admit(http.getRequest<HttpRequest>());
    } catch (error) {
      // Scripts cannot clear these cookies, so a browser whose session ended elsewhere would keep them.
      if (TOKEN_FAULTS.some((kind) => error instanceof kind))
        await this.delivery.clear(http.getResponse<HttpResponse>());
      throw error;
    }
  }

  async #admit(request: HttpRequest): Promise<boolean> {
    const looksUpUsers = this.loaders.has('userLookup');
    for (const policy of [EITHER, REFRESH]) {
      const token = await this.authenticator.authenticate(request, { ...policy, optional: true });
      if (!token) continue;
      setContext(request, { policy, token, looksUpUsers });
      return true;
    }
    // There is no token. This call throws the error for it.
    return (await this.authenticator.authenticate(request, EITHER)) !== undefined;
  }
}

/** The logout endpoint: ends the session of the token. */
export class LogoutEndpoint {
  constructor(
    @Inject(BlocklistService) private readonly blocklist: BlocklistService,
    @Inject(TokenDelivery) private readonly delivery: TokenDelivery,
  ) {}

  /**
   * Clears the cookies after the store has acknowledged the end of the session. If that fails, the client gets the error
   * and can try again.
   *
   * @throws TokenError - as a guard, and if the store does not acknowledge
   */
  @Public()
  @UseGuards(LogoutGuard)
  @Post()
  @HttpCode(HttpStatus.OK)
  @Header('Cache-Control', 'no-store')
  async logout(
    @CurrentToken() token: JwtContext,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<object> {
    await this.#end(token);
    await this.delivery.clear(response);
    return { msg: 'Successfully logged out' };
  }

  /**
   * Tokens that were renewed or rotated from a token without a session belong to a session named by its `jti`. That
   * session ends first: if only one of the two calls is acknowledged, the token can still be used for another logout.
   */
  async #end(token: JwtContext): Promise<void> {
    const sessionId = token.sessionId ?? token.jti;
    if (sessionId !== '') await this.blocklist.revokeSession(sessionId);
    if (token.sessionId === undefined) await this.blocklist.revoke(token);
  }
}
