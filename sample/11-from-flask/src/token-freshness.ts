import { Controller, Get, HttpCode, Module, Post, UseGuards } from '@nestjs/common';
import {
  CurrentIdentity,
  CurrentToken,
  FreshGuard,
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
    const pair = await this.tokens.createTokenPair('alice', { fresh: true });
    return { access_token: pair.accessToken, refresh_token: pair.refreshToken };
  }

  @Post('fresh-login')
  @HttpCode(200)
  async freshLogin() {
    return { access_token: await this.tokens.createAccessToken('alice', { fresh: '10m' }) };
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  @HttpCode(200)
  async refresh(@CurrentIdentity() username: string, @CurrentToken() token: JwtContext) {
    return { access_token: await this.tokens.createAccessToken(username, { from: token }) };
  }

  @UseGuards(FreshGuard)
  @Get('protected')
  protected() {
    return { foo: 'bar' };
  }
}

@Module({
  imports: [JwtExtendedModule.forRoot({ secret: process.env.JWT_SECRET })],
  controllers: [AppController],
})
export class AppModule {}
