import { Controller, Get, HttpCode, Module, Post, UseGuards } from '@nestjs/common';
import { AccessGuard, Claims, JwtExtendedModule, TokenService } from 'nestjs-jwt-extended';

@Controller()
export class AppController {
  constructor(private readonly tokens: TokenService) {}

  @Post('login')
  @HttpCode(200)
  async login() {
    // What is given here overrides what the loader gives.
    const options = { additionalClaims: { plan: 'pro' } };
    return { access_token: await this.tokens.createAccessToken('alice', options) };
  }

  @UseGuards(AccessGuard)
  @Get('protected')
  protected(@Claims() claims: Claims) {
    return { plan: claims.plan, name: claims.upcase_name, audience: claims.aud };
  }
}

@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: process.env.JWT_SECRET,
      encodeAudience: 'shop',
      loaders: {
        additionalClaims: (identity: string) => ({
          upcase_name: identity.toUpperCase(),
          plan: 'free',
        }),
      },
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
