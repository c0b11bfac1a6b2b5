import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { JwtExtendedModule, SlidingSessionInterceptor } from 'nestjs-jwt-extended';
import { RenderedController } from './rendered.controller.js';
import { JWT_SECRET } from './settings.js';

const { ACCESS_TOKEN_EXPIRES = '1h', RENEW_WITHIN = '30m' } = process.env;
const toLogin = () => ({ status: 303, headers: { Location: '/login' } });

/** The server renders the pages, and a session lives as long as it is used. */
@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: JWT_SECRET,
      locations: ['cookies'],
      csrf: { checkForm: true },
      accessTokenExpires: ACCESS_TOKEN_EXPIRES,
      cookies: { renewWithin: RENEW_WITHIN },
      sessions: { lifetime: '12h' },
      responses: { unauthorized: toLogin, expiredToken: toLogin, revokedToken: toLogin },
    }),
  ],
  controllers: [RenderedController],
  providers: [{ provide: APP_INTERCEPTOR, useExisting: SlidingSessionInterceptor }],
})
export class RenderedModule {}
