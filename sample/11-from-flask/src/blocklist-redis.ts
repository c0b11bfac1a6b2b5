import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Module,
  type OnApplicationShutdown,
  Post,
  UseGuards,
} from '@nestjs/common';
import {
  AccessGuard,
  BlocklistService,
  CurrentIdentity,
  CurrentToken,
  type JwtContext,
  JwtExtendedModule,
  JwtRequired,
  RedisBlocklistStore,
  RefreshGuard,
  TokenService,
} from 'nestjs-jwt-extended';
import { createClient } from 'redis';

const client = createClient({ url: process.env.REDIS_URL });

@Controller()
export class AppController {
  constructor(
    private readonly tokens: TokenService,
    private readonly blocklist: BlocklistService,
  ) {}

  @Post('login')
  @HttpCode(200)
  async login() {
    return {
      access_token: await this.tokens.createAccessToken('alice'),
      refresh_token: await this.tokens.createRefreshToken('alice'),
    };
  }

  @JwtRequired({ verifyType: false })
  @Delete('logout')
  async logout(@CurrentToken() token: JwtContext) {
    await this.blocklist.revoke(token);
    return { msg: `${token.type === 'access' ? 'Access' : 'Refresh'} token revoked` };
  }

  @UseGuards(AccessGuard)
  @Get('protected')
  protected() {
    return { hello: 'world' };
  }

  @UseGuards(RefreshGuard)
  @Post('refresh')
  @HttpCode(200)
  async refresh(@CurrentIdentity() username: string) {
    return { access_token: await this.tokens.createAccessToken(username) };
  }
}

@Module({
  imports: [
    JwtExtendedModule.forRootAsync({
      async useFactory() {
        await client.connect();
        return {
          secret: process.env.JWT_SECRET,
          blocklist: { store: new RedisBlocklistStore(client) },
        };
      },
    }),
  ],
  controllers: [AppController],
})
export class AppModule implements OnApplicationShutdown {
  async onApplicationShutdown() {
    await client.close();
  }
}
