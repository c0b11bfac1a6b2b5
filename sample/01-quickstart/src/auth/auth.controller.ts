import {
  Body,
  Controller,
  Header,
  HttpCode,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import {
  BlocklistService,
  CurrentToken,
  CurrentUser,
  type JwtContext,
  LogoutGuard,
  RefreshGuard,
  TokenService,
} from 'nestjs-jwt-extended';
import type { User } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import type { Credentials } from './credentials.js';
import { ParseCredentialsPipe } from './parse-credentials.pipe.js';

@Controller()
export class AuthController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokenService,
    private readonly blocklist: BlocklistService,
  ) {}

  @Post('login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async login(@Body(ParseCredentialsPipe) credentials: Credentials) {
    const user = await this.authenticate(credentials);
    const pair = await this.tokens.createTokenPair(user, { fresh: true });
    return { access_token: pair.accessToken, refresh_token: pair.refreshToken };
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async refresh(@CurrentUser() user: User, @CurrentToken() token: JwtContext) {
    return { access_token: await this.tokens.createAccessToken(user, { from: token }) };
  }

  @Post('fresh-login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async freshLogin(@Body(ParseCredentialsPipe) credentials: Credentials) {
    const user = await this.authenticate(credentials);
    return { access_token: await this.tokens.createAccessToken(user, { fresh: true }) };
  }

  /** Ends the session of the token, with all tokens of the session. */
  @UseGuards(LogoutGuard)
  @Post('logout')
  @HttpCode(200)
  async logout(@CurrentToken() token: JwtContext) {
    await this.blocklist.revokeSession(token);
    return { msg: 'Logged out' };
  }

  private async authenticate({ username, password }: Credentials): Promise<User> {
    const user = await this.users.authenticate(username, password);
    if (!user) throw new UnauthorizedException({ msg: 'Bad username or password' });
    return user;
  }
}
