import {
  BadRequestException,
  Body,
  Controller,
  Headers,
  HttpCode,
  Post,
  Res,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import type { Response } from 'express';
import {
  BlocklistService,
  CurrentToken,
  type JwtContext,
  JwtRequired,
  RefreshGuard,
  TokenService,
} from 'nestjs-jwt-extended';
import { UsersService } from '../users/users.service.js';
import { noteOf } from './note-of.js';
import { PairDelivery } from './pair-delivery.js';

@Controller()
export class AuthController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokenService,
    private readonly blocklist: BlocklistService,
    private readonly delivery: PairDelivery,
  ) {}

  /** Begins a session. A browser asks for cookies, which its scripts cannot read; other clients store the tokens. */
  @Post('login')
  @HttpCode(200)
  async login(
    @Body('username') username: unknown,
    @Body('password') password: unknown,
    @Body('cookies') cookies: unknown,
    @Headers('user-agent') userAgent: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ) {
    const user = await this.users.authenticate(username, password);
    if (!user) throw new UnauthorizedException({ msg: 'Bad username or password' });
    const pair = await this.tokens.createTokenPair(user, { fresh: true, note: noteOf(userAgent) });
    return this.delivery.send(response, pair, { inCookies: cookies === true });
  }

  /** Exchanges the refresh token for a new pair, which goes back the way the old token came. */
  @UseGuards(RefreshGuard)
  @Post('refresh')
  @HttpCode(200)
  async refresh(@CurrentToken() token: JwtContext, @Res({ passthrough: true }) response: Response) {
    const pair = await this.tokens.rotateRefreshToken(token);
    return this.delivery.send(response, pair, { inCookies: token.location === 'cookies' });
  }

  /** Ends every login with the old password, and gives a new pair to the user who changed it. */
  @JwtRequired({ fresh: { maxAge: '5m' } })
  @Post('password')
  @HttpCode(200)
  async changePassword(
    @CurrentToken() { identity, location }: JwtContext,
    @Body('password') password: unknown,
    @Headers('user-agent') userAgent: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ) {
    if (typeof password !== 'string' || password.length < 8)
      throw new BadRequestException({ msg: 'Send a password of 8 characters or more' });
    const user = await this.users.setPassword(identity, password);
    await this.blocklist.revokeAllFor(identity);
    const pair = await this.tokens.createTokenPair(user, { fresh: true, note: noteOf(userAgent) });
    return this.delivery.send(response, pair, { inCookies: location === 'cookies' });
  }
}
