import { Module } from '@nestjs/common';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import { NotesController } from './notes.controller.js';
import { ACCESS_TOKEN_EXPIRES, COOKIE_DOMAIN, JWT_SECRET } from './settings.js';
import { authenticate } from './users.js';

/** The page keeps the access token in memory, and the browser keeps the refresh token in a cookie. */
@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: JWT_SECRET,
      accessTokenExpires: ACCESS_TOKEN_EXPIRES,
      cookies: { refreshPath: '/auth', domain: COOKIE_DOMAIN },
      login: { authenticate },
      endpoints: {
        login: { deliver: { access: 'body', refresh: 'cookie' } },
        refresh: true,
        logout: true,
      },
    }),
  ],
  controllers: [NotesController],
})
export class MemoryModule {}
