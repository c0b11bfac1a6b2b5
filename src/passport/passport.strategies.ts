import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { Strategy } from 'passport-jwt';
import { Authenticator } from '../authentication/authenticator.js';
import { setContext, attachNobody, contextOf } from '../authentication/request-context.js';
import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { MissingTokenError } from '../errors/token-errors.js';
import type { GuardKind } from '../route/policy-level.js';
import { LoaderCalls } from '../tokens/loaders.js';

/** What stands before the names of the strategies. */
export const STRATEGY_PREFIX = Symbol('nestjs-jwt-extended:strategy-prefix');

const BASE = { verifyType: true, optional: false, skipRevocationCheck: false } as const;

/** What each strategy asks for; passport knows no handler, and so no decorators. */
const POLICIES = {
  access: Object.freeze({ ...BASE, type: 'access', fresh: false }),
  fresh: Object.freeze({ ...BASE, type: 'access', fresh: Object.freeze({}) }),
  refresh: Object.freeze({ ...BASE, type: 'refresh', fresh: false }),
} as const satisfies Record<GuardKind, RoutePolicy>;

/** The door for `AuthGuard('jwt-access')`: three passport strategies that lead into the same journey. */
@Injectable()
export class PassportStrategies implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #registered: string[] = [];

  constructor(
    @Inject(STRATEGY_PREFIX) private readonly prefix: string,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(LoaderCalls) private readonly loaders: LoaderCalls,
  ) {}

  /** @throws JwtExtendedConfigError - passport would replace a strategy of the same name without a word */
  onApplicationBootstrap(): void {
    for (const kind of Object.keys(POLICIES) as GuardKind[]) {
      const name = `${this.prefix}-${kind}`;
      if (isRegistered(name)) {
        throw new JwtExtendedConfigError(
          `strategyPrefix '${this.prefix}': passport has a strategy '${name}' already; give each module a prefix of its own`,
        );
      }
      this.#register(name, POLICIES[kind]);
      this.#registered.push(name);
    }
  }

  onModuleDestroy(): void {
    for (const name of this.#registered.splice(0)) passport.unuse(name);
  }

  #register(name: string, policy: RoutePolicy): void {
    const run = (request: HttpRequest) => this.#run(request, policy);

    /** passport-jwt's own journey is never taken: its header parser takes quadratic time. */
    class JourneyStrategy extends PassportStrategy(Strategy, name) {
      override authenticate(request: HttpRequest): void {
        run(request).then(
          (user) => {
            if (user === undefined) this.pass();
            else this.success(user);
          },
          (error: unknown) => {
            if (!(error instanceof MissingTokenError)) {
              this.error(error as Error);
              return;
            }
            // Whomever the next strategy lets in comes without a token.
            if (!contextOf(request)) attachNobody(request);
            this.fail(error.message, 401);
          },
        );
      }

      validate(): never {
        throw new Error('The journey validates the token');
      }
    }
    new JourneyStrategy({
      jwtFromRequest: () => null,
      secretOrKeyProvider: (_request, _token, done) => {
        done(null);
      },
    });
  }

  /** What becomes `request.user`: the user, or the token where no user is looked up; `undefined` for OPTIONS. */
  async #run(request: HttpRequest, policy: RoutePolicy): Promise<unknown> {
    const context = await this.authenticator.authenticate(request, policy);
    const looksUpUsers = this.loaders.has('userLookup');
    setContext(request, { policy, token: context, looksUpUsers });
    return looksUpUsers ? context?.user : context;
  }
}

/** Not among passport's declared types, and the only way to ask. */
function isRegistered(name: string): boolean {
  const registry = passport as unknown as { _strategy(name: string): unknown };
  return registry._strategy(name) !== undefined;
}
