import { Header, HttpCode, HttpStatus, Inject, Post, Res, UseGuards } from '@nestjs/common';
import type { HttpResponse } from '../../contracts/http.js';
import type { JwtContext } from '../../contracts/token.js';
import { BlocklistService } from '../../revocation/blocklist.service.js';
import { CurrentToken } from '../parameter-decorators.js';
import { Public } from '../policy-decorators.js';
import { LogoutGuard } from './logout.guard.js';
import { TokenDelivery } from './token-delivery.js';

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
    await this.delivery.takeBack(response);
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
