import { Body, Controller, Header, HttpCode, Post, UnauthorizedException } from '@nestjs/common';
import { Public, TokenService } from 'nestjs-jwt-extended';
import { UsersService } from './users/users.service.js';

/** The body of a login. Each member may be missing. */
type Login = Partial<Record<'username' | 'password' | 'scope', unknown>>;

@Controller()
export class AppController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokenService,
  ) {}

  /** The token has the requested scopes, or all scopes of the user, and never one that the user does not have. */
  @Public()
  @Post('login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async login(@Body() { username, password, scope }: Login = {}) {
    const user = await this.users.authenticate(username, password);
    if (!user) throw new UnauthorizedException({ msg: 'Bad username or password' });
    const asked = typeof scope === 'string' ? scope.split(' ') : user.scopes;
    const granted = user.scopes.filter((word) => asked.includes(word)).join(' ');
    const token = await this.tokens.createAccessToken(user.username, {
      additionalClaims: { scope: granted, roles: user.roles },
    });
    return { access_token: token, scope: granted };
  }
}
