import { type CanActivate, Injectable, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard, JwtExtendedModule } from 'nestjs-jwt-extended';

@Injectable()
export class RolesGuard implements CanActivate {
  canActivate() {
    return true;
  }
}

@Module({
  imports: [JwtExtendedModule.forRoot({ secret: process.env.JWT_SECRET })],
  providers: [
    { provide: APP_GUARD, useExisting: AccessGuard },
    { provide: APP_GUARD, useClass: RolesGuard },
  ],
})
export class GuardedModule {}
