import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type OnModuleInit,
  UseGuards,
} from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { plainNameOf } from '../common/describe.js';
import { isTest } from '../common/environment.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { GUARD_KIND, type GuardKind } from './policy-metadata.js';
import { classOf, guardKindOf, memberKinds } from './policy-level.js';
import { setCall } from './request-context.js';
import { RouteAuthenticator } from './route-authenticator.js';

/**
 * The base of the token guards. They do not use passport, which would cost a third of the throughput before it
 * reads a token.
 */
@Injectable()
export abstract class TokenGuard implements CanActivate {
  /** @internal */
  declare static readonly [GUARD_KIND]: GuardKind;

  /** Injected as a property, so that a subclass may have a constructor of its own. */
  @Inject(RouteAuthenticator)
  private readonly route?: RouteAuthenticator;

  /** Lets the request in, or throws why not. @throws TokenError - the refusal */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.gate().admit(context, this);
  }

  /**
   * Finds the request; override it for contexts that keep it elsewhere. Outside HTTP the first argument is not a request
   * but a message of the client, which may look like one.
   */
  protected getRequest(context: ExecutionContext): unknown {
    return context.getType() === 'http' ? context.getArgByIndex<unknown>(0) : undefined;
  }

  /** @internal */
  requestOf(context: ExecutionContext): unknown {
    return this.getRequest(context);
  }

  /** @internal */
  protected gate(): RouteAuthenticator {
    if (this.route) return this.route;
    const name = plainNameOf(this.constructor);
    throw new JwtExtendedConfigError(
      `${name} was created with new and not by the container: use app.useGlobalGuards(app.get(${name}))`,
    );
  }
}

/**
 * Lets requests with a valid access token in. Flask: `@jwt_required()`.
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
 * Lets requests with a valid and fresh access token in: one from a login and not from a refresh token.
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

/** Guards of other packages that need no user and are of most use before a token is read. */
const USERLESS_GUARDS: readonly string[] = ['ThrottlerGuard'];

/**
 * The guard that `globalGuard` registers for the whole application. It calls the module's `AccessGuard`, or the double
 * that a test has replaced it with, on every route that `@Public` has not opened. `overrideGuard` replaces the guards
 * that `@UseGuards` names, so it is named here.
 */
@UseGuards(AccessGuard)
@Injectable()
export class GlobalGuard extends TokenGuard implements OnModuleInit {
  static override readonly [GUARD_KIND] = 'access';

  @Inject(ApplicationConfig)
  private readonly application!: ApplicationConfig;

  @Inject(AccessGuard)
  private readonly provided!: AccessGuard;

  @Inject(ModulesContainer)
  private readonly modules!: ModulesContainer;

  #guard: AccessGuard | undefined;

  /** Nest runs the global guards of the root module first, so those of the application run before a token was read. */
  onModuleInit(): void {
    const guards = this.application.getGlobalGuards();
    const first = guards.findIndex((guard) => guardKindOf(guard) ?? memberKinds(guard)[0]);
    const early = guards.slice(0, Math.max(first, 0)).map((guard) => classOf(guard)?.name ?? '');
    const needy = early.filter((name) => !USERLESS_GUARDS.includes(name));
    if (needy.length === 0 || isTest()) return;
    new Logger('JwtExtendedModule').warn(
      `globalGuard: ${needy.join(', ')} ${needy.length > 1 ? 'run' : 'runs'} before AccessGuard, so there is no user yet. ` +
        'If a user is needed there, remove globalGuard and list { provide: APP_GUARD, useExisting: AccessGuard } first ' +
        'among the providers of the root module; if not, list it after those guards',
    );
  }

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (this.gate().isOpen(context)) return super.canActivate(context);
    this.#guard ??= this.#double() ?? this.provided;
    // For the message of the parameter decorators, which do not know the global guards.
    if (this.#guard.constructor !== AccessGuard) setCall(context, undefined, undefined);
    return this.#guard.canActivate(context);
  }

  /** The replacement for `AccessGuard` in this guard's own module. Only a test puts one there. */
  #double(): AccessGuard | undefined {
    if (this.provided.constructor !== AccessGuard) return undefined;
    const module = [...this.modules.values()].find(
      ({ providers }) => providers.get(GlobalGuard)?.instance === this,
    );
    return module?.injectables.get(AccessGuard)?.instance as AccessGuard | undefined;
  }
}

/**
 * Lets requests with a valid refresh token in, and no others. Flask: `@jwt_required(refresh=True)`.
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

/**
 * Lets in what a logout needs: an access token, also one that expired no longer ago than `refreshTokenExpires`, or a
 * refresh token. It takes the refresh token of the cookie if the access token in a cookie is missing or no longer good, or
 * if the one in a header expired longer ago; the CSRF value must be that of the token that it takes. A revoked token is
 * refused.
 *
 * @example
 * ```ts
 * @UseGuards(LogoutGuard)
 * @Post('logout')
 * async logout(@CurrentToken() token: JwtContext, @Res({ passthrough: true }) response: Response) {
 *   await this.blocklist.revokeSession(token);
 *   this.cookies.unsetCookies(response);
 * }
 * ```
 */
@Injectable()
export class LogoutGuard extends TokenGuard {
  /** @internal */
  static override readonly [GUARD_KIND] = 'logout';
}
