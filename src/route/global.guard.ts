import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { AccessGuard } from './access.guard.js';
import { GUARD_KIND } from './guard-kind.js';
import { TokenGuard } from './token.guard.js';

/**
 * What `globalGuard` registers for the whole application: it asks the module's `AccessGuard`, which a test may have put
 * a double in the place of, on every route that `@Public` has not opened.
 */
@Injectable()
export class GlobalGuard extends TokenGuard {
  static override readonly [GUARD_KIND] = 'access';

  @Inject(AccessGuard)
  private readonly guard!: AccessGuard;

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.gate().isOpen(context)
      ? super.canActivate(context)
      : this.guard.canActivate(context);
  }
}
