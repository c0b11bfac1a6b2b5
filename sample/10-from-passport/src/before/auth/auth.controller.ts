import { Controller, Post, Request, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { User } from '../../users/user.js';
import { AuthService } from './auth.service.js';
import { JwtAuthGuard } from './jwt-auth.guard.js';

@Controller('auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @UseGuards(AuthGuard('local'))
  @Post('login')
  login(@Request() request: { user: User }) {
    return this.auth.createTokens(request.user);
  }

  @UseGuards(AuthGuard('jwt-refresh'))
  @Post('refresh')
  refresh(@Request() request: { user: User }) {
    return this.auth.createTokens(request.user);
  }

  @UseGuards(JwtAuthGuard)
  @Post('logout')
  logout(@Request() request: { user: User }) {
    this.auth.forgetRefreshToken(request.user.username);
  }
}
