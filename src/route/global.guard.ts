import { type ExecutionContext, Inject, Injectable, UseGuards } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { GUARD_KIND } from './guard-kind.js';
import { TokenGuard } from './token.guard.js';

/**
 * What `globalGuard` registers for the whole application: it asks the module's `AccessGuard`, which a test may have put
 * a double in the place of, on every route that `@Public` has not opened. `overrideGuard` replaces a guard where
 * `@UseGuards` names it, and so it is named here.
 */
@UseGuards(AccessGuard)
@Injectable()
export class GlobalGuard extends TokenGuard {
  static override readonly [GUARD_KIND] = 'access';

  @Inject(AccessGuard)
  private readonly provided!: AccessGuard;

  @Inject(ModulesContainer)
  private readonly modules!: ModulesContainer;

  #guard: AccessGuard | undefined;

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (this.gate().isOpen(context)) return super.canActivate(context);
    this.#guard ??= this.#double() ?? this.provided;
    return this.#guard.canActivate(context);
  }

  /** What stands for `AccessGuard` in this guard's own module, where nobody but a test puts anything. */
  #double(): AccessGuard | undefined {
    if (this.provided.constructor !== AccessGuard) return undefined;
    const module = [...this.modules.values()].find(
      ({ providers }) => providers.get(GlobalGuard)?.instance === this,
    );
    return module?.injectables.get(AccessGuard)?.instance as AccessGuard | undefined;
  }
}
