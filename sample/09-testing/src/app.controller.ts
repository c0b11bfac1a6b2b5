import { Controller, Delete, Get, Param, Post, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  BlocklistService,
  CurrentToken,
  CurrentUser,
  FreshGuard,
  type JwtContext,
  LogoutGuard,
  RequireClaims,
} from 'nestjs-jwt-extended';
import type { User } from './users.service.js';

@Controller()
export class AppController {
  constructor(private readonly blocklist: BlocklistService) {}

  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentUser() user: User) {
    return { name: user.name };
  }

  @UseGuards(FreshGuard)
  @Post('password')
  changePassword(@CurrentUser() user: User) {
    return { changed: user.username };
  }

  @UseGuards(AccessGuard)
  @RequireClaims({ roles: 'admin' })
  @Delete('articles/:id')
  remove(@Param('id') id: string) {
    return { removed: id };
  }

  @UseGuards(LogoutGuard)
  @Post('logout')
  async logout(@CurrentToken() token: JwtContext) {
    await this.blocklist.revokeSession(token);
  }
}
