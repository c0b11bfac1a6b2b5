import type { Duration } from '../contracts/token.js';

/** How cookies are named and set. */
export interface CookieOptions {
  /**
   * Flask: `JWT_ACCESS_COOKIE_NAME`.
   *
   * @default 'access_token_cookie'
   */
  accessName?: string;
  /**
   * Flask: `JWT_REFRESH_COOKIE_NAME`.
   *
   * @default 'refresh_token_cookie'
   */
  refreshName?: string;
  /**
   * Flask: `JWT_ACCESS_COOKIE_PATH`.
   *
   * @default '/'
   */
  accessPath?: string;
  /**
   * Flask: `JWT_REFRESH_COOKIE_PATH`.
   *
   * @default '/'
   */
  refreshPath?: string;
  /**
   * Flask: `JWT_COOKIE_DOMAIN`.
   *
   * @default none: the host that set it
   */
  domain?: string;
  /**
   * Flask: `JWT_COOKIE_SECURE`.
   *
   * @default true
   */
  secure?: boolean;
  /**
   * Flask: `JWT_COOKIE_SAMESITE`.
   *
   * @default 'lax'
   */
  sameSite?: 'strict' | 'lax' | 'none';
  /**
   * Whether cookies end with the browser's session; `false`: with the token. Flask: `JWT_SESSION_COOKIE`.
   *
   * @default true
   */
  session?: boolean;
  /**
   * How long before its end an access cookie is renewed, where `SlidingSessionInterceptor` is at work; less than
   * `accessTokenExpires`.
   *
   * @default half of the token's life
   */
  renewWithin?: Duration;
}
