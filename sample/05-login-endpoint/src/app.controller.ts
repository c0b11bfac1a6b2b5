import { Controller, Get, UseGuards } from '@nestjs/common';
import { AccessGuard, CurrentUser } from 'nestjs-jwt-extended';
import type { User } from './users/user.js';

@Controller()
export class AppController {
  @UseGuards(AccessGuard)
  @Get('protected')
  protected(@CurrentUser() user: User) {
    return `User(id='${user.id}')`;
  }
}
