import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  Claims,
  CurrentIdentity,
  CurrentUser,
  FreshGuard,
  JwtOptional,
} from 'nestjs-jwt-extended';
import type { User } from './users/user.js';

@Controller()
export class AppController {
  @UseGuards(AccessGuard)
  @Get('protected')
  protected(@CurrentIdentity() username: string) {
    return { logged_in_as: username };
  }

  @UseGuards(FreshGuard)
  @Get('protected-fresh')
  protectedFresh(@CurrentIdentity() username: string) {
    return { logged_in_as: username, fresh: true };
  }

  @UseGuards(AccessGuard)
  @JwtOptional()
  @Get('optional')
  optional(@CurrentIdentity() username: string | undefined) {
    return { logged_in_as: username ?? 'anonymous' };
  }

  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentUser() user: User, @Claims('roles') roles: string[]) {
    return { username: user.username, name: user.name, roles };
  }
}
