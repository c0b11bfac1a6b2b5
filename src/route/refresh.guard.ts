import { Injectable } from '@nestjs/common';
import { GUARD_KIND } from './guard-kind.js';
import { TokenGuard } from './token.guard.js';

/**
 * Lets a request in that carries a valid refresh token, and nothing else. Flask: `@jwt_required(refresh=True)`.
 *
 * @example
 * ```ts
 * @UseGuards(RefreshGuard)
 * @Post('refresh')
 * async refresh(@CurrentIdentity() id: string) {
 *   return { access_token: await this.tokens.createAccessToken(id) };
 * }
 * ```
 */
@Injectable()
export class RefreshGuard extends TokenGuard {
  /** @internal */
  static override readonly [GUARD_KIND] = 'refresh';
}
