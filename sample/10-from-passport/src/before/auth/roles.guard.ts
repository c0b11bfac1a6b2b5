import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { User } from '../../users/user.js';

const ROLES = 'roles';
export const Roles = (...roles: string[]) => SetMetadata(ROLES, roles);

@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    const roles = this.reflector.getAllAndOverride<string[] | undefined>(ROLES, targets);
    const { user } = context.switchToHttp().getRequest<{ user: User }>();
    return !roles || roles.some((role) => user.roles.includes(role));
  }
}
