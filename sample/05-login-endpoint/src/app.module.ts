import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { JwtExtendedModule, type TokenPair } from 'nestjs-jwt-extended';
import { AppController } from './app.controller.js';
import { responses } from './flask-jwt.js';
import type { User } from './users/user.js';
import { UsersModule } from './users/users.module.js';
import { UsersService } from './users/users.service.js';

/** Without JWT_SECRET, a random secret: tokens are valid until the process ends. */
const { JWT_SECRET: secret = randomBytes(64).toString('base64url') } = process.env;

/** Implements Flask-JWT's protocol and accepts the tokens of a Flask-JWT service with the same secret. */
@Module({
  imports: [
    JwtExtendedModule.forRootAsync({
      endpoints: { login: true },
      imports: [UsersModule],
      inject: [UsersService],
      useFactory: (users: UsersService) => ({
        secret,
        identityClaim: 'identity',
        accessTokenExpires: '5m',
        leeway: '10s',
        acceptForeignTokens: true,
        headerType: 'JWT',
        realm: 'Login Required',
        responses,
        login: {
          authenticate: (username, password) => users.authenticate(username, password),
          respond: (pair: TokenPair) => ({ access_token: pair.accessToken }),
        },
        loaders: {
          userIdentity: (user: User) => user.id,
          userLookup: (token) => users.findOne(token.identity),
        },
      }),
    }),
  ],
  controllers: [AppController],
})
export class AppModule {}
