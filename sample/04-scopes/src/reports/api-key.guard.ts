import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';

/** Lets in whoever sends the key of the environment's `REPORTS_API_KEY`; nobody, where there is none. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly key = process.env.REPORTS_API_KEY;

  canActivate(context: ExecutionContext): boolean {
    const given = context.switchToHttp().getRequest<Request>().header('X-API-Key');
    if (!this.key || !given) return false;
    return timingSafeEqual(digest(given), digest(this.key));
  }
}

/** Of one length, whatever the key's: the time that a comparison takes tells nothing. */
function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
