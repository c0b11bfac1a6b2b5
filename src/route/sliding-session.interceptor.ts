import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { concatMap, from, map, type Observable, of } from 'rxjs';
import type { HttpRequest, HttpResponse } from '../contracts/http.js';
import { CookieRenewal } from './cookie-renewal.js';

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
