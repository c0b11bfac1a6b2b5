import { Controller, Delete, Get, UseGuards } from '@nestjs/common';
import { AccessGuard, CurrentIdentity, Fresh } from 'nestjs-jwt-extended';

@UseGuards(AccessGuard)
@Fresh()
@Controller('account')
export class AccountController {
  @Fresh({ maxAge: '5m' })
  @Delete()
  remove(@CurrentIdentity() username: string) {
    return { removed: username };
  }

  @Fresh(false)
  @Get()
  show(@CurrentIdentity() username: string) {
    return { username };
  }
}
