import { Controller, Get, HttpCode, Module, Post, Res, UseGuards } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { Response } from 'express';
import {
  AccessGuard,
  JwtExtendedModule,
  SlidingSessionInterceptor,
  TokenCookies,
  TokenService,
} from 'nestjs-jwt-extended';

@Controller()
export class AppController {
  constructor(
    private readonly tokens: TokenService,
    private readonly cookies: TokenCookies,
  ) {}

  @Post('login')
  @HttpCode(200)
  async login(@Res({ passthrough: true }) response: Response) {
    const { accessToken } = await this.tokens.createTokenPair('alice');
    this.cookies.setAccessCookies(response, accessToken);
    return { msg: 'login successful' };
  }

  @Post('logout')
  @HttpCode(200)
  logout(@Res({ passthrough: true }) response: Response) {
    this.cookies.unsetCookies(response);
    return { msg: 'logout successful' };
  }

  @UseGuards(AccessGuard)
  @Get('protected')
  protected() {
    return { foo: 'bar' };
  }
}

@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: process.env.JWT_SECRET,
      locations: ['cookies'],
      accessTokenExpires: '1h',
      cookies: { renewWithin: '30m' },
      sessions: { lifetime: '12h' },
    }),
  ],
  controllers: [AppController],
  providers: [{ provide: APP_INTERCEPTOR, useExisting: SlidingSessionInterceptor }],
})
export class AppModule {}
