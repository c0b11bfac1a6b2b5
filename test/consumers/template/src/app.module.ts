import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Param,
  Post,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  AccessGuard,
  anyOf,
  BlocklistService,
  Claims,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  FreshGuard,
  JwtExtendedModule,
  JwtRequired,
  MatchParam,
  RefreshGuard,
  RequireClaims,
  RequireScope,
  TokenCookies,
  TokenService,
} from 'nestjs-jwt-extended';
import type { JwtContext, KeyOptions } from 'nestjs-jwt-extended';
import { generateKeyPairSync } from 'node:crypto';

interface User {
  readonly id: string;
  readonly roles: string[];
}

const ada: User = { id: 'ada', roles: ['admin'] };

@Injectable()
class Keys {
  readonly good = 'good';
}

/** No provider: it is made for the route that names it. */
@Injectable()
class KeyGuard implements CanActivate {
  constructor(private readonly keys: Keys) {}

  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<Request>().headers['x-api-key'] === this.keys.good;
  }
}

@Controller()
export class AccountController {
  constructor(
    private readonly tokens: TokenService,
    private readonly cookies: TokenCookies,
    private readonly blocklist: BlocklistService,
  ) {}

  @Post('login')
  login() {
    return this.tokens.createTokenPair(ada, { fresh: true });
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  async refresh(@CurrentUser() user: User) {
    return { access_token: await this.tokens.createAccessToken(user, { fresh: false }) };
  }

  @JwtRequired({ locations: ['headers'] })
  @Get('me')
  me(@CurrentIdentity() identity: string, @Claims('roles') roles: string[]) {
    return { identity, roles };
  }

  @UseGuards(FreshGuard)
  @Post('password')
  changePassword(@CurrentIdentity() identity: string) {
    return { identity };
  }

  @Post('cookies')
  async logInByCookies(@Res({ passthrough: true }) response: Response) {
    this.cookies.setAccessCookies(response, await this.tokens.createAccessToken(ada));
    return {};
  }

  @UseGuards(anyOf(AccessGuard, KeyGuard))
  @RequireClaims({ roles: 'auditor' }, { override: { roles: 'admin' } })
  @RequireScope('read:reports')
  @Get('reports/:owner')
  reports(@Param('owner') owner: string, @CurrentIdentity() reader?: string) {
    return { owner, reader: reader ?? 'key' };
  }

  @UseGuards(AccessGuard)
  @MatchParam('owner', { claim: 'sub' })
  @Get('drafts/:owner')
  drafts(@Param('owner') owner: string) {
    return { owner };
  }

  @UseGuards(AccessGuard)
  @Post('note')
  note(@CurrentToken() token: JwtContext) {
    return { location: token.location };
  }

  @UseGuards(AccessGuard)
  @Post('logout')
  async logout(@CurrentToken() token: JwtContext) {
    await this.blocklist.revoke(token);
    return {};
  }
}

function keys(): KeyOptions {
  if (process.env.JWT_ALGORITHM === 'EdDSA')
    return { ...generateKeyPairSync('ed25519'), algorithm: 'EdDSA' };
  return { secret: 'a secret of thirty-two bytes, at the least' };
}

@Module({
  imports: [
    JwtExtendedModule.forRootAsync({
      useFactory: () => ({
        ...keys(),
        locations: ['headers', 'cookies'],
        loaders: {
          userIdentity: (user: User) => user.id,
          additionalClaims: (user: User) => ({ roles: user.roles, scope: 'read:reports' }),
          userLookup: (token) => (token.identity === ada.id ? ada : null),
        },
      }),
    }),
  ],
  controllers: [AccountController],
  providers: [Keys],
})
export class AppModule {}
