import { Module } from '@nestjs/common';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import type { User } from '../src/users/user.js';
import { UsersModule } from '../src/users/users.module.js';
import { UsersService } from '../src/users/users.service.js';

@Module({
  imports: [
    JwtExtendedModule.forRootAsync({
      endpoints: { login: true, refresh: true, logout: true },
      imports: [UsersModule],
      inject: [UsersService],
      useFactory: (users: UsersService) => ({
        secret: process.env.JWT_SECRET,
        login: {
          authenticate: (username, password) => users.authenticate(username, password),
        },
        loaders: { userIdentity: (user: User) => user.username },
      }),
    }),
  ],
})
export class MembersModule {}
