import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';

/** Lets requests with the key in `REPORTS_API_KEY` in. Without that variable it refuses all. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  private readonly key = process.env.REPORTS_API_KEY;

  canActivate(context: ExecutionContext): boolean {
    const given = context.switchToHttp().getRequest<Request>().header('X-API-Key');
    if (!this.key || !given) return false;
    return timingSafeEqual(digest(given), digest(this.key));
  }
}

/** Digests have one length, so the time of the comparison reveals nothing about the key. */
function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
