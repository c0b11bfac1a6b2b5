import type { TokenExtractor } from '../contracts/route-policy.js';
import type { TokenLocation } from '../contracts/token.js';

/** Where tokens are looked for. */
export interface LocationOptions {
  /**
   * The locations, in the order in which they are looked at: the first that holds a token decides. A `passport-jwt`
   * extractor function is a location too. Flask: `JWT_TOKEN_LOCATION`.
   *
   * @default ['headers']
   */
  locations?: readonly (TokenLocation | TokenExtractor)[];
  /**
   * Flask: `JWT_HEADER_NAME`.
   *
   * @default 'Authorization'
   */
  headerName?: string;
  /**
   * The scheme before the token, compared without regard to case; `''`: the header is the bare token. Flask: `JWT_HEADER_TYPE`.
   *
   * @default 'Bearer'
   */
  headerType?: string;
  /**
   * Flask: `JWT_QUERY_STRING_NAME`.
   *
   * @default 'jwt'
   */
  queryStringName?: string;
  /**
   * What the query parameter's value must start with. Flask: `JWT_QUERY_STRING_VALUE_PREFIX`.
   *
   * @default ''
   */
  queryStringValuePrefix?: string;
  /**
   * The member of a JSON body that holds an access token. Flask: `JWT_JSON_KEY`.
   *
   * @default 'access_token'
   */
  jsonKey?: string;
  /**
   * The member of a JSON body that holds a refresh token. Flask: `JWT_REFRESH_JSON_KEY`.
   *
   * @default 'refresh_token'
   */
  refreshJsonKey?: string;
  /** How cookies are named and set. */
  cookies?: CookieOptions;
  /** Protection of tokens in cookies against cross-site request forgery. */
  csrf?: CsrfOptions;
}

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
}

/** Protection of tokens in cookies: the `csrf` claim must come back in a header or form field (double submit). */
export interface CsrfOptions {
  /**
   * Flask: `JWT_COOKIE_CSRF_PROTECT`.
   *
   * @default true
   */
  protect?: boolean;
  /**
   * The methods that are protected, and with them every method that is not GET, HEAD, OPTIONS, TRACE or one of
   * POST, PUT, PATCH, DELETE left out here. Flask: `JWT_CSRF_METHODS`.
   *
   * @default ['POST', 'PUT', 'PATCH', 'DELETE']
   */
  methods?: readonly string[];
  /**
   * Flask: `JWT_ACCESS_CSRF_HEADER_NAME`.
   *
   * @default 'X-CSRF-TOKEN'
   */
  accessHeaderName?: string;
  /**
   * Flask: `JWT_REFRESH_CSRF_HEADER_NAME`.
   *
   * @default 'X-CSRF-TOKEN'
   */
  refreshHeaderName?: string;
  /**
   * Whether the csrf value is also set as a cookie that scripts can read. Flask: `JWT_CSRF_IN_COOKIES`.
   *
   * @default true
   */
  inCookies?: boolean;
  /**
   * Flask: `JWT_ACCESS_CSRF_COOKIE_NAME`.
   *
   * @default 'csrf_access_token'
   */
  accessCookieName?: string;
  /**
   * Flask: `JWT_REFRESH_CSRF_COOKIE_NAME`.
   *
   * @default 'csrf_refresh_token'
   */
  refreshCookieName?: string;
  /**
   * Flask: `JWT_ACCESS_CSRF_COOKIE_PATH`.
   *
   * @default '/'
   */
  accessCookiePath?: string;
  /**
   * Flask: `JWT_REFRESH_CSRF_COOKIE_PATH`.
   *
   * @default '/'
   */
  refreshCookiePath?: string;
  /**
   * Whether a form field of the parsed body may carry the csrf value instead of the header. Flask: `JWT_CSRF_CHECK_FORM`.
   *
   * @default false
   */
  checkForm?: boolean;
  /**
   * Flask: `JWT_ACCESS_CSRF_FIELD_NAME`.
   *
   * @default 'csrf_token'
   */
  accessFieldName?: string;
  /**
   * Flask: `JWT_REFRESH_CSRF_FIELD_NAME`.
   *
   * @default 'csrf_token'
   */
  refreshFieldName?: string;
}
