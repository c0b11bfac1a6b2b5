import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  AccessGuard,
  Claims,
  CurrentIdentity,
  CurrentToken,
  CurrentUser,
  type JwtContext,
} from 'nestjs-jwt-extended';
import type { User } from '../src/users/user.js';

@UseGuards(AccessGuard)
@Controller('whoami')
export class WhoAmIController {
  @Get('identity')
  identity(@CurrentIdentity() username: string) {
    return { username };
  }

  @Get('claims')
  claims(@Claims('roles') roles: string[], @Claims() all: Claims) {
    return { roles, issuedAt: all.iat };
  }

  @Get('user')
  user(@CurrentUser() user: User) {
    return { name: user.name };
  }

  @Get('token')
  token(@CurrentToken() { jti, type, fresh, expiresAt, location }: JwtContext) {
    return { jti, type, fresh, expiresAt, location };
  }
}
