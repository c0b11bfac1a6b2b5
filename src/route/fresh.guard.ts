import { Injectable } from '@nestjs/common';
import { GUARD_KIND } from './guard-kind.js';
import { TokenGuard } from './token.guard.js';

/**
 * Lets a request in that carries a valid and fresh access token: one that came of a login, not of a refresh token.
 * Flask: `@jwt_required(fresh=True)`.
 *
 * @example
 * ```ts
 * @UseGuards(FreshGuard)
 * @Post('password')
 * changePassword(@CurrentIdentity() id: string) {
 *   return { changed: id };
 * }
 * ```
 */
@Injectable()
export class FreshGuard extends TokenGuard {
  /** @internal */
  static override readonly [GUARD_KIND] = 'fresh';
}
