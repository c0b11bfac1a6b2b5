import {
  checkArray,
  checkBoolean,
  checkCookieName,
  checkCookiePath,
  checkMemberName,
  checkToken,
} from '../common/checks.js';
import { configError } from '../common/describe.js';
import { type Defaults, readOptions, type Unchecked } from '../common/read-options.js';
import type { TokenType } from '../contracts/token.js';
import type { ResolvedOptions, TokenCarrier } from './resolved-options.js';

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

/** The methods that go without a csrf value unless `csrf.methods` lists them; every other method is protected. */
const KNOWN_METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** How one type of token brings its csrf value along. */
type CsrfCarrier = Pick<
  TokenCarrier,
  'csrfCookie' | 'csrfHeaderName' | 'csrfHeaderLowerCaseName' | 'csrfFieldName'
>;

/** The rules that all tokens in cookies share, and the names of each type. */
interface CsrfSettings extends Record<TokenType, CsrfCarrier> {
  readonly rules: ResolvedOptions['csrf'];
}

export function resolveCsrfOptions(value: unknown): CsrfSettings {
  const given = readOptions<CsrfOptions>(value, CSRF_DEFAULTS, 'csrf');
  const protect = checkBoolean(given.protect, 'csrf.protect');
  return {
    rules: {
      protect,
      inCookies: checkBoolean(given.inCookies, 'csrf.inCookies'),
      checkForm: checkBoolean(given.checkForm, 'csrf.checkForm'),
      exemptMethods: exemptMethods(given.methods, protect),
    },
    access: csrfCarrierOf('access', given),
    refresh: csrfCarrierOf('refresh', given),
  };
}

function exemptMethods(value: unknown, protect: boolean): ReadonlySet<string> {
  // Flask compares them as they are written, so that a lower-case entry switches protection off.
  const methods = checkArray(value, 'csrf.methods', checkToken).map((method) =>
    method.toUpperCase(),
  );
  if (methods.length === 0 && protect) {
    throw configError(
      'csrf.methods',
      'an empty array',
      'to protect no method at all set csrf.protect to false',
    );
  }
  return new Set(KNOWN_METHODS.filter((method) => !methods.includes(method)));
}

function csrfCarrierOf(type: TokenType, given: Unchecked<CsrfOptions>): CsrfCarrier {
  const headerName = checkToken(given[`${type}HeaderName` as const], `csrf.${type}HeaderName`);
  return {
    csrfCookie: {
      name: checkCookieName(given[`${type}CookieName` as const], `csrf.${type}CookieName`),
      path: checkCookiePath(given[`${type}CookiePath` as const], `csrf.${type}CookiePath`),
    },
    csrfHeaderName: headerName,
    csrfHeaderLowerCaseName: headerName.toLowerCase(),
    csrfFieldName: checkMemberName(given[`${type}FieldName` as const], `csrf.${type}FieldName`),
  };
}

export const CSRF_DEFAULTS: Defaults<CsrfOptions> = {
  protect: true,
  methods: ['POST', 'PUT', 'PATCH', 'DELETE'],
  accessHeaderName: 'X-CSRF-TOKEN',
  refreshHeaderName: 'X-CSRF-TOKEN',
  inCookies: true,
  accessCookieName: 'csrf_access_token',
  refreshCookieName: 'csrf_refresh_token',
  accessCookiePath: '/',
  refreshCookiePath: '/',
  checkForm: false,
  accessFieldName: 'csrf_token',
  refreshFieldName: 'csrf_token',
};
