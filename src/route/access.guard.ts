import { Injectable } from '@nestjs/common';
import { GUARD_KIND } from './guard-kind.js';
import { TokenGuard } from './token.guard.js';

/**
 * Lets a request in that carries a valid access token. Flask: `@jwt_required()`.
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @Get('me')
 * me(@CurrentIdentity() id: string) {
 *   return { id };
 * }
 * ```
 */
@Injectable()
export class AccessGuard extends TokenGuard {
  /** @internal */
  static override readonly [GUARD_KIND] = 'access';
}
