import { Controller, Get, UseGuards } from '@nestjs/common';
import { AccessGuard, CurrentIdentity, FreshGuard, RequireClaims } from 'nestjs-jwt-extended';

/** The routes behind the buttons of the page. */
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
  @RequireClaims({ roles: 'admin' })
  @Get('admin')
  admin(@CurrentIdentity() username: string) {
    return { logged_in_as: username, admin: true };
  }
}
