import { Logger } from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import { slotOf } from '../authentication/request-context.js';
import type { HttpRequest, HttpResponse } from '../contracts/http.js';
import type { JwtContext } from '../contracts/token.js';
import { faultMessage } from '../common/fault-message.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { AccessRenewal } from '../revocation/access-renewal.js';
import type { CookieWriter } from '../http/token-cookies.js';

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
    const slot = slotOf(request);
    const token = slot?.context;
    if (token?.location !== 'cookies' || token.type !== 'access') return undefined;
    const { name } = this.options.carriers.access.cookie;
    const isOurCookie = (slot?.policy?.cookieName ?? name) === name;
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
    this.#logger.warn(`An access cookie could not be renewed: ${faultMessage(fault)}`);
  }
}
