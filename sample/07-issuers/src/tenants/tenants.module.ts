import { Module } from '@nestjs/common';
import { JwtExtendedModule } from 'nestjs-jwt-extended';
import { UsersModule } from '../users/users.module.js';
import { UsersService } from '../users/users.service.js';
import { AccountController } from './account.controller.js';
import { TenantKeysModule } from './tenant-keys.module.js';
import { TenantsService } from './tenants.service.js';

@Module({
  imports: [
    JwtExtendedModule.forRootAsync({
      endpoints: { login: true, logout: true },
      imports: [TenantKeysModule, UsersModule],
      inject: [TenantsService, UsersService],
      useFactory: (tenants: TenantsService, users: UsersService) => ({
        algorithm: 'ES256',
        login: { authenticate: (name, password) => users.authenticate(name, password) },
        loaders: {
          encodeKey: (_user, { request: { hostname } }) => ({
            key: tenants.keyPairOf(hostname).privateKey,
            namespace: hostname,
          }),
          decodeKey: (_unverified, { request: { hostname } }) => ({
            key: tenants.keyPairOf(hostname).publicKey,
            namespace: hostname,
          }),
        },
      }),
    }),
  ],
  controllers: [AccountController],
})
export class TenantsModule {}
