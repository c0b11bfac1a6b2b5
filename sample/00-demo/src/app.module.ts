import { Module } from '@nestjs/common';
import { minutes, ThrottlerModule } from '@nestjs/throttler';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import { AppController } from './app.controller.js';
import { AuthController } from './auth/auth.controller.js';
import { ClaimsController } from './auth/claims.controller.js';
import { jwtSecret } from './auth/jwt-secret.js';
import { LogoutController } from './auth/logout.controller.js';
import { TokenDelivery } from './auth/token-delivery.js';
import { DevicesController } from './devices/devices.controller.js';
import { EventsModule } from './events/events.module.js';
import { SecurityFeed } from './events/security-feed.js';
import { ForgeryController } from './forgery/forgery.controller.js';
import { OtherOrigin } from './forgery/other-origin.js';
import { PageController } from './page/page.controller.js';
import { OPENED_STORE, type OpenedStore } from './store/opened-store.js';
import { StoreModule } from './store/store.module.js';
import type { User } from './users/user.js';
import { UsersModule } from './users/users.module.js';
import { UsersService } from './users/users.service.js';

@Module({
  imports: [
    UsersModule,
    EventsModule,
    ThrottlerModule.forRoot({
      throttlers: [{ ttl: minutes(1), limit: 30 }],
      errorMessage: 'Too many attempts. Wait a minute.',
    }),
    JwtExtendedModule.forRootAsync({
      imports: [StoreModule, UsersModule, EventsModule],
      inject: [OPENED_STORE, UsersService, SecurityFeed],
      useFactory: ({ store }: OpenedStore, users: UsersService, events: SecurityFeed) => ({
        secret: jwtSecret(),
        // Short, so that one sees them end.
        accessTokenExpires: process.env.ACCESS_TOKEN_EXPIRES ?? '60s',
        refreshTokenExpires: process.env.REFRESH_TOKEN_EXPIRES ?? '10m',
        sessions: { lifetime: '1h', list: true, max: 10 },
        locations: ['headers', 'cookies'],
        blocklist: { store },
        events,
        loaders: {
          userIdentity: (user: User) => user.username,
          userLookup: (token) => users.findOne(token.identity),
          additionalClaims: (user: User) => ({ name: user.name, roles: user.roles }),
        },
      }),
    }),
  ],
  controllers: [
    PageController,
    AppController,
    AuthController,
    LogoutController,
    ClaimsController,
    DevicesController,
    ForgeryController,
  ],
  providers: [TokenDelivery, OtherOrigin],
})
export class AppModule {}
