import { Module } from '@nestjs/common';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import { JWT_SECRET } from '../../secrets.js';
import type { User } from '../../users/user.js';
import { UsersModule } from '../../users/users.module.js';
import { UsersService } from '../../users/users.service.js';
import { AuthController } from './auth.controller.js';

@Module({
  imports: [
    UsersModule,
    JwtExtendedModule.forRootAsync({
      imports: [UsersModule],
      inject: [UsersService],
      useFactory: (users: UsersService) => ({
        secret: JWT_SECRET,
        accessTokenExpires: '15m',
        refreshTokenExpires: '7d',
        profile: 'nest',
        // Until the last old access token has expired.
        acceptForeignTokens: process.env.ACCEPT_OLD_TOKENS === 'true',
        loaders: {
          userIdentity: (user: User) => user.username,
          additionalClaims: (user: User) => ({ roles: user.roles }),
          userLookup: (token) => users.findOne(token.identity),
        },
      }),
    }),
  ],
  controllers: [AuthController],
})
export class AuthModule {}
