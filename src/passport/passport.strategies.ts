import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { Strategy } from 'passport-jwt';
import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { MissingTokenError } from '../errors/token-errors.js';
import type { GuardKind } from '../route/policy-metadata.js';
import { contextOf, setAnonymous } from '../route/request-context.js';
import type { RouteAuthenticator } from '../route/route-authenticator.js';

/** `LogoutGuard` has no strategy: it looks for two tokens. */
type StrategyKind = Exclude<GuardKind, 'logout'>;

const BASE = { verifyType: true, optional: false, skipRevocationCheck: false } as const;

/** The policy of each strategy. Passport does not know the handler, so decorators do not count. */
const POLICIES = {
  access: Object.freeze({ ...BASE, type: 'access', fresh: false }),
  fresh: Object.freeze({ ...BASE, type: 'access', fresh: Object.freeze({}) }),
  refresh: Object.freeze({ ...BASE, type: 'refresh', fresh: false }),
} as const satisfies Record<StrategyKind, RoutePolicy>;

/** The three strategies of one prefix. Each makes the checks of the token guard of its kind. */
export class PassportStrategies implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #registered: string[] = [];
  readonly #authenticator: RouteAuthenticator;

  /** @throws JwtExtendedConfigError - if the application has no `JwtExtendedModule` */
  constructor(
    private readonly prefix: string,
    authenticator: RouteAuthenticator | undefined,
  ) {
    if (!authenticator)
      throw new JwtExtendedConfigError(
        'JwtPassportModule found no JwtExtendedModule: import JwtExtendedModule.forRoot(…) in the root module; if it ' +
          'has isGlobal: false, pass it to JwtPassportModule.register({ imports: […] }) too',
      );
    this.#authenticator = authenticator;
  }

  /** @throws JwtExtendedConfigError - if passport has a strategy of that name: it would replace it silently */
  onApplicationBootstrap(): void {
    for (const kind of Object.keys(POLICIES) as StrategyKind[]) {
      const name = `${this.prefix}-${kind}`;
      // Passport's types do not declare `_strategy`, but there is no other way to find out.
      const registry = passport as unknown as { _strategy(name: string): unknown };
      if (registry._strategy(name) !== undefined)
        throw new JwtExtendedConfigError(
          `JwtPassportModule.prefix '${this.prefix}': passport has a strategy '${name}' already; give each module a prefix of its own`,
        );
      this.#register(name, POLICIES[kind]);
      this.#registered.push(name);
    }
  }

  onModuleDestroy(): void {
    for (const name of this.#registered.splice(0)) passport.unuse(name);
  }

  #register(name: string, policy: RoutePolicy): void {
    const authenticate = (request: HttpRequest) =>
      this.#authenticator.authenticate(request, policy);

    /** Replaces the checks of passport-jwt, whose header parser takes quadratic time. */
    class TokenStrategy extends PassportStrategy(Strategy, name) {
      override authenticate(request: HttpRequest): void {
        authenticate(request).then(
          () => {
            if (request.user === undefined) this.pass();
            else this.success(request.user);
          },
          (error: unknown) => {
            if (!(error instanceof MissingTokenError)) {
              this.error(error as Error);
              return;
            }
            // The next strategy may let the request in; the parameter decorators then find no token.
            if (!contextOf(request)) setAnonymous(request);
            this.fail(error.message, 401);
          },
        );
      }

      validate(): never {
        throw new Error('The strategy has validated the token already');
      }
    }
    new TokenStrategy({
      jwtFromRequest: () => null,
      secretOrKeyProvider: (_request, _token, done) => {
        done(null);
      },
    });
  }
}
