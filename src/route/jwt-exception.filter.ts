import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpStatus,
  Inject,
  Injectable,
  Logger,
} from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { throwError } from 'rxjs';
import { Refusals } from '../authentication/refusals.js';
import type { HttpResponse } from '../contracts/http.js';
import { safeMessage } from '../common/fault-message.js';
import { rendererOf, TokenError, withRenderer } from '../errors/token.error.js';
import { setHeaders } from '../http/callback-response.js';

/**
 * Answers every refusal by the response callbacks of the module that refused, with `WWW-Authenticate` on each 401 and
 * 403 (RFC 6750 section 3). The module registers it for the whole application unless `registerFilter` is `false`.
 *
 * @example
 * ```ts
 * @UseFilters(JwtExceptionFilter)
 * @Controller('account')
 * class AccountController {}
 * ```
 */
@Catch(TokenError)
@Injectable()
export class JwtExceptionFilter implements ExceptionFilter<TokenError> {
  readonly #logger = new Logger('JwtExtendedModule');

  @Inject(Refusals)
  private readonly refusals!: Refusals;

  @Inject(HttpAdapterHost)
  private readonly host!: HttpAdapterHost;

  /** Answers over HTTP. In other contexts it passes the error on to the transport. */
  catch(error: TokenError, host: ArgumentsHost): unknown {
    // The application may have thrown it, and then no module has refused yet.
    withRenderer(this.refusals, error);
    const type = host.getType<string>();
    if (type !== 'http') return type === 'rpc' ? throwError(() => error) : error;
    if (error instanceof TokenError) return this.#answer(error, host);
    // A catch-all filter of the application may hand on everything.
    new BaseExceptionFilter(this.host.httpAdapter).catch(error, host);
    return undefined;
  }

  /** Nest does not wait for a filter, so a rejection here would end the process. */
  async #answer(error: TokenError, host: ArgumentsHost): Promise<void> {
    const { httpAdapter } = this.host;
    const request: unknown = host.switchToHttp().getRequest();
    const response = host.switchToHttp().getResponse<HttpResponse>();
    const { status, body, headers } = await (rendererOf(error) ?? this.refusals).answer(
      error,
      request,
    );
    if (httpAdapter.isHeadersSent(response)) return;
    try {
      setHeaders(httpAdapter, response, headers);
      httpAdapter.reply(response, body, status);
    } catch (fault) {
      this.#logger.error(`A refusal could not be sent: ${safeMessage(fault)}`);
      httpAdapter.reply(response, undefined, HttpStatus.INTERNAL_SERVER_ERROR);
    }
  }
}
