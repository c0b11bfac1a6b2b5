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
import { AccessGuard, CurrentUser, JwtExtendedModule, TokenService } from 'nestjs-jwt-extended';

interface User {
  readonly id: string;
  readonly username: string;
  readonly full_name: string;
}

const USERS: readonly User[] = [
  { id: '1', username: 'alice', full_name: 'Alice Liddell' },
  { id: '2', username: 'bob', full_name: 'Bob Sawyer' },
];

@Controller()
export class AppController {
  constructor(private readonly tokens: TokenService) {}

  @Post('login')
  @HttpCode(200)
  async login(@Body('username') username: unknown) {
    const user = USERS.find((each) => each.username === username);
    if (!user) throw new UnauthorizedException({ msg: 'Bad username or password' });
    return { access_token: await this.tokens.createAccessToken(user) };
  }

  @UseGuards(AccessGuard)
  @Get('who_am_i')
  whoAmI(@CurrentUser() user: User) {
    return user;
  }
}

@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: process.env.JWT_SECRET,
      loaders: {
        userIdentity: (user: User) => user.id,
        userLookup: ({ identity }) => USERS.find((user) => user.id === identity),
      },
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
