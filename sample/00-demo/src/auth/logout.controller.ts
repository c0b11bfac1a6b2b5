import { Controller, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import {
  AccessGuard,
  BlocklistService,
  CurrentIdentity,
  CurrentToken,
  type JwtContext,
  LogoutGuard,
  TokenCookies,
} from 'nestjs-jwt-extended';

@Controller('logout')
export class LogoutController {
  constructor(
    private readonly blocklist: BlocklistService,
    private readonly cookies: TokenCookies,
  ) {}

  /** Ends the session of the token, with all tokens of the session. */
  @UseGuards(LogoutGuard)
  @Post()
  @HttpCode(200)
  async here(@CurrentToken() token: JwtContext, @Res({ passthrough: true }) reply: FastifyReply) {
    await this.blocklist.revokeSession(token);
    this.clearCookies(token, reply);
    return { msg: 'Logged out' };
  }

  /** Ends every session of the user. The forged form of the demo posts to this route. */
  @UseGuards(AccessGuard)
  @Post('everywhere')
  @HttpCode(200)
  async everywhere(
    @CurrentIdentity() username: string,
    @CurrentToken() token: JwtContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.blocklist.revokeAllFor(username);
    this.clearCookies(token, reply);
    return { msg: 'Logged out everywhere' };
  }

  /** A client that sends its token in a header may have a browser's cookies beside it: they stay. */
  private clearCookies({ location }: JwtContext, reply: FastifyReply) {
    if (location === 'cookies') this.cookies.unsetCookies(reply);
  }
}
