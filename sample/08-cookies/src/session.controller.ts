import {
  Body,
  Controller,
  HttpCode,
  Post,
  Req,
  Res,
  UnauthorizedException,
  UnsupportedMediaTypeException,
  UseGuards,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  BlocklistService,
  CurrentToken,
  type JwtContext,
  LogoutGuard,
  RefreshGuard,
  TokenCookies,
  TokenService,
} from 'nestjs-jwt-extended';
import { authenticate } from './users.js';

@Controller('session')
export class SessionController {
  constructor(
    private readonly tokens: TokenService,
    private readonly cookies: TokenCookies,
    private readonly blocklist: BlocklistService,
  ) {}

  @Post()
  @HttpCode(200)
  async login(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Body() body: { username?: unknown; password?: unknown } = {},
  ) {
    // A form of another site, which cannot send JSON, must not log the user in as somebody else.
    if (!request.is('json')) throw new UnsupportedMediaTypeException();
    const username = authenticate(body.username, body.password);
    if (username === undefined) throw new UnauthorizedException('Bad username or password');
    const pair = await this.tokens.createTokenPair(username, { fresh: true });
    this.cookies.setPair(response, pair);
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  @HttpCode(200)
  async refresh(@CurrentToken() token: JwtContext, @Res({ passthrough: true }) response: Response) {
    this.cookies.setPair(response, await this.tokens.rotateRefreshToken(token));
  }

  @UseGuards(LogoutGuard)
  @Post('end')
  @HttpCode(200)
  async logout(@CurrentToken() token: JwtContext, @Res({ passthrough: true }) response: Response) {
    await this.blocklist.revokeSession(token);
    this.cookies.unsetCookies(response);
  }
}
