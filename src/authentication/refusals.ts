import { Logger } from '@nestjs/common';
import { safeMessage } from '../common/fault-message.js';
import { type Awaitable, withDeadline } from '../contracts/awaitable.js';
import type { CallbackResponse } from '../contracts/http.js';
import { InsufficientClaimsError, VerifiedTokenError } from '../errors/token-errors.js';
import type { Answer, ErrorRenderer, TokenError, TokenErrorCode } from '../errors/token.error.js';
import { readCallbackResponse } from '../http/callback-response.js';
import type { JwtExtendedResponses, LoaderContext } from '../options/callbacks.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { challenge } from './challenge.js';

/** What the application is asked at a login. */
export type LoginQuestion = 'authenticate' | 'respond';

/** What kept the application from logging somebody in. Its message is a whole line of the log, since no token is about. */
export class LoginFault extends Error {
  override readonly name = 'LoginFault';

  constructor(asked: LoginQuestion, fault: unknown) {
    super(`login.${asked} failed: ${safeMessage(fault)}`, { cause: fault });
  }
}

const ANSWERED_BY = {
  TOKEN_MISSING: 'unauthorized',
  CSRF_FAILED: 'unauthorized',
  CREDENTIALS_INVALID: 'unauthorized',
  TOKEN_INVALID: 'invalidToken',
  TOKEN_WRONG_TYPE: 'invalidToken',
  TOKEN_EXPIRED: 'expiredToken',
  TOKEN_NOT_FRESH: 'needsFreshToken',
  TOKEN_REVOKED: 'revokedToken',
  TOKEN_REUSED: 'revokedToken',
  TOKEN_REJECTED: 'tokenVerificationFailed',
  USER_NOT_FOUND: 'userLookupError',
  CLAIMS_INSUFFICIENT: 'insufficientClaims',
  CHECK_UNAVAILABLE: 'unavailable',
} as const satisfies Record<TokenErrorCode, keyof JwtExtendedResponses>;

/** What RFC 6750 calls `invalid_token`, and Flask-JWT-Extended answers with 422 or 400. */
const BAD_TOKENS: ReadonlySet<TokenErrorCode> = new Set([
  'TOKEN_INVALID',
  'TOKEN_WRONG_TYPE',
  'TOKEN_REJECTED',
]);

/** What a module answers its refusals with: the application's callback where there is one, else the default. */
export class Refusals implements ErrorRenderer {
  readonly #logger = new Logger('JwtExtendedModule');

  constructor(private readonly options: ResolvedOptions) {}

  statusOf({ code }: TokenError): number | undefined {
    return this.options.responses.statusProfile === 'rfc6750' && BAD_TOKENS.has(code)
      ? 401
      : undefined;
  }

  /** Never rejects: a refusal is answered whatever the application's callback does. */
  async answer(error: TokenError, request: unknown): Promise<Answer> {
    this.#logFault(error);
    const { status, body, headers } = (await this.#ask(error, request)) ?? this.#default(error);
    return { status, body, headers: { ...this.#headers(error, status), ...headers } };
  }

  #default(error: TokenError): CallbackResponse {
    const { errorMessageKey, errorCodeKey } = this.options.responses;
    const body = {
      [errorMessageKey]: error.message,
      ...(errorCodeKey && { [errorCodeKey]: error.code }),
    };
    return { status: error.getStatus(), body };
  }

  /** A refusal is about one request, and must not be kept for another. */
  #headers(error: TokenError, status: number): Record<string, string> {
    const noStore = { 'Cache-Control': 'no-store' };
    if (status !== 401 && status !== 403) return noStore;
    const scheme = this.options.header.type || 'Bearer';
    return {
      ...noStore,
      'WWW-Authenticate': challenge(error, scheme, this.options.responses.realm),
    };
  }

  async #ask(error: TokenError, request: unknown): Promise<CallbackResponse | undefined> {
    const name = ANSWERED_BY[error.code];
    const call = callOf(this.options.responses.callbacks, error, { request });
    if (!call) return undefined;
    try {
      const answer: unknown = await withDeadline(
        call(),
        this.options.loaderTimeoutMs,
        `responses.${name}`,
      );
      return readCallbackResponse(answer);
    } catch (fault) {
      this.#logger.error(
        `responses.${name} failed, and the default answered: ${safeMessage(fault)}`,
      );
      return undefined;
    }
  }

  /** The client hears that a check failed; why is for the operator. */
  #logFault({ code, cause }: TokenError): void {
    if (code !== 'CHECK_UNAVAILABLE' || cause === undefined) return;
    const message = safeMessage(cause);
    const isLogin = cause instanceof LoginFault;
    this.#logger.error(isLogin ? message : `A token could not be checked: ${message}`);
  }
}

type Callback = (...args: readonly unknown[]) => Awaitable<unknown>;

/** The callback with its arguments: the reason where nothing was verified, else the token. */
function callOf(
  callbacks: JwtExtendedResponses,
  error: TokenError,
  context: LoaderContext,
): (() => Awaitable<unknown>) | undefined {
  const { [ANSWERED_BY[error.code]]: callback } = callbacks as Partial<Record<string, Callback>>;
  if (!callback) return undefined;
  if (!(error instanceof VerifiedTokenError)) return () => callback(error.message, context);
  const { token } = error;
  const given = error instanceof InsufficientClaimsError ? [error.reason, token] : [token];
  return () => callback(...given, { ...context, type: token.type });
}
