import {
  Body,
  Controller,
  ForbiddenException,
  Headers,
  HttpCode,
  Post,
  Res,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { ThrottlerGuard } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';
import {
  CurrentToken,
  type JwtContext,
  JwtOptional,
  RefreshGuard,
  TokenService,
} from 'nestjs-jwt-extended';
import type { User } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import { type Credentials, ParseCredentialsPipe } from './credentials.js';
import { noteOf } from './note-of.js';
import { TokenDelivery } from './token-delivery.js';

@Controller()
export class AuthController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokenService,
    private readonly delivery: TokenDelivery,
  ) {}

  /** Begins a session. */
  @UseGuards(ThrottlerGuard)
  @Post('login')
  @HttpCode(200)
  async login(
    @Body(ParseCredentialsPipe) credentials: Credentials,
    @Headers('user-agent') userAgent: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    // A "log out everywhere" while the password is being checked ends this login too.
    const authenticatedAt = new Date();
    const user = await this.authenticate(credentials);
    const note = noteOf(userAgent, credentials.cookies);
    const pair = await this.tokens.createTokenPair(user, { fresh: true, authenticatedAt, note });
    return this.delivery.sendPair(reply, pair, { inCookies: credentials.cookies });
  }

  /** Exchanges the refresh token for a new pair, which goes back the way the old token came. */
  @UseGuards(RefreshGuard)
  @Post('refresh')
  @HttpCode(200)
  async refresh(
    @CurrentToken() token: JwtContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const pair = await this.tokens.rotateRefreshToken(token);
    return this.delivery.sendPair(reply, pair, { inCookies: token.location === 'cookies' });
  }

  /** The password again, for a fresh access token: of the session of the refresh token that comes along, or of none. */
  @UseGuards(ThrottlerGuard, RefreshGuard)
  @JwtOptional()
  @Post('fresh-login')
  @HttpCode(200)
  async freshLogin(
    @Body(ParseCredentialsPipe) credentials: Credentials,
    @CurrentToken() token: JwtContext | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const user = await this.authenticate(credentials);
    if (token && token.identity !== user.username)
      throw new ForbiddenException({ msg: `You are logged in as ${token.identity}` });
    const encoded = await this.tokens.createAccessToken(user, { fresh: true, from: token });
    return this.delivery.sendAccess(reply, encoded, { inCookies: token?.location === 'cookies' });
  }

  private async authenticate({ username, password }: Credentials): Promise<User> {
    const user = await this.users.authenticate(username, password);
    if (!user) throw new UnauthorizedException({ msg: 'Bad username or password' });
    return user;
  }
}
