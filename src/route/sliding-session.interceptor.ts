import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import { concatMap, from, map, type Observable, of } from 'rxjs';
import { safeMessage } from '../common/fault-message.js';
import type { HttpRequest, HttpResponse } from '../contracts/http.js';
import type { JwtContext } from '../contracts/token.js';
import type { CookieWriter } from '../http/cookie-writer.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { AccessRenewal } from '../revocation/access-renewal.js';
import { contextOf } from './request-context.js';

/** At most one warning in this time. */
const WARNING_INTERVAL_MS = 10_000;

/** Replaces the access token in its cookie by a new one, unless the handler sets or clears that cookie itself. */
export class CookieRenewal {
  readonly #logger = new Logger('JwtExtendedModule');
  #warnedAt = -Infinity;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly renewal: AccessRenewal,
    private readonly writer: CookieWriter,
  ) {}

  /** Whether sessions have an end, without which no token is renewed. */
  get hasEnd(): boolean {
    return this.options.sessions.lifetime !== undefined;
  }

  /** The token that a guard found in the access cookie, if it is due for renewal. */
  dueIn(request: HttpRequest): JwtContext | undefined {
    const context = contextOf(request);
    const token = context?.token;
    if (token?.location !== 'cookies' || token.type !== 'access') return undefined;
    const { name } = this.options.carriers.access.cookie;
    const isOurCookie = (context?.policy?.cookieName ?? name) === name;
    return isOurCookie && this.renewal.isDue(token) ? token : undefined;
  }

  /** Never rejects: the request succeeds even if the session cannot be renewed. */
  async renew(token: JwtContext, request: HttpRequest, response: HttpResponse): Promise<void> {
    try {
      if (!this.writer.isOpen('access', response)) return;
      const renewed = await this.renewal.renew(token, token.user, request);
      if (renewed && this.writer.isOpen('access', response)) this.writer.set(response, [renewed]);
    } catch (fault) {
      const now = performance.now();
      if (now - this.#warnedAt < WARNING_INTERVAL_MS) return;
      this.#warnedAt = now;
      this.#logger.warn(`An access cookie could not be renewed: ${safeMessage(fault)}`);
    }
  }
}

/**
 * Keeps a session in cookies alive while it is used: a response to a request whose access token expires soon sets a new
 * one. `cookies.renewWithin` says how soon, `sessions.lifetime`, which it needs, how long the session may last from its
 * login. Flask-JWT-Extended: the recipe "implicit refreshing with cookies".
 *
 * The new token belongs to the same login: its session, its `auth_time` and its CSRF value stay, and it is not fresh for
 * longer than the old one was. The interceptor renews only tokens of a pair that were delivered in a cookie: `TokenCookies`
 * marks them or, if a loader gives the keys, `createTokenPair` with `remember`. It does not renew a token that was revoked or
 * has expired, or one whose cookie the handler has set or cleared itself.
 *
 * @example
 * ```ts
 * @Module({ providers: [{ provide: APP_INTERCEPTOR, useExisting: SlidingSessionInterceptor }] })
 * class AppModule {}
 * ```
 */
@Injectable()
export class SlidingSessionInterceptor implements NestInterceptor {
  /** Injected as a property, so that a subclass may have a constructor of its own. */
  @Inject(CookieRenewal)
  private readonly renewal!: CookieRenewal;

  /** Calls the handler, and adds a new cookie to its response if the token is due for renewal. */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const answer = next.handle() as Observable<unknown>;
    if (context.getType() !== 'http') return answer;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const token = this.renewal.dueIn(request);
    if (!token) return answer;
    const response = context.switchToHttp().getResponse<HttpResponse>();
    return answer.pipe(
      concatMap((value, index) =>
        index > 0
          ? of(value)
          : from(this.renewal.renew(token, request, response)).pipe(map(() => value)),
      ),
    );
  }
}
