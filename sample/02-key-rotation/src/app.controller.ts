import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import {
  AccessGuard,
  CurrentIdentity,
  CurrentToken,
  type JwtContext,
  RefreshGuard,
  TokenService,
} from 'nestjs-jwt-extended';
import { UsersService } from './users/users.service.js';

@Controller()
export class AppController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokenService,
  ) {}

  @Post('login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async login(@Body('username') username: unknown, @Body('password') password: unknown) {
    const user = await this.users.authenticate(username, password);
    if (!user) throw new UnauthorizedException({ msg: 'Bad username or password' });
    const pair = await this.tokens.createTokenPair(user, { fresh: true });
    return { access_token: pair.accessToken, refresh_token: pair.refreshToken };
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async refresh(@CurrentIdentity() username: string) {
    return { access_token: await this.tokens.createAccessToken(username, { fresh: false }) };
  }

  @UseGuards(AccessGuard)
  @Get('protected')
  protected(@CurrentToken() { identity, header }: JwtContext) {
    return { logged_in_as: identity, key: header.kid };
  }
}
