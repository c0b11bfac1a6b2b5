import { type Awaitable, withDeadline } from '../contracts/awaitable.js';
import type { CallbackResponse } from '../contracts/http.js';
import {
  InsufficientClaimsError,
  StaleTokenError,
  TokenCheckUnavailableError,
  VerifiedTokenError,
} from '../errors/token-errors.js';
import {
  type Answer,
  type ErrorRenderer,
  type RefusalRow,
  REFUSALS,
  type TokenError,
} from '../errors/token.error.js';
import { type Outages, TOKEN_CHECK } from '../events/outages.js';
import { readCallbackResponse } from '../http/callback-response.js';
import type { JwtExtendedResponses, LoaderContext } from '../options/callbacks.js';
import type { ResolvedOptions } from '../options/resolved-options.js';

/** A `scope-token` (RFC 6749 section 3.3): printable ASCII except space, `"` and `\`. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** How a module answers its refusals: by the application's callback if there is one, otherwise by the default. */
export class Refusals implements ErrorRenderer {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly outages: Outages,
  ) {}

  statusOf({ code }: TokenError): number {
    const { status, rfc6750Status = status }: RefusalRow = REFUSALS[code];
    return this.options.responses.profile === 'flask' ? status : rfc6750Status;
  }

  /** The client learns that a check failed; the log says why, with or without the filter. */
  report(error: TokenError): void {
    if (error instanceof TokenCheckUnavailableError && error.cause !== undefined)
      this.outages.count(TOKEN_CHECK, error);
  }

  /** Never rejects: if the application's callback fails, the default answers. */
  async answer(error: TokenError, request: unknown): Promise<Answer> {
    const { status, body, headers } = (await this.#ask(error, request)) ?? this.#default(error);
    return { status, body, headers: { ...this.#headers(error, status), ...headers } };
  }

  #default(error: TokenError): CallbackResponse {
    const { profile, errorMessageKey, errorCodeKey } = this.options.responses;
    if (profile === 'nest') return { status: error.getStatus(), body: error.getResponse() };
    const body = {
      [errorMessageKey]: error.message,
      ...(errorCodeKey && { [errorCodeKey]: error.code }),
    };
    return { status: error.getStatus(), body };
  }

  /** A cache must not answer another request with this refusal. */
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
    const source = `responses.${REFUSALS[error.code].callback}`;
    const call = callOf(this.options.responses.callbacks, error, { request });
    if (!call) return undefined;
    try {
      const pending = withDeadline<unknown>(call(), this.options.loaderTimeoutMs, source);
      const answer = readCallbackResponse(await pending);
      this.outages.answered(source);
      return answer;
    } catch (fault) {
      // The default answers.
      this.outages.failed(source, fault);
      return undefined;
    }
  }
}

type Callback = (...args: readonly unknown[]) => Awaitable<unknown>;

/** The callback with its arguments: the token if it was verified, otherwise the reason. */
function callOf(
  callbacks: JwtExtendedResponses,
  error: TokenError,
  context: LoaderContext,
): (() => Awaitable<unknown>) | undefined {
  const { [REFUSALS[error.code].callback]: callback } = callbacks as Partial<
    Record<string, Callback>
  >;
  if (!callback) return undefined;
  if (!(error instanceof VerifiedTokenError)) return () => callback(error.message, context);
  const { token } = error;
  const given = error instanceof InsufficientClaimsError ? [error.reason, token] : [token];
  return () => callback(...given, { ...context, type: token.type });
}

/** The value of `WWW-Authenticate` (RFC 6750 section 3). */
export function challenge(refusal: TokenError, scheme: string, realm: string | undefined): string {
  const row: RefusalRow = REFUSALS[refusal.code];
  const scope = refusal instanceof InsufficientClaimsError ? refusal.scope : [];
  // All words or none: with only some of them the client would get a token that is refused again.
  const isWritable = scope.length > 0 && scope.every((word) => SCOPE_TOKEN.test(word));
  const parameters = {
    realm,
    error: row.challenge?.[0],
    error_description: row.challenge?.[1],
    // RFC 9470 section 3. Without a required age, only a new login helps.
    max_age: refusal instanceof StaleTokenError ? String(refusal.required.maxAge ?? 0) : undefined,
    scope: isWritable ? scope.join(' ') : undefined,
  };
  // RFC 9110 section 5.6.4.
  const written = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${(value as string).replace(/["\\]/g, '\\$&')}"`);
  return [scheme, written.join(', ')].filter(Boolean).join(' ');
}
