import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { concatMap, from, map, type Observable, of } from 'rxjs';
import { contextOf } from '../authentication/request-context.js';
import { safeMessage } from '../common/fault-message.js';
import type { HttpRequest, HttpResponse } from '../contracts/http.js';
import type { JwtContext } from '../contracts/token.js';
import type { CookieWriter } from '../http/token-cookies.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { AccessRenewal } from '../revocation/access-renewal.js';

/** How long one warning stands for all that would follow it. */
const WARNING_INTERVAL_MS = 10_000;

/** Puts a new access token into the cookie that the old one came in, if nobody else has a say in that cookie. */
export class CookieRenewal {
  readonly #logger = new Logger('JwtExtendedModule');
  #warnedAt = -Infinity;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly renewal: AccessRenewal,
    private readonly writer: CookieWriter,
    private readonly host: HttpAdapterHost,
  ) {}

  /** The token that a guard found in the access cookie, if it is due. */
  dueIn(request: HttpRequest): JwtContext | undefined {
    const context = contextOf(request);
    const token = context?.token;
    if (token?.location !== 'cookies' || token.type !== 'access') return undefined;
    const { name } = this.options.carriers.access.cookie;
    const isOurCookie = (context?.policy?.cookieName ?? name) === name;
    return isOurCookie && this.renewal.isDue(token) ? token : undefined;
  }

  /** Never rejects: a session that is not renewed today is no reason to refuse what the request came for. */
  async renew(token: JwtContext, request: HttpRequest, response: HttpResponse): Promise<void> {
    try {
      if (!this.#isOpen(response)) return;
      const renewed = await this.renewal.renew(token, token.user, request);
      if (!renewed || !this.#isOpen(response)) return;
      const csrf = this.writer.carriesCsrf ? renewed.csrf : undefined;
      const maxAge = this.writer.maxAgeOf(renewed);
      this.writer.set('access', response, { encoded: renewed.encoded, csrf }, { maxAge });
    } catch (fault) {
      this.#warn(fault);
    }
  }

  /** Whether a cookie can still be set, and the handler has neither set nor cleared it. */
  #isOpen(response: HttpResponse): boolean {
    return (
      !this.host.httpAdapter.isHeadersSent(response) && !this.writer.isTouched('access', response)
    );
  }

  #warn(fault: unknown): void {
    const now = performance.now();
    if (now - this.#warnedAt < WARNING_INTERVAL_MS) return;
    this.#warnedAt = now;
    this.#logger.warn(`An access cookie could not be renewed: ${safeMessage(fault)}`);
  }
}

/**
 * Keeps a session in cookies alive for as long as it is used: shortly before the access token in the cookie expires, an
 * answered request is given a new one. `cookies.renewWithin` says how shortly, `rotation.sessionLifetime` how long the
 * session may last from its login. Flask-JWT-Extended: the recipe "implicit refreshing with cookies".
 *
 * The new token stands for the same login: its session, its `auth_time` and its csrf value stay, and it is not fresh for
 * longer than the old one was. Tokens that came in another location, that were revoked, or whose cookie the handler has
 * set or cleared itself are left alone.
 *
 * @example
 * ```ts
 * @Module({ providers: [{ provide: APP_INTERCEPTOR, useExisting: SlidingSessionInterceptor }] })
 * class AppModule {}
 * ```
 */
@Injectable()
export class SlidingSessionInterceptor implements NestInterceptor {
  /** A property, so that a subclass has its constructor to itself. */
  @Inject(CookieRenewal)
  private readonly renewal!: CookieRenewal;

  /** Lets the handler answer, and sends a new cookie along where one is due. */
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
