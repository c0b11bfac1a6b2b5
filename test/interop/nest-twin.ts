import { Body, Controller, Delete, Get, HttpCode, Post, Res, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  Claims,
  CurrentIdentity,
  FreshGuard,
  type HttpResponse,
  JwtRequired,
  RefreshGuard,
  TokenCookies,
  TokenService,
} from '../../src/index.js';

/** What a test asks either application to mint. */
export interface Wanted {
  readonly identity: unknown;
  /** Whether the token is fresh, or for how many seconds. */
  readonly fresh?: boolean | number;
  readonly expires_in?: number | false;
  readonly claims?: object;
}

/** Has the same routes as `flask_app.py`. */
@Controller()
export class NestTwin {
  constructor(
    private readonly tokens: TokenService,
    private readonly cookies: TokenCookies,
  ) {}

  @HttpCode(200)
  @Post('tokens/access')
  async mintAccessToken(@Body() { identity, fresh, expires_in: expiresIn, claims }: Wanted) {
    const options = { fresh, expiresIn, additionalClaims: claims };
    return { token: await this.tokens.createAccessToken(identity, options) };
  }

  @HttpCode(200)
  @Post('tokens/refresh')
  async mintRefreshToken(@Body() { identity, expires_in: expiresIn, claims }: Wanted) {
    const options = { expiresIn, additionalClaims: claims };
    return { token: await this.tokens.createRefreshToken(identity, options) };
  }

  @HttpCode(200)
  @Post('cookies')
  async setCookies(
    @Body() { identity }: Wanted,
    @Res({ passthrough: true }) response: HttpResponse,
  ) {
    this.cookies.setAccessCookies(response, await this.tokens.createAccessToken(identity));
    this.cookies.setRefreshCookies(response, await this.tokens.createRefreshToken(identity));
    return { login: true };
  }

  @Delete('cookies')
  unsetCookies(@Res({ passthrough: true }) response: HttpResponse) {
    this.cookies.unsetCookies(response);
    return { logout: true };
  }

  @UseGuards(AccessGuard)
  @Get('access')
  access(@CurrentIdentity() identity: unknown, @Claims() claims: Claims) {
    return { identity, claims };
  }

  @HttpCode(200)
  @UseGuards(AccessGuard)
  @Post('access')
  change(@CurrentIdentity() identity: unknown, @Claims() claims: Claims) {
    return { identity, claims };
  }

  @UseGuards(FreshGuard)
  @Get('fresh')
  fresh(@CurrentIdentity() identity: unknown, @Claims() claims: Claims) {
    return { identity, claims };
  }

  @JwtRequired({ optional: true })
  @Get('optional')
  optional(@CurrentIdentity() identity: unknown, @Claims() claims: Claims) {
    return { identity: identity ?? null, claims };
  }

  @HttpCode(200)
  @UseGuards(RefreshGuard)
  @Post('refresh')
  refresh(@CurrentIdentity() identity: unknown, @Claims() claims: Claims) {
    return { identity, claims };
  }
}
