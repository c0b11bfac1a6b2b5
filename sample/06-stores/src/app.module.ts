import { randomBytes } from 'node:crypto';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { type BlocklistStore, JwtExtendedModule } from 'nestjs-jwt-extended';
import { AppController } from './app.controller.js';
import { STORE } from './stores/store.js';
import { UsersModule } from './users/users.module.js';
import { UsersService } from './users/users.service.js';

@Module({})
export class AppModule {
  /** The application with the store that a module provides as `STORE`. */
  static over(StoreModule: Type): DynamicModule {
    const jwt = JwtExtendedModule.forRootAsync({
      endpoints: { login: true, logout: true },
      imports: [StoreModule, UsersModule],
      inject: [STORE, UsersService],
      useFactory: (store: BlocklistStore, users: UsersService) => ({
        secret: process.env.JWT_SECRET ?? randomBytes(64).toString('base64url'),
        blocklist: { store },
        login: { authenticate: (name, password) => users.authenticate(name, password) },
      }),
    });
    return { module: AppModule, imports: [jwt], controllers: [AppController] };
  }
}
