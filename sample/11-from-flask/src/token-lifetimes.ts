import { Controller, HttpCode, Module, Post, UseGuards } from '@nestjs/common';
import { AccessGuard, CurrentIdentity, JwtExtendedModule, TokenService } from 'nestjs-jwt-extended';

@Controller()
export class AppController {
  constructor(private readonly tokens: TokenService) {}

  @Post('login')
  @HttpCode(200)
  async login() {
    return { token: await this.tokens.createAccessToken('alice') };
  }

  @UseGuards(AccessGuard)
  @Post('create-dev-token')
  async createDevToken(@CurrentIdentity() username: string) {
    return { token: await this.tokens.createAccessToken(username, { expiresIn: '365d' }) };
  }

  @UseGuards(AccessGuard)
  @Post('create-api-token')
  async createApiToken(@CurrentIdentity() username: string) {
    return { token: await this.tokens.createAccessToken(username, { expiresIn: false }) };
  }
}

@Module({
  imports: [
    JwtExtendedModule.forRoot({ secret: process.env.JWT_SECRET, accessTokenExpires: '5m' }),
  ],
  controllers: [AppController],
})
export class AppModule {}
