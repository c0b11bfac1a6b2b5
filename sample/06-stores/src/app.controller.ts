import { Controller, Get, UseGuards } from '@nestjs/common';
import { AccessGuard, CurrentIdentity } from 'nestjs-jwt-extended';

@Controller()
export class AppController {
  @UseGuards(AccessGuard)
  @Get('me')
  me(@CurrentIdentity() username: string) {
    return { username };
  }
}
