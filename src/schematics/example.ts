/** The controller that `--example` writes. */
export const EXAMPLE = `import {
  Body,
  Controller,
  Get,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import {
  AccessGuard,
  BlocklistService,
  CurrentIdentity,
  CurrentToken,
  type JwtContext,
  LogoutGuard,
  RefreshGuard,
  TokenService,
} from 'nestjs-jwt-extended';

@Controller()
export class AccountController {
  constructor(
    private readonly tokens: TokenService,
    private readonly blocklist: BlocklistService,
  ) {}

  @Post('login')
  login(
    @Body('username') username: unknown,
    @Body('password') password: unknown,
  ) {
    // Replace this: look your user up, and verify the password's hash.
    if (username !== 'alice' || password !== 'wonderland') {
      throw new UnauthorizedException();
    }
    return this.tokens.createTokenPair(username, { fresh: true });
  }

  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentIdentity() username: string) {
    return { username };
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
    return { msg: 'Logged out' };
  }
}
`;
