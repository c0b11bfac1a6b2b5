import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  UseGuards,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { GUARD_KIND, type GuardKind } from './policy-level.js';
import { RouteAuthenticator } from './route-authenticator.js';

/**
 * What the three token guards share. They call the journey directly: passport would cost a third of the throughput
 * before any token is looked at.
 */
@Injectable()
export abstract class TokenGuard implements CanActivate {
  /** @internal */
  declare static readonly [GUARD_KIND]: GuardKind;

  /** A property, so that a subclass has its constructor to itself. */
  @Inject(RouteAuthenticator)
  private readonly route?: RouteAuthenticator;

  /**
   * Lets the request in, or says why not.
   *
   * @throws TokenError - the refusal
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.gate().admit(context, this, () => this.getRequest(context));
  }

  /**
   * Where the request is; override it for contexts that keep it elsewhere. Outside of HTTP the first argument is the
   * client's own message, which may look like a request and is none.
   */
  protected getRequest(context: ExecutionContext): unknown {
    return context.getType() === 'http' ? context.switchToHttp().getRequest() : undefined;
  }

  /** @internal */
  requestOf(context: ExecutionContext): unknown {
    return this.getRequest(context);
  }

  /** @internal */
  protected gate(): RouteAuthenticator {
    if (this.route) return this.route;
    const { name } = this.constructor;
    throw new JwtExtendedConfigError(
      `${name} was made with new, outside of the container: use app.useGlobalGuards(app.get(${name}))`,
    );
  }
}

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
