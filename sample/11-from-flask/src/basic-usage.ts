import {
  Body,
  Controller,
  Get,
  HttpCode,
  Module,
  Post,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { AccessGuard, CurrentIdentity, JwtExtendedModule, TokenService } from 'nestjs-jwt-extended';

@Controller()
export class AppController {
  constructor(private readonly tokens: TokenService) {}

  @Post('login')
  @HttpCode(200)
  async login(@Body('username') username: unknown, @Body('password') password: unknown) {
    if (username !== 'alice' || password !== 'wonderland')
      throw new UnauthorizedException({ msg: 'Bad username or password' });
    return { access_token: await this.tokens.createAccessToken(username) };
  }

  @UseGuards(AccessGuard)
  @Get('protected')
  protected(@CurrentIdentity() username: string) {
    return { logged_in_as: username };
  }
}

@Module({
  imports: [JwtExtendedModule.forRoot({ secret: process.env.JWT_SECRET })],
  controllers: [AppController],
})
export class AppModule {}
