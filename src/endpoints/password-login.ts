import { HttpException, Logger } from '@nestjs/common';
import { readCallbackResponse } from '../http/callback-response.js';
import { isObject } from '../common/checks.js';
import { safeMessage } from '../common/fault-message.js';
import { withDeadline } from '../contracts/awaitable.js';
import type { HttpRequest } from '../contracts/http.js';
import type { TokenPair } from '../contracts/token.js';
import { BadCredentialsError, TokenCheckUnavailableError } from '../errors/token-errors.js';
import { type Answer, type ErrorRenderer, withRenderer } from '../errors/token.error.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import type { ResolvedLoginOptions, ResolvedOptions } from '../options/resolved-options.js';
import { isJson } from '../http/token-locations.js';

/** What somebody says who they are, and what is to prove it. Neither is empty. */
interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Reads a JSON body that is an object of two members, as Flask-JWT asks for it; `undefined` for anything else. JSON it
 * must be, so that no form on another site's page can log a visitor in as somebody else.
 *
 * @param body - the parsed body, as the application's pipes left it
 */
function presentedCredentials(
  request: HttpRequest,
  body: unknown,
  { usernameKey, passwordKey }: ResolvedLoginOptions,
): Credentials | undefined {
  if (!isJson(request) || !isObject(body) || Object.keys(body).length !== 2) return undefined;
  const username = textOf(body, usernameKey);
  const password = textOf(body, passwordKey);
  return username && password ? { username, password } : undefined;
}

/** The same, in the words of JSON Schema. */
function credentialsSchema({ usernameKey, passwordKey }: ResolvedLoginOptions): object {
  return {
    type: 'object',
    properties: {
      [usernameKey]: { type: 'string', minLength: 1 },
      [passwordKey]: { type: 'string', minLength: 1, format: 'password' },
    },
    required: [usernameKey, passwordKey],
    additionalProperties: false,
  };
}

function textOf(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(body, name) ? body[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** The members of a `CallbackResponse`; with any other beside them it is a body. */
const RESPONSE_MEMBERS = ['status', 'body', 'headers'];

/** Asks the application who logs in, and what it wants to be said to them. */
export class PasswordLogin {
  readonly #logger = new Logger('JwtExtendedModule');
  readonly #login: ResolvedLoginOptions;
  readonly #timeoutMs: number;

  /** @param options - with `login`, without which the endpoint is a mistake at start */
  constructor(
    options: ResolvedOptions,
    private readonly events: EventPublisher,
    private readonly renderer: ErrorRenderer,
  ) {
    this.#login = options.login as ResolvedLoginOptions;
    this.#timeoutMs = options.loaderTimeoutMs;
  }

  /** What a login's body must be, as JSON Schema. */
  get bodySchema(): object {
    return credentialsSchema(this.#login);
  }

  /**
   * Whom the credentials of a request belong to. What is not even shaped like credentials is refused as wrong ones are,
   * and the application is not asked.
   *
   * @param body - the parsed body, as the application's pipes left it
   * @throws BadCredentialsError, TokenCheckUnavailableError, the application's own `HttpException`
   */
  async authenticate(request: HttpRequest, body: unknown): Promise<unknown> {
    const credentials = presentedCredentials(request, body, this.#login);
    if (!credentials) throw this.#refusal();
    const { username, password } = credentials;
    const subject = await this.#ask('authenticate', () =>
      this.#login.authenticate(username, password, { request }),
    );
    if (subject === undefined || subject === null || subject === false) throw this.#refusal();
    return subject;
  }

  /**
   * What the application wants a login to be answered with; `undefined` where it leaves that to us.
   *
   * @throws TokenCheckUnavailableError, the application's own `HttpException`
   */
  async respond(
    pair: TokenPair,
    subject: unknown,
    request: HttpRequest,
  ): Promise<Answer | undefined> {
    const { respond } = this.#login;
    if (!respond) return undefined;
    return this.#ask('respond', async () => answerOf(await respond(pair, subject, { request })));
  }

  /** The client hears 503, unless the application chose an HTTP error of its own; the reason goes to the log alone. */
  async #ask<T>(name: 'authenticate' | 'respond', call: () => T | Promise<T>): Promise<T> {
    try {
      return await withDeadline(call(), this.#timeoutMs, 'it');
    } catch (error) {
      if (error instanceof HttpException) throw withRenderer(this.renderer, error);
      this.#logger.error(`login.${name} failed: ${safeMessage(error)}`);
      throw withRenderer(this.renderer, new TokenCheckUnavailableError());
    }
  }

  #refusal(): unknown {
    const error = new BadCredentialsError();
    this.events.publish('refused', { code: error.code });
    return withRenderer(this.renderer, error);
  }
}

/** @throws TypeError - for what is neither a body nor a response that can be sent */
function answerOf(given: unknown): Answer {
  return readCallbackResponse(isResponse(given) ? given : { status: 200, body: given });
}

function isResponse(given: unknown): boolean {
  if (!isObject(given) || typeof given.status !== 'number') return false;
  return Object.keys(given).every((name) => RESPONSE_MEMBERS.includes(name));
}
