import {
  type ExecutionContext,
  Header,
  HttpCode,
  HttpStatus,
  Inject,
  Injectable,
  Post,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { locationOf } from '../authentication/authenticator.js';
import type { HttpRequest, HttpResponse } from '../contracts/http.js';
import type { JwtContext } from '../contracts/token.js';
import { VerifiedTokenError } from '../errors/token-errors.js';
import { BlocklistService } from '../revocation/blocklist.service.js';
import { CurrentToken } from '../route/param.decorators.js';
import { Fresh } from '../route/route.decorators.js';
import { LogoutGuard } from '../route/token.guards.js';
import { setLocations, TokenDelivery } from './token-delivery.js';

/**
 * Also clears the cookies of a token that is no longer good: scripts cannot, so a browser whose session ended elsewhere
 * would keep them. The token was verified together with its CSRF value, so the request comes from the cookie's owner.
 */
@Injectable()
class ClearingLogoutGuard extends LogoutGuard {
  @Inject(TokenDelivery)
  private readonly delivery!: TokenDelivery;

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    try {
      return await super.canActivate(context);
    } catch (error) {
      const http = context.switchToHttp();
      if (error instanceof VerifiedTokenError && locationOf(error) === 'cookies')
        await this.delivery.clear(
          error.token,
          http.getRequest<HttpRequest>(),
          http.getResponse<HttpResponse>(),
        );
      throw error;
    }
  }
}

/** The logout endpoint: ends the session of the token. */
export class LogoutEndpoint {
  constructor(
    @Inject(BlocklistService) private readonly blocklist: BlocklistService,
    @Inject(TokenDelivery) private readonly delivery: TokenDelivery,
  ) {
    setLocations(new.target, delivery.plan.logoutLocations);
  }

  /**
   * Clears the cookies after the store has acknowledged the end of the session. If that fails, the client gets the error
   * and can try again.
   *
   * @throws TokenError - as a guard, and if the store does not acknowledge
   */
  @UseGuards(ClearingLogoutGuard)
  @Fresh(false)
  @Post()
  @HttpCode(HttpStatus.OK)
  @Header('Cache-Control', 'no-store')
  async logout(
    @CurrentToken() token: JwtContext,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<object> {
    await this.blocklist.revokeSession(token);
    if (token.location === 'cookies') await this.delivery.clear(token, request, response);
    else await this.delivery.clearDelivered(token, request, response);
    return { msg: 'Successfully logged out' };
  }
}
