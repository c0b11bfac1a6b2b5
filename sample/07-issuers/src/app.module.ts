import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { JwtExtendedModule, type Token } from 'nestjs-jwt-extended';
import { isForOurClient } from './issuers/cognito.js';
import { issuers } from './issuers/issuers.js';
import { ApprovalsController } from './orders/approvals.controller.js';
import { OrdersController } from './orders/orders.controller.js';
import { UsersModule } from './users/users.module.js';
import { UsersService } from './users/users.service.js';

@Module({
  imports: [
    JwtExtendedModule.forRootAsync({
      endpoints: { login: true, logout: true },
      imports: [UsersModule],
      inject: [UsersService],
      useFactory: (users: UsersService) => ({
        secret: process.env.JWT_SECRET ?? randomBytes(64).toString('base64url'),
        issuers: issuers(),
        login: {
          authenticate: (name, password) => users.authenticate(name, password),
          pairOptions: () => ({ additionalClaims: { scope: 'orders.read' } }),
        },
        loaders: {
          tokenVerification: (token: Token) =>
            token.expiresAt !== undefined &&
            (token.issuer !== process.env.COGNITO_ISSUER || isForOurClient(token)),
        },
      }),
    }),
  ],
  controllers: [OrdersController, ApprovalsController],
})
export class AppModule {}
