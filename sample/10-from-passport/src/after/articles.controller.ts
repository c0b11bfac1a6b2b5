import { Controller, Delete, Get, Param, UseGuards } from '@nestjs/common';
import { AccessGuard, CurrentUser, oneOf, RequireClaims } from 'nestjs-jwt-extended';
import type { User } from '../users/user.js';

@UseGuards(AccessGuard)
@Controller('articles')
export class ArticlesController {
  @Get()
  list(@CurrentUser() user: User) {
    return { reader: user.username };
  }

  @RequireClaims({ roles: oneOf('admin', 'editor') })
  @Delete(':id')
  remove(@Param('id') id: string) {
    return { removed: id };
  }
}
