import { Controller, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import {
  AccessGuard,
  BlocklistService,
  Claims,
  CurrentIdentity,
  CurrentToken,
  type JwtContext,
  LogoutGuard,
  SessionService,
  TokenCookies,
} from 'nestjs-jwt-extended';

/** Every token of this application belongs to a session, whose id is its claim `sid`. */
@Controller('logout')
export class LogoutController {
  constructor(
    private readonly blocklist: BlocklistService,
    private readonly sessions: SessionService,
    private readonly cookies: TokenCookies,
  ) {}

  /** Ends the session of an access or a refresh token, with all tokens of the session. */
  @UseGuards(LogoutGuard)
  @Post()
  @HttpCode(200)
  async here(@CurrentToken() token: JwtContext, @Res({ passthrough: true }) response: Response) {
    await this.blocklist.revokeSession(token);
    this.cookies.unsetCookies(response);
    return { msg: 'Logged out' };
  }

  @UseGuards(AccessGuard)
  @Post('everywhere')
  @HttpCode(200)
  async everywhere(
    @CurrentIdentity() username: string,
    @Res({ passthrough: true }) response: Response,
  ) {
    await this.blocklist.revokeAllFor(username);
    this.cookies.unsetCookies(response);
    return { msg: 'Logged out everywhere' };
  }

  @UseGuards(AccessGuard)
  @Post('elsewhere')
  @HttpCode(200)
  async elsewhere(@CurrentIdentity() username: string, @Claims('sid') sessionId: string) {
    await this.sessions.endOthers(username, sessionId);
    return { msg: 'Logged out everywhere else' };
  }
}
