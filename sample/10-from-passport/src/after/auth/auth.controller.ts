import { Body, Controller, Post, UnauthorizedException, UseGuards } from '@nestjs/common';
import {
  BlocklistService,
  CurrentToken,
  type JwtContext,
  LogoutGuard,
  RefreshGuard,
  TokenService,
} from 'nestjs-jwt-extended';
import { UsersService } from '../../users/users.service.js';

@Controller('auth')
export class AuthController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokenService,
    private readonly blocklist: BlocklistService,
  ) {}

  @Post('login')
  async login(@Body('username') username: unknown, @Body('password') password: unknown) {
    const user = await this.users.authenticate(username, password);
    if (!user) throw new UnauthorizedException();
    return this.tokens.createTokenPair(user, { fresh: true });
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  refresh(@CurrentToken() token: JwtContext) {
    return this.tokens.rotateRefreshToken(token);
  }

  @UseGuards(LogoutGuard)
  @Post('logout')
  async logout(@CurrentToken() token: JwtContext) {
    await this.blocklist.revokeSession(token);
  }
}
