import { Module } from '@nestjs/common';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import { AuthController } from './auth/auth.controller.js';
import { jwtSecret } from './auth/jwt-secret.js';
import { LogoutController } from './auth/logout.controller.js';
import { PairDelivery } from './auth/pair-delivery.js';
import { DevicesController } from './devices/devices.controller.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { SecurityMetrics } from './metrics/security-metrics.js';
import { OPENED_STORE, type OpenedStore } from './store/opened-store.js';
import { StoreModule } from './store/store.module.js';
import type { User } from './users/user.js';
import { UsersModule } from './users/users.module.js';
import { UsersService } from './users/users.service.js';

@Module({
  imports: [
    UsersModule,
    JwtExtendedModule.forRootAsync({
      imports: [StoreModule, UsersModule],
      inject: [OPENED_STORE, UsersService],
      useFactory: ({ store }: OpenedStore, users: UsersService) => ({
        secret: jwtSecret(),
        locations: ['headers', 'cookies'],
        blocklist: { store },
        sessions: { lifetime: '90d', list: true, max: 10 },
        loaders: {
          userIdentity: (user: User) => user.username,
          userLookup: (token) => users.findOne(token.identity),
        },
      }),
    }),
  ],
  controllers: [AuthController, LogoutController, DevicesController, MetricsController],
  providers: [PairDelivery, SecurityMetrics],
})
export class AppModule {}
