import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import { AccessGuard, BlocklistService, CurrentToken, type JwtContext } from 'nestjs-jwt-extended';

@UseGuards(AccessGuard)
@Controller()
export class AccountController {
  constructor(private readonly blocklist: BlocklistService) {}

  @Get('me')
  me(@CurrentToken() { identity, namespace }: JwtContext) {
    return { username: identity, tenant: namespace };
  }

  /** Logs out the user of this tenant, and not the user of that name of another one. */
  @Post('logout/everywhere')
  async logoutEverywhere(@CurrentToken() { identity, namespace }: JwtContext) {
    await this.blocklist.revokeAllFor(identity, { namespace });
  }
}
