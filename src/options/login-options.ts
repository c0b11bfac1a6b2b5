import type { Awaitable } from '../contracts/awaitable.js';
import type { TokenPair } from '../contracts/token.js';
import type { LoaderContext } from './loaders.js';

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
