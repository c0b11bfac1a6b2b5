import { HttpException } from '@nestjs/common';
import type { Awaitable } from '../contracts/awaitable.js';
import type { CallbackResponse } from '../contracts/http.js';

/** The stable code of each refusal; see the README's table of errors. */
export type TokenErrorCode =
  | 'TOKEN_MISSING'
  | 'CSRF_FAILED'
  | 'CREDENTIALS_INVALID'
  | 'TOKEN_INVALID'
  | 'TOKEN_WRONG_TYPE'
  | 'TOKEN_EXPIRED'
  | 'TOKEN_NOT_FRESH'
  | 'TOKEN_REVOKED'
  | 'TOKEN_REUSED'
  | 'TOKEN_REJECTED'
  | 'USER_NOT_FOUND'
  | 'CLAIMS_INSUFFICIENT'
  | 'CHECK_UNAVAILABLE';

/** One row of the refusal table. */
export interface RefusalRow {
  /** As in Flask-JWT-Extended. */
  readonly status: number;
  /** Under the profiles `'rfc6750'` and `'nest'`, if it differs. */
  readonly rfc6750Status?: number;
  /** The member of `responses` that answers. */
  readonly callback: string;
  /** RFC 6750 section 3.1 and RFC 9470 section 3; absent if the request presented no credentials. */
  readonly challenge?: readonly [error: string, description: string];
}

/** Everything that depends on the code alone. Challenges are fixed texts, so no input gets into a header. */
export const REFUSALS = {
  TOKEN_MISSING: { status: 401, callback: 'unauthorized' },
  CSRF_FAILED: {
    status: 401,
    callback: 'unauthorized',
    challenge: ['invalid_request', 'The CSRF token is missing or wrong'],
  },
  CREDENTIALS_INVALID: { status: 401, callback: 'unauthorized' },
  TOKEN_INVALID: {
    status: 422,
    rfc6750Status: 401,
    callback: 'invalidToken',
    challenge: ['invalid_token', 'The token is not valid'],
  },
  TOKEN_WRONG_TYPE: {
    status: 422,
    rfc6750Status: 401,
    callback: 'invalidToken',
    challenge: ['invalid_token', 'The token is of the wrong type'],
  },
  TOKEN_EXPIRED: {
    status: 401,
    callback: 'expiredToken',
    challenge: ['invalid_token', 'The token has expired'],
  },
  TOKEN_NOT_FRESH: {
    status: 401,
    callback: 'needsFreshToken',
    challenge: ['insufficient_user_authentication', 'More recent authentication is required'],
  },
  TOKEN_REVOKED: {
    status: 401,
    callback: 'revokedToken',
    challenge: ['invalid_token', 'The token has been revoked'],
  },
  TOKEN_REUSED: {
    status: 401,
    callback: 'revokedToken',
    challenge: ['invalid_token', 'The token has been revoked'],
  },
  TOKEN_REJECTED: {
    status: 400,
    rfc6750Status: 401,
    callback: 'tokenVerificationFailed',
    challenge: ['invalid_token', 'The token was not accepted'],
  },
  USER_NOT_FOUND: {
    status: 401,
    callback: 'userLookupError',
    challenge: ['invalid_token', 'The user was not found'],
  },
  CLAIMS_INSUFFICIENT: {
    status: 403,
    callback: 'insufficientClaims',
    challenge: ['insufficient_scope', 'The token does not suffice'],
  },
  CHECK_UNAVAILABLE: {
    status: 503,
    callback: 'unavailable',
    challenge: ['invalid_request', 'The token could not be checked'],
  },
} as const satisfies Record<TokenErrorCode, RefusalRow>;

/**
 * The base class of all refusals of this library: an `HttpException` of Nest with a `code` that never changes. It has the
 * right status even if no filter renders it.
 *
 * The message never holds a token, a secret or a key. The error of a lower library is the `cause`.
 *
 * @example
 * ```ts
 * try {
 *   await tokens.decodeToken(encoded);
 * } catch (error) {
 *   if (error instanceof TokenError && error.code === 'TOKEN_EXPIRED') return 'log in again';
 *   throw error;
 * }
 * ```
 */
export abstract class TokenError extends HttpException {
  abstract readonly code: TokenErrorCode;

  protected constructor(message: string, code: TokenErrorCode, cause?: unknown) {
    const { status } = REFUSALS[code];
    super(HttpException.createBody(message, code, status), status, { cause });
  }

  /** The body if no filter renders the error: Nest's own form, with `code` as `error`. */
  override getResponse(): object {
    return super.getResponse() as object;
  }
}

/** The response to a refused request. */
export type Answer = CallbackResponse & { readonly headers: Readonly<Record<string, string>> };

/** The module that refused; only it knows its profile and its responses. */
export interface ErrorRenderer {
  /** The status under the module's profile. */
  statusOf(error: TokenError): number;
  /** Called once for each error, when it leaves the module. */
  report(error: TokenError): void;
  /** @param request - handed to the application's callback */
  answer(error: TokenError, request: unknown): Promise<Answer>;
}

const renderers = new WeakMap<TokenError, ErrorRenderer>();

/**
 * Does the work of a public method or a guard. If it throws a `TokenError`, the error is marked with the module that
 * refused; the code below does not know which module it serves.
 */
export async function rendering<T>(renderer: ErrorRenderer, work: () => Awaitable<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw withRenderer(renderer, error);
  }
}

/** Marks an error with its module, unless it has a mark already, so that the right one of several modules answers. */
export function withRenderer(renderer: ErrorRenderer, error: unknown): unknown {
  if (error instanceof TokenError && !renderers.has(error)) {
    renderers.set(error, renderer);
    const status = renderer.statusOf(error);
    // The fields behind `getStatus` and `getResponse`, which `@nestjs/apollo`, for one, reads themselves.
    const response = HttpException.createBody(error.message, error.code, status);
    Object.assign(error, { status, response });
    renderer.report(error);
  }
  return error;
}

export function rendererOf(error: TokenError): ErrorRenderer | undefined {
  return renderers.get(error);
}
