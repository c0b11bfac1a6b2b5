import { Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
import { CurrentIdentity, JwtExtendedModule, JwtRequired, TokenService } from 'nestjs-jwt-extended';

@Controller()
export class AppController {
  constructor(private readonly tokens: TokenService) {}

  @Post('login')
  @HttpCode(200)
  async login() {
    return { access_token: await this.tokens.createAccessToken('alice') };
  }

  @JwtRequired({ optional: true })
  @Get('optionally_protected')
  optionallyProtected(@CurrentIdentity() username: string | undefined) {
    return { logged_in_as: username ?? 'anonymous user' };
  }
}

@Module({
  imports: [JwtExtendedModule.forRoot({ secret: process.env.JWT_SECRET })],
  controllers: [AppController],
})
export class AppModule {}
