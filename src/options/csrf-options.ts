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
