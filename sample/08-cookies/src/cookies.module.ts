import { Module } from '@nestjs/common';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import { NotesController } from './notes.controller.js';
import { SessionController } from './session.controller.js';
import { ACCESS_TOKEN_EXPIRES, COOKIE_DOMAIN, JWT_SECRET } from './settings.js';

/** Both tokens are in cookies. */
@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: JWT_SECRET,
      accessTokenExpires: ACCESS_TOKEN_EXPIRES,
      locations: ['cookies'],
      cookies: { refreshPath: '/session', domain: COOKIE_DOMAIN },
    }),
  ],
  controllers: [SessionController, NotesController],
})
export class CookiesModule {}
