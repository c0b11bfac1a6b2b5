import { Controller, Get, HttpCode, Module, Post, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import {
  AccessGuard,
  JwtExtendedModule,
  JwtRequired,
  TokenCookies,
  TokenService,
} from 'nestjs-jwt-extended';

@Controller()
export class AppController {
  constructor(
    private readonly tokens: TokenService,
    private readonly cookies: TokenCookies,
  ) {}

  @Post('login_without_cookies')
  @HttpCode(200)
  async loginWithoutCookies() {
    return { access_token: await this.tokens.createAccessToken('alice') };
  }

  @Post('login_with_cookies')
  @HttpCode(200)
  async loginWithCookies(@Res({ passthrough: true }) response: Response) {
    this.cookies.setAccessCookies(response, await this.tokens.createAccessToken('alice'));
    return { msg: 'login successful' };
  }

  @Post('logout_with_cookies')
  @HttpCode(200)
  logoutWithCookies(@Res({ passthrough: true }) response: Response) {
    this.cookies.unsetCookies(response);
    return { msg: 'logout successful' };
  }

  @UseGuards(AccessGuard)
  @Get('protected')
  show() {
    return { foo: 'bar' };
  }

  @UseGuards(AccessGuard)
  @Post('protected')
  @HttpCode(200)
  change() {
    return { foo: 'bar' };
  }

  @JwtRequired({ locations: ['headers'] })
  @Get('only_headers')
  onlyHeaders() {
    return { foo: 'baz' };
  }
}

@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: process.env.JWT_SECRET,
      locations: ['headers', 'cookies', 'json', 'query_string'],
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
