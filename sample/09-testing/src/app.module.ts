import { Module } from '@nestjs/common';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import { AppController } from './app.controller.js';
import { UsersModule } from './users.module.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [
    JwtExtendedModule.forRootAsync({
      imports: [UsersModule],
      inject: [UsersService],
      useFactory: (users: UsersService) => ({
        secret: process.env.JWT_SECRET,
        profile: 'nest',
        loaders: { userLookup: (token) => users.findOne(token.identity) },
      }),
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
