import { Controller, Get, HttpCode, Module, Post, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  CurrentIdentity,
  CurrentToken,
  type JwtContext,
  JwtExtendedModule,
  RefreshGuard,
  TokenService,
} from 'nestjs-jwt-extended';

@Controller()
export class AppController {
  constructor(private readonly tokens: TokenService) {}

  @Post('login')
  @HttpCode(200)
  async login() {
    const { accessToken, refreshToken } = await this.tokens.createTokenPair('alice');
    return { access_token: accessToken, refresh_token: refreshToken };
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  @HttpCode(200)
  async refresh(@CurrentIdentity() username: string, @CurrentToken() token: JwtContext) {
    return { access_token: await this.tokens.createAccessToken(username, { from: token }) };
  }

  @UseGuards(AccessGuard)
  @Get('protected')
  protected(@CurrentIdentity() username: string) {
    return { logged_in_as: username };
  }
}

@Module({
  imports: [JwtExtendedModule.forRoot({ secret: process.env.JWT_SECRET })],
  controllers: [AppController],
})
export class AppModule {}
