import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Header,
  Headers,
  Post,
  Redirect,
  Res,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import type { Response } from 'express';
import {
  AccessGuard,
  BlocklistService,
  CurrentToken,
  type JwtContext,
  LogoutGuard,
  TokenCookies,
  TokenService,
} from 'nestjs-jwt-extended';
import { authenticate } from './users.js';

const loginPage = `<!doctype html>
<title>Log in</title>
<form method="post" action="/login">
  <label>Username <input name="username" value="alice" /></label>
  <label>Password <input name="password" type="password" /></label>
  <button>Log in</button>
</form>`;

const homePage = (username: string, csrf: string) => `<!doctype html>
<title>Home</title>
<h1>Logged in as ${username}</h1>
<form method="post" action="/logout">
  <input type="hidden" name="csrf_token" value="${csrf}" />
  <button>Log out</button>
</form>`;

@Controller()
export class RenderedController {
  constructor(
    private readonly tokens: TokenService,
    private readonly cookies: TokenCookies,
    private readonly blocklist: BlocklistService,
  ) {}

  @Get('login')
  @Header('Content-Type', 'text/html')
  loginPage() {
    return loginPage;
  }

  @Post('login')
  @Redirect('/', 303)
  async login(
    @Headers('sec-fetch-site') site: string | undefined,
    @Body() body: { username?: unknown; password?: unknown },
    @Res({ passthrough: true }) response: Response,
  ) {
    // A form of another site must not log the user in as somebody else.
    if (site !== 'same-origin') throw new ForbiddenException();
    const username = authenticate(body.username, body.password);
    if (username === undefined) throw new UnauthorizedException('Bad username or password');
    const pair = await this.tokens.createTokenPair(username, { fresh: true });
    this.cookies.setAccessCookies(response, pair.accessToken);
  }

  @UseGuards(AccessGuard)
  @Get()
  @Header('Content-Type', 'text/html')
  async home(@CurrentToken() token: JwtContext) {
    return homePage(token.identity, (await this.tokens.getCsrfToken(token.encoded)) ?? '');
  }

  @UseGuards(LogoutGuard)
  @Post('logout')
  @Redirect('/login', 303)
  async logout(@CurrentToken() token: JwtContext, @Res({ passthrough: true }) response: Response) {
    await this.blocklist.revokeSession(token);
    this.cookies.unsetCookies(response);
  }
}
