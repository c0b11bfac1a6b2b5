import { checkFunction, checkMemberName, optional } from '../common/checks.js';
import { describe, configError } from '../common/describe.js';
import { type Defaults, readOptions } from '../common/read-options.js';
import type { Awaitable } from '../contracts/awaitable.js';
import type { TokenPair } from '../contracts/token.js';
import type { LoaderContext } from './callbacks.js';
import type { ResolvedLoginOptions } from './resolved-options.js';

/**
 * How the endpoint `login` knows people and answers them. What fails without an `HttpException`, or takes longer than
 * `loaderTimeout`, is answered with 503.
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
   * Whom a username and a password belong to: a subject, as `createTokenPair` takes it; `null`, `undefined` or `false`
   * for nobody. Both are strings that are not empty. Flask-JWT: `authentication_handler`.
   */
  authenticate(username: string, password: string, context: LoaderContext): Awaitable<unknown>;
  /**
   * The member of the JSON body that holds the username. Flask-JWT: `JWT_AUTH_USERNAME_KEY`.
   *
   * @default 'username'
   */
  usernameKey?: string;
  /**
   * The member that holds the password. Flask-JWT: `JWT_AUTH_PASSWORD_KEY`.
   *
   * @default 'password'
   */
  passwordKey?: string;
  /**
   * What a login is answered with: a body, or a `CallbackResponse`, which has a `status` and no members but `status`,
   * `body` and `headers`. Cookies are set beside it, where tokens go back in them. Flask-JWT: `auth_response_handler`.
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

/** How the endpoint `login` knows people; its functions are bound to the object they came in. */
export function resolveLoginOptions(value: unknown): ResolvedLoginOptions | undefined {
  if (value === undefined) return undefined;
  const given = readOptions<LoginOptions>(value, LOGIN_DEFAULTS, 'login');
  const usernameKey = checkMemberName(given.usernameKey, 'login.usernameKey');
  const passwordKey = checkMemberName(given.passwordKey, 'login.passwordKey');
  if (usernameKey === passwordKey) {
    throw configError(
      'login.passwordKey',
      `${describe(passwordKey)}, as was login.usernameKey`,
      'give each a member of its own',
    );
  }
  return {
    authenticate: checkFunction(given.authenticate, 'login.authenticate').bind(value),
    usernameKey,
    passwordKey,
    respond: optional(given.respond, 'login.respond', checkFunction)?.bind(value),
  };
}

export const LOGIN_DEFAULTS: Defaults<LoginOptions> = {
  authenticate: undefined,
  usernameKey: 'username',
  passwordKey: 'password',
  respond: undefined,
};
