import { Controller, Get, NotFoundException, Param } from '@nestjs/common';
import { MatchParam } from 'nestjs-jwt-extended';
import { UsersService } from './users.service.js';

@Controller('users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /** Only for the user in the URL, and for administrators. */
  @MatchParam('username', { claim: 'sub', override: { roles: 'admin' } })
  @Get(':username')
  show(@Param('username') username: string) {
    const user = this.users.findOne(username);
    if (!user) throw new NotFoundException();
    return { username, roles: user.roles };
  }
}
