import { Module } from '@nestjs/common';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import { AppController } from './app.controller.js';
import { AuthModule } from './auth/auth.module.js';
import { jwtSecret } from './auth/jwt-secret.js';
import type { User } from './users/user.js';
import { UsersModule } from './users/users.module.js';
import { UsersService } from './users/users.service.js';

@Module({
  imports: [
    JwtExtendedModule.forRootAsync({
      imports: [UsersModule],
      inject: [UsersService],
      useFactory: (users: UsersService) => ({
        secret: jwtSecret(),
        loaders: {
          userIdentity: (user: User) => user.username,
          userLookup: (token) => users.findOne(token.identity),
          additionalClaims: (user: User) => ({ roles: user.roles }),
        },
      }),
    }),
    AuthModule,
  ],
  controllers: [AppController],
})
export class AppModule {}
