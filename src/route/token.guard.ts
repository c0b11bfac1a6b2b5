import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { RouteAuthenticator } from './route-authenticator.js';
import { GUARD_KIND, type GuardKind } from './guard-kind.js';

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
