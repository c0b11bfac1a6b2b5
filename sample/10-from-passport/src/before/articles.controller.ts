import { Controller, Delete, Get, Param, Request, UseGuards } from '@nestjs/common';
import type { User } from '../users/user.js';
import { JwtAuthGuard } from './auth/jwt-auth.guard.js';
import { Roles, RolesGuard } from './auth/roles.guard.js';

@UseGuards(JwtAuthGuard, RolesGuard)
@Controller('articles')
export class ArticlesController {
  @Get()
  list(@Request() request: { user: User }) {
    return { reader: request.user.username };
  }

  @Roles('admin', 'editor')
  @Delete(':id')
  remove(@Param('id') id: string) {
    return { removed: id };
  }
}
