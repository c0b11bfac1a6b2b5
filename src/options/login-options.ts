import { checkArray, checkFunction, checkMemberName, checkUnique } from '../common/checks.js';
import { configError, describe } from '../common/describe.js';
import { readOptions, type Rows, type Values } from '../common/read-options.js';
import type { Awaitable } from '../contracts/awaitable.js';
import type { Duration, TokenPair } from '../contracts/token.js';
import type { LoaderContext } from './callbacks.js';

/** What `login.pairOptions` decides about a session, by options of `createTokenPair`. */
export interface LoginPairOptions {
  /** Whether the access token is fresh, or for how long. @default true */
  fresh?: boolean | Duration | Date;
  /** Claims of both tokens, which win over those of the `additionalClaims` loader. */
  additionalClaims?: object;
  /** Header parameters of both tokens. */
  additionalHeaders?: object;
  /** The id of the session. @default a new one */
  sessionId?: string;
  /** The lifetime of the session's access tokens. @default the option `accessTokenExpires` */
  accessExpiresIn?: Duration | false;
  /** The lifetime of the session's refresh tokens. @default the option `refreshTokenExpires` */
  refreshExpiresIn?: Duration | false;
  /** Whether the browser keeps the cookies when it is closed. @default the opposite of `cookies.session` */
  remember?: boolean;
  /** What the list of sessions shows about this login. */
  note?: unknown;
}

/**
 * Who may log in at the endpoint `login`, and what it answers. If a function throws something other than an
 * `HttpException`, or takes longer than `loaderTimeout`, the answer is 503.
 *
 * @example
 * ```ts
 * const login: LoginOptions = {
 *   authenticate: async (username, password) => {
 *     const user = await users.findByName(username);
 *     return (await argon2.verify(user?.hash ?? DUMMY_HASH, password)) && user;
 *   },
 * };
 * ```
 */
export interface LoginOptions {
  /**
   * Returns the subject that a username and a password belong to, as `createTokenPair` takes it; `null`, `undefined` or
   * `false` refuses them, and `true` is an error (500). Both are strings that are not empty. Flask-JWT:
   * `authentication_handler`.
   */
  authenticate(username: string, password: string, context: LoaderContext): Awaitable<unknown>;
  /** The member of the JSON body that holds the username. Flask-JWT: `JWT_AUTH_USERNAME_KEY`. @default 'username' */
  usernameKey?: string;
  /** The member that holds the password. Flask-JWT: `JWT_AUTH_PASSWORD_KEY`. @default 'password' */
  passwordKey?: string;
  /**
   * Names of other members that the JSON body may have. Their values are not checked: read them in `request.body`.
   * @default []
   */
  fields?: readonly string[];
  /**
   * Returns options of `createTokenPair` for this login, such as `remember`, lifetimes, `additionalClaims` or `note`;
   * `null` or `undefined` for none.
   *
   * @example
   * ```ts
   * const login: LoginOptions = {
   *   authenticate: (username, password) => users.authenticate(username, password),
   *   fields: ['remember'],
   *   pairOptions: (user, { request }) => ({ remember: request.body.remember === true }),
   * };
   * ```
   */
  pairOptions?(
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the subject's type is the application's own
    subject: any,
    context: LoaderContext,
  ): Awaitable<LoginPairOptions | null | undefined>;
  /**
   * Returns the answer to a login: a body, or a `CallbackResponse`, which has a `status` and no members but `status`,
   * `body` and `headers`. If tokens travel in cookies, these are set too. Flask-JWT: `auth_response_handler`.
   *
   * @default `{ access_token, refresh_token }`
   */
  respond?(
    pair: TokenPair,
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the subject's type is the application's own
    subject: any,
    context: LoaderContext,
  ): Awaitable<unknown>;
}

export const LOGIN_ROWS = {
  // A row with a default, so that an option that was not given is refused.
  authenticate: [checkFunction, undefined],
  usernameKey: [checkMemberName, 'username'],
  passwordKey: [checkMemberName, 'password'],
  fields: [(value, name) => checkArray(value, name, checkMemberName), []],
  pairOptions: [checkFunction],
  respond: [checkFunction],
} satisfies Rows<LoginOptions>;

/** What the functions return is still unchecked. */
export type ResolvedLoginOptions = Values<typeof LOGIN_ROWS>;

/** Reads the options; their functions are bound to the object that holds them, which may be an instance of a class. */
export function readLoginOptions(given: unknown, path: string): ResolvedLoginOptions {
  const login = readOptions(path, LOGIN_ROWS, given);
  if (login.usernameKey === login.passwordKey) {
    const value = `${describe(login.passwordKey)}, as was ${path}.usernameKey`;
    throw configError(`${path}.passwordKey`, value, 'give each a member of its own');
  }
  checkUnique(login.fields, `${path}.fields`);
  for (const key of ['usernameKey', 'passwordKey'] as const) {
    if (!login.fields.includes(login[key])) continue;
    const value = `${describe(login[key])}, as was ${path}.${key}`;
    throw configError(`${path}.fields`, value, 'name other members only');
  }
  return {
    ...login,
    authenticate: login.authenticate.bind(given),
    pairOptions: login.pairOptions?.bind(given),
    respond: login.respond?.bind(given),
  };
}
