import { applyDecorators, Body, Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
import { JwtExtendedModule, JwtRequired, RequireClaims, TokenService } from 'nestjs-jwt-extended';

/** Requires an access token whose claim `is_administrator` is true. */
export const AdminRequired = () =>
  applyDecorators(JwtRequired(), RequireClaims({ is_administrator: true }));

@Controller()
export class AppController {
  constructor(private readonly tokens: TokenService) {}

  @Post('login')
  @HttpCode(200)
  async login(@Body('username') username: string) {
    const additionalClaims = { is_administrator: username === 'alice' };
    return { access_token: await this.tokens.createAccessToken(username, { additionalClaims }) };
  }

  @AdminRequired()
  @Get('protected')
  protected() {
    return { foo: 'bar' };
  }
}

@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: process.env.JWT_SECRET,
      responses: {
        insufficientClaims: () => ({ status: 403, body: { msg: 'Admins only!' } }),
      },
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
