import { checkFunction, checkMemberName } from '../common/checks.js';
import { configError, describe } from '../common/describe.js';
import { readOptions, type Rows, type Values } from '../common/read-options.js';
import type { Awaitable } from '../contracts/awaitable.js';
import type { TokenPair } from '../contracts/token.js';
import type { LoaderContext } from './callbacks.js';

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
   * `false` refuses them. Both are strings that are not empty. Flask-JWT: `authentication_handler`.
   */
  authenticate(username: string, password: string, context: LoaderContext): Awaitable<unknown>;
  /** The member of the JSON body that holds the username. Flask-JWT: `JWT_AUTH_USERNAME_KEY`. @default 'username' */
  usernameKey?: string;
  /** The member that holds the password. Flask-JWT: `JWT_AUTH_PASSWORD_KEY`. @default 'password' */
  passwordKey?: string;
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
  return {
    ...login,
    authenticate: login.authenticate.bind(given),
    respond: login.respond?.bind(given),
  };
}
