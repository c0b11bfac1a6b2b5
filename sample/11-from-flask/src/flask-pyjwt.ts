import {
  Body,
  Controller,
  Get,
  HttpCode,
  Module,
  Param,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import {
  AccessGuard,
  CurrentIdentity,
  CurrentToken,
  type JwtContext,
  JwtExtendedModule,
  MatchParam,
  RefreshGuard,
  RequireClaims,
  RequireScope,
  TokenService,
} from 'nestjs-jwt-extended';

/** What Flask_PyJWT's `auth_token(subject, scope, **claims)` is given. */
const AUTHORIZATIONS: Readonly<Record<string, object>> = {
  alice: { scope: { admin: true }, team: 'wonderland' },
  bob: { scope: {} },
};

@Controller()
export class AppController {
  constructor(private readonly tokens: TokenService) {}

  @Post('login')
  @HttpCode(200)
  async login(@Body('username') username: string, @Body('password') password: unknown) {
    if (!Object.hasOwn(AUTHORIZATIONS, username) || password !== 'pass')
      throw new UnauthorizedException({ error: 'Invalid login credentials' });
    const { accessToken, refreshToken } = await this.tokens.createTokenPair(username);
    return { auth_token: accessToken, refresh_token: refreshToken };
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  @HttpCode(200)
  async refresh(@CurrentIdentity() username: string, @CurrentToken() token: JwtContext) {
    return { auth_token: await this.tokens.createAccessToken(username, { from: token }) };
  }
}

@UseGuards(AccessGuard)
@Controller()
export class ProtectedController {
  @Get('protected_route')
  protectedRoute() {
    return { message: "You've reached the protected route!" };
  }

  @MatchParam('username', { claim: 'sub' })
  @Get('user_specific_route/:username')
  userSpecificRoute(@Param('username') username: string) {
    return { message: `Hello, ${username}!` };
  }

  @RequireClaims({ team: 'wonderland' })
  @Get('custom_claim_route')
  customClaimRoute() {
    return { message: "You've reached the custom claim route!" };
  }

  @RequireScope({ admin: true })
  @Get('admin_dashboard')
  adminDashboard() {
    return { message: 'Hello admin!' };
  }

  @Get('token/info')
  tokenInfo(@CurrentToken() { type, identity, claims, encoded }: JwtContext) {
    return {
      token_type: type,
      subject: identity,
      scope: claims.scope,
      claims,
      signed_token: encoded,
    };
  }
}

@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: process.env.JWT_SECRET,
      encodeIssuer: 'wonderland',
      decodeIssuer: 'wonderland',
      accessTokenExpires: 3600,
      refreshTokenExpires: 604_800,
      acceptForeignTokens: true,
      profile: 'rfc6750',
      claimsInRefreshToken: false,
      loaders: { additionalClaims: (username: string) => AUTHORIZATIONS[username] },
    }),
  ],
  controllers: [AppController, ProtectedController],
})
export class AppModule {}
