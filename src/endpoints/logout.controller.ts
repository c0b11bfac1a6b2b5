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
import { Refusals } from '../authentication/refusals.js';
import { setContext } from '../authentication/request-context.js';
import type { HttpRequest, HttpResponse } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { JwtContext } from '../contracts/token.js';
import {
  InvalidTokenError,
  VerifiedTokenError,
  WrongTokenTypeError,
} from '../errors/token-errors.js';
import { rendering } from '../errors/token.error.js';
import { BlocklistService } from '../revocation/blocklist.service.js';
import { CurrentToken } from '../route/param.decorators.js';
import { Public } from '../route/route.decorators.js';
import { LoaderCalls } from '../tokens/loaders.js';
import { TokenDelivery } from './token-delivery.js';

/**
 * Either type of token, wherever access tokens come from. An expired one still says whose session is to end, as an
 * identity provider takes an expired `id_token_hint` (OpenID Connect RP-Initiated Logout section 2).
 */
const EITHER: RoutePolicy = Object.freeze({
  type: 'access',
  verifyType: false,
  allowExpired: true,
  optional: false,
  fresh: false,
  skipRevocationCheck: false,
});

/** Where only refresh tokens come from: their cookie, and their member of a JSON body. */
const REFRESH: RoutePolicy = Object.freeze({ ...EITHER, type: 'refresh', verifyType: true });

/**
 * Lets in whoever can end a session: by an access or a refresh token, or by the refresh cookie alone, which is what is
 * left in a browser after a while. A token that is there and bad is refused; no other one stands in for it.
 */
@Injectable()
class LogoutGuard implements CanActivate {
  constructor(
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(LoaderCalls) private readonly loaders: LoaderCalls,
    @Inject(TokenDelivery) private readonly delivery: TokenDelivery,
    @Inject(Refusals) private readonly refusals: Refusals,
  ) {}

  /** @throws TokenError - the refusal */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    try {
      const request = http.getRequest<HttpRequest>();
      return await rendering(this.refusals, () => this.#admit(request));
    } catch (error) {
      // No script can clear these cookies, so that whoever was logged out elsewhere would keep them.
      if (isOfNoUse(error)) await this.delivery.clear(http.getResponse<HttpResponse>());
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
    // Refuses for want of a token, in the words of the first of the two.
    return (await this.authenticator.authenticate(request, EITHER)) !== undefined;
  }
}

/**
 * Whether a token was refused for itself: asking again would change nothing. What came without its csrf value may have
 * been sent by another site, and what could not be checked may be good.
 */
function isOfNoUse(error: unknown): boolean {
  const kinds = [InvalidTokenError, VerifiedTokenError, WrongTokenTypeError];
  return kinds.some((kind) => error instanceof kind);
}

/** Ends the session of the token that it is called with. */
export class LogoutEndpoint {
  constructor(
    @Inject(BlocklistService) private readonly blocklist: BlocklistService,
    @Inject(TokenDelivery) private readonly delivery: TokenDelivery,
  ) {}

  /**
   * The cookies are cleared once the store has acknowledged the end of the session: of a logout that failed the client
   * hears, and can try again.
   *
   * @throws TokenError - as a guard does, and when the store did not acknowledge it
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
   * What was renewed or rotated from a token of no session is in one that is called by the token's `jti`. It ends first,
   * so that the token lets its bearer try again if only one of the two is acknowledged.
   */
  async #end(token: JwtContext): Promise<void> {
    const sessionId = token.sessionId ?? token.jti;
    if (sessionId !== '') await this.blocklist.revokeSession(sessionId);
    if (token.sessionId === undefined) await this.blocklist.revoke(token);
  }
}
