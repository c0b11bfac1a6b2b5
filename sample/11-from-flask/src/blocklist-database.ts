import { Controller, Delete, Get, HttpCode, Module, Post, UseGuards } from '@nestjs/common';
import Database from 'libsql';
import {
  AccessGuard,
  CurrentIdentity,
  CurrentToken,
  type JwtContext,
  JwtExtendedModule,
  JwtRequired,
  RefreshGuard,
  TokenService,
} from 'nestjs-jwt-extended';

const database = new Database(':memory:');
database.exec('CREATE TABLE revoked (jti TEXT PRIMARY KEY, type TEXT, username TEXT)');

@Controller()
export class AppController {
  constructor(private readonly tokens: TokenService) {}

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
  logout(@CurrentToken() { jti, type, identity }: JwtContext) {
    database.prepare('INSERT INTO revoked VALUES (?, ?, ?)').run(jti, type, identity);
    return { msg: `${type === 'access' ? 'Access' : 'Refresh'} token revoked` };
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
    JwtExtendedModule.forRoot({
      secret: process.env.JWT_SECRET,
      loaders: {
        isTokenRevoked: ({ jti }) =>
          database.prepare('SELECT 1 FROM revoked WHERE jti = ?').get(jti) !== undefined,
      },
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
