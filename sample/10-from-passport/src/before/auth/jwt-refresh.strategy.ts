import { Injectable, UnauthorizedException } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { JWT_REFRESH_SECRET } from '../../secrets.js';
import { UsersService } from '../../users/users.service.js';
import { AuthService } from './auth.service.js';

const extract = ExtractJwt.fromAuthHeaderAsBearerToken();

@Injectable()
export class JwtRefreshStrategy extends PassportStrategy(Strategy, 'jwt-refresh') {
  constructor(
    private readonly auth: AuthService,
    private readonly users: UsersService,
  ) {
    super({ jwtFromRequest: extract, secretOrKey: JWT_REFRESH_SECRET, passReqToCallback: true });
  }

  validate(request: Request, payload: { sub: string }) {
    if (!this.auth.isLastRefreshToken(payload.sub, extract(request) ?? ''))
      throw new UnauthorizedException();
    return this.users.findOne(payload.sub);
  }
}
