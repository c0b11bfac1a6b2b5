import { Controller, Get, HttpCode, Module, Post, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import {
  AccessGuard,
  CurrentIdentity,
  CurrentToken,
  type JwtContext,
  JwtExtendedModule,
  RefreshGuard,
  TokenCookies,
  TokenService,
} from 'nestjs-jwt-extended';

@Controller()
export class AppController {
  constructor(
    private readonly tokens: TokenService,
    private readonly cookies: TokenCookies,
  ) {}

  @Post('token/auth')
  @HttpCode(200)
  async login(@Res({ passthrough: true }) response: Response) {
    const pair = await this.tokens.createTokenPair('alice');
    this.cookies.setPair(response, pair);
    return {
      access_csrf: await this.tokens.getCsrfToken(pair.accessToken),
      refresh_csrf: await this.tokens.getCsrfToken(pair.refreshToken),
    };
  }

  @UseGuards(RefreshGuard)
  @Post('token/refresh')
  @HttpCode(200)
  async refresh(@CurrentToken() token: JwtContext, @Res({ passthrough: true }) response: Response) {
    const access = await this.tokens.createAccessToken(token.identity, { from: token });
    this.cookies.setAccessCookies(response, access);
    return { access_csrf: await this.tokens.getCsrfToken(access) };
  }

  @UseGuards(AccessGuard)
  @Get('api/example')
  show(@CurrentIdentity() username: string) {
    return { hello: username };
  }

  @UseGuards(AccessGuard)
  @Post('api/example')
  @HttpCode(200)
  change(@CurrentIdentity() username: string) {
    return { changed_by: username };
  }
}

@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: process.env.JWT_SECRET,
      locations: ['cookies'],
      cookies: { accessPath: '/api', refreshPath: '/token/refresh' },
      csrf: { inCookies: false, checkForm: true },
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
