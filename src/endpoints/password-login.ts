import { HttpException } from '@nestjs/common';
import { readCallbackResponse } from '../http/callback-response.js';
import { isObject } from '../common/checks.js';
import { withDeadline } from '../contracts/awaitable.js';
import type { HttpRequest } from '../contracts/http.js';
import type { TokenPair } from '../contracts/token.js';
import { BadCredentialsError } from '../errors/token-errors.js';
import { type Answer, type ErrorRenderer, withRenderer } from '../errors/token.error.js';
import type { Outages } from '../events/outages.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import type { ResolvedLoginOptions } from '../options/login-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { isJson } from '../http/token-locations.js';

/**
 * Reads a JSON object of exactly two members, as Flask-JWT does; `undefined` for anything else. The content type must be
 * JSON, so that a form of another site cannot log a visitor in under another account.
 */
function presentedCredentials(
  request: HttpRequest,
  body: unknown,
  { usernameKey, passwordKey }: ResolvedLoginOptions,
): Record<'username' | 'password', string> | undefined {
  if (!isJson(request) || !isObject(body) || Object.keys(body).length !== 2) return undefined;
  const username = textOf(body, usernameKey);
  const password = textOf(body, passwordKey);
  return username && password ? { username, password } : undefined;
}

function textOf(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(body, name) ? body[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** The members of a `CallbackResponse`. An object with any other member is a body. */
const RESPONSE_MEMBERS = ['status', 'body', 'headers'];

/** Calls `login.authenticate` and `login.respond`. */
export class PasswordLogin {
  readonly #login: ResolvedLoginOptions;
  readonly #timeoutMs: number;
  private readonly clock: () => Date;

  /** @param options - with `login`: without it the endpoint is an error at start */
  constructor(
    options: ResolvedOptions,
    private readonly events: EventPublisher,
    private readonly outages: Outages,
    private readonly renderer: ErrorRenderer,
  ) {
    this.#login = options.login as ResolvedLoginOptions;
    this.#timeoutMs = options.loaderTimeoutMs;
    this.clock = options.clock;
  }

  /**
   * The present moment, by the clock of the module.
   *
   * @throws TokenCheckUnavailableError - if the clock gives none
   */
  now(): Date {
    try {
      return this.clock();
    } catch (error) {
      throw withRenderer(this.renderer, error);
    }
  }

  /** JSON Schema of the login's body. */
  get bodySchema(): object {
    const { usernameKey, passwordKey } = this.#login;
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

  /**
   * The subject that the credentials belong to. A body of another shape is refused as wrong credentials are, without a
   * call of `login.authenticate`.
   *
   * @param body - the parsed body, after the application's pipes
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
   * The application's answer to a login; `undefined` without `login.respond`.
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
    const source = `login.${name}`;
    try {
      const answer = await withDeadline(call(), this.#timeoutMs, 'it');
      this.outages.answered(source);
      return answer;
    } catch (error) {
      const isTheirs = error instanceof HttpException;
      throw withRenderer(this.renderer, isTheirs ? error : this.outages.failed(source, error));
    }
  }

  #refusal(): unknown {
    const error = new BadCredentialsError();
    this.events.publish('refused', { code: error.code });
    return withRenderer(this.renderer, error);
  }
}

/** @throws TypeError - if it is neither a body nor a response that can be sent */
function answerOf(given: unknown): Answer {
  const isResponse =
    isObject(given) &&
    typeof given.status === 'number' &&
    Object.keys(given).every((name) => RESPONSE_MEMBERS.includes(name));
  return readCallbackResponse(isResponse ? given : { status: 200, body: given });
}
