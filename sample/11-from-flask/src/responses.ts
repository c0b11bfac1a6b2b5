import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { AccessGuard, FreshGuard, JwtExtendedModule } from 'nestjs-jwt-extended';

@Controller()
export class AppController {
  @UseGuards(AccessGuard)
  @Get('protected')
  protected() {
    return { hello: 'world' };
  }

  @UseGuards(FreshGuard)
  @Get('protected-fresh')
  protectedFresh() {
    return { hello: 'world' };
  }
}

@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: process.env.JWT_SECRET,
      responses: {
        expiredToken: ({ identity }) => ({
          status: 401,
          body: { code: 'expired', who: identity },
        }),
        invalidToken: (reason) => ({ status: 400, body: { code: 'invalid', why: reason } }),
        unauthorized: (reason) => ({ status: 403, body: { code: 'unauthorized', why: reason } }),
        needsFreshToken: ({ identity }) => ({
          status: 418,
          body: { code: 'stale', who: identity },
        }),
        revokedToken: ({ jti }) => ({ status: 410, body: { code: 'revoked', which: jti } }),
        userLookupError: ({ identity }) => ({
          status: 404,
          body: { code: 'unknown', who: identity },
        }),
        tokenVerificationFailed: ({ claims }) => ({
          status: 409,
          body: { code: 'closed', which: claims.tenant },
        }),
      },
      loaders: {
        isTokenRevoked: ({ jti }) => jti === 'stolen',
        tokenVerification: ({ claims }) => claims.tenant !== 'bankrupt',
        userLookup: ({ identity }) => identity === 'alice' && { username: 'alice' },
      },
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
