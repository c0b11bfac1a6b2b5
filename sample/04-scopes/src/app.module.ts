import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import { AppController } from './app.controller.js';
import { ArticlesController } from './articles/articles.controller.js';
import { ReportsController } from './reports/reports.controller.js';
import { UsersController } from './users/users.controller.js';
import { UsersService } from './users/users.service.js';

/** The global guard protects every route that is not marked as open. */
@Module({
  imports: [
    JwtExtendedModule.forRoot({
      secret: process.env.JWT_SECRET ?? randomBytes(64).toString('base64url'),
      globalGuard: true,
    }),
  ],
  controllers: [AppController, ArticlesController, ReportsController, UsersController],
  providers: [UsersService],
})
export class AppModule {}
