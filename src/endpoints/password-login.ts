import { Logger } from '@nestjs/common';
import { readCallbackResponse } from '../http/callback-response.js';
import { isObject } from '../common/checks.js';
import { describe, kindOf, tagOf } from '../common/describe.js';
import type { HttpRequest } from '../contracts/http.js';
import type { TokenPair } from '../contracts/token.js';
import { TokenCreationError } from '../errors/config.error.js';
import { BadCredentialsError } from '../errors/token-errors.js';
import { type Answer, type ErrorRenderer, withRenderer } from '../errors/token.error.js';
import type { Outages } from '../events/outages.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import type { LoginPairOptions, ResolvedLoginOptions } from '../options/login-options.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { isJson } from '../http/token-locations.js';
import { OPTION_NAMES } from '../tokens/token-request.js';

/**
 * Reads a JSON object of exactly two members, as Flask-JWT does, and of those that `login.fields` names; otherwise it gives
 * the reason, for the log. The content type must be JSON, so that a form of another site cannot log a visitor in under
 * another account.
 */
function presentedCredentials(
  request: HttpRequest,
  body: unknown,
  { usernameKey, passwordKey, fields }: ResolvedLoginOptions,
): Record<'username' | 'password', string> | string {
  if (!isJson(request)) return 'the content type is not JSON';
  if (!isObject(body) || Array.isArray(body)) return 'it is not an object';
  const expected = [usernameKey, passwordKey];
  const { [usernameKey]: username, [passwordKey]: password } = body;
  const unexpected = Object.keys(body).filter((name) => ![...expected, ...fields].includes(name));
  const missing = expected.filter((name) => !Object.hasOwn(body, name));
  if (unexpected.length + missing.length === 0 && isText(username) && isText(password))
    return { username, password };
  const wrong = expected.filter((name) => !missing.includes(name) && !isText(body[name]));
  const faults = [
    unexpected.length > 0 && `unexpected ${listOf(unexpected)}, which login.fields could allow`,
    missing.length > 0 && `missing ${listOf(missing)}`,
    wrong.length > 0 && `not a string, or empty: ${listOf(wrong)}`,
  ];
  return faults.filter((each) => each !== false).join('; ');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The first names of members. A client chose them, so none is shown that is long or might be taken for a line of the log. */
function listOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(describe);
  return [...shown, ...(names.length > MOST_NAMES ? ['more'] : [])].join(', ');
}

const MOST_NAMES = 5;

/** The members of a `CallbackResponse`. An object with any other member is a body. */
const RESPONSE_MEMBERS = ['status', 'body', 'headers'];

/** Calls `login.authenticate`, `login.pairOptions` and `login.respond`. */
export class PasswordLogin {
  readonly #logger = new Logger('JwtExtendedModule');
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
    const { usernameKey, passwordKey, fields } = this.#login;
    return {
      type: 'object',
      properties: {
        [usernameKey]: { type: 'string', minLength: 1 },
        [passwordKey]: { type: 'string', minLength: 1, format: 'password' },
        ...Object.fromEntries(fields.map((name) => [name, {}])),
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
   * @throws TokenCreationError - if `login.authenticate` gives `true`, which is nobody
   */
  async authenticate(request: HttpRequest, body: unknown): Promise<unknown> {
    const credentials = presentedCredentials(request, body, this.#login);
    if (typeof credentials === 'string') {
      this.#logger.debug(`The body of a login was refused: ${credentials}`);
      throw this.#refusal();
    }
    const { username, password } = credentials;
    const subject = await this.#ask('authenticate', () =>
      this.#login.authenticate(username, password, { request }),
    );
    if (subject === undefined || subject === null || subject === false) throw this.#refusal();
    if (subject === true)
      throw new TokenCreationError(
        'login.authenticate returned true; return the user, or nothing if the credentials are wrong',
      );
    return subject;
  }

  /**
   * What the application decides about the session of a login.
   *
   * @throws TokenCheckUnavailableError, the application's own `HttpException`
   * @throws TokenCreationError - if it gives anything but options
   */
  async pairOptions(subject: unknown, request: HttpRequest): Promise<LoginPairOptions> {
    const { pairOptions } = this.#login;
    if (!pairOptions) return {};
    return optionsOf(await this.#ask('pairOptions', () => pairOptions(subject, { request })));
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
  async #ask<T>(
    name: 'authenticate' | 'pairOptions' | 'respond',
    call: () => T | Promise<T>,
  ): Promise<T> {
    try {
      const read = (answer: unknown) => answer as T;
      return await this.outages.ask(`login.${name}`, this.#timeoutMs, call, read, 'it');
    } catch (error) {
      throw withRenderer(this.renderer, error);
    }
  }

  #refusal(): unknown {
    const error = new BadCredentialsError();
    this.events.publish('refused', { code: error.code });
    return withRenderer(this.renderer, error);
  }
}

/** The endpoint notes the moment itself, before it calls `login.authenticate`, and it knows the request. */
const PAIR_OPTIONS = OPTION_NAMES.createTokenPair.filter(
  (name) => name !== 'authenticatedAt' && name !== 'request',
);

/** @throws TokenCreationError - if it is neither nothing nor options that a login may choose */
function optionsOf(given: unknown): LoginPairOptions {
  if (given === undefined || given === null) return {};
  const fix = `return an object with any of ${PAIR_OPTIONS.join(', ')}`;
  if (!isObject(given) || tagOf(given) !== 'Object')
    throw new TokenCreationError(`login.pairOptions returned ${kindOf(given)}; ${fix}`);
  const unknown = Object.keys(given).find((name) => !PAIR_OPTIONS.includes(name));
  if (unknown === undefined) return given;
  throw new TokenCreationError(
    `login.pairOptions returned the member ${describe(unknown)}; ${fix}`,
  );
}

/** @throws TypeError - if it is neither a body nor a response that can be sent */
function answerOf(given: unknown): Answer {
  const isResponse =
    isObject(given) &&
    typeof given.status === 'number' &&
    Object.keys(given).every((name) => RESPONSE_MEMBERS.includes(name));
  return readCallbackResponse(isResponse ? given : { status: 200, body: given });
}
