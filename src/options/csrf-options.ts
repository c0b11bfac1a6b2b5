import {
  checkArray,
  checkBoolean,
  checkCookieName,
  checkCookiePath,
  checkMemberName,
  checkToken,
} from '../common/checks.js';
import { configError } from '../common/describe.js';
import { readOptions, type Rows, type Values } from '../common/read-options.js';

/** Protects tokens in cookies: the client must send the `csrf` claim in a header or form field too (double submit). */
export interface CsrfOptions {
  /** Flask: `JWT_COOKIE_CSRF_PROTECT`. @default true */
  protect?: boolean;
  /**
   * The methods that are protected. GET, HEAD, OPTIONS, TRACE, POST, PUT, PATCH and DELETE are exempt if they are not
   * in this list; every other method is always protected. Flask: `JWT_CSRF_METHODS`.
   * @default ['POST', 'PUT', 'PATCH', 'DELETE']
   */
  methods?: readonly string[];
  /** Flask: `JWT_ACCESS_CSRF_HEADER_NAME`. @default 'X-CSRF-TOKEN' */
  accessHeaderName?: string;
  /** Flask: `JWT_REFRESH_CSRF_HEADER_NAME`. @default 'X-CSRF-TOKEN' */
  refreshHeaderName?: string;
  /** Whether the CSRF value is also a cookie that scripts can read. Flask: `JWT_CSRF_IN_COOKIES`. @default true */
  inCookies?: boolean;
  /** Flask: `JWT_ACCESS_CSRF_COOKIE_NAME`. @default 'csrf_access_token' */
  accessCookieName?: string;
  /** Flask: `JWT_REFRESH_CSRF_COOKIE_NAME`. @default 'csrf_refresh_token' */
  refreshCookieName?: string;
  /** Flask: `JWT_ACCESS_CSRF_COOKIE_PATH`. @default '/' */
  accessCookiePath?: string;
  /** Flask: `JWT_REFRESH_CSRF_COOKIE_PATH`. @default '/' */
  refreshCookiePath?: string;
  /**
   * Whether a form field of the parsed body may carry the CSRF value instead of the header. A multipart form must be parsed
   * before the guards run, as `attachFieldsToBody` of `@fastify/multipart` does; `FileInterceptor` runs after them. Flask:
   * `JWT_CSRF_CHECK_FORM`. @default false
   */
  checkForm?: boolean;
  /** Flask: `JWT_ACCESS_CSRF_FIELD_NAME`. @default 'csrf_token' */
  accessFieldName?: string;
  /** Flask: `JWT_REFRESH_CSRF_FIELD_NAME`. @default 'csrf_token' */
  refreshFieldName?: string;
}

/** The methods that change something (RFC 9110 section 9.2.1); the others that are known are safe. */
const CHANGING_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'];
const KNOWN_METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE', ...CHANGING_METHODS];

export const CSRF_ROWS = {
  protect: [checkBoolean, true],
  methods: [checkMethods, CHANGING_METHODS],
  accessHeaderName: [checkToken, 'X-CSRF-TOKEN'],
  refreshHeaderName: [checkToken, 'X-CSRF-TOKEN'],
  inCookies: [checkBoolean, true],
  accessCookieName: [checkCookieName, 'csrf_access_token'],
  refreshCookieName: [checkCookieName, 'csrf_refresh_token'],
  accessCookiePath: [checkCookiePath, '/'],
  refreshCookiePath: [checkCookiePath, '/'],
  checkForm: [checkBoolean, false],
  accessFieldName: [checkMemberName, 'csrf_token'],
  refreshFieldName: [checkMemberName, 'csrf_token'],
} satisfies Rows<CsrfOptions>;

export interface ResolvedCsrfOptions extends Omit<Values<typeof CSRF_ROWS>, 'methods'> {
  /** In upper case. */
  readonly exemptMethods: ReadonlySet<string>;
}

export function readCsrfOptions(given: unknown, path: string): ResolvedCsrfOptions {
  const { methods, ...values } = readOptions(path, CSRF_ROWS, given);
  if (methods.length === 0 && values.protect) {
    const fix = 'to protect no method at all set csrf.protect to false';
    throw configError('csrf.methods', 'an empty array', fix);
  }
  const exempt = KNOWN_METHODS.filter((method) => !methods.includes(method));
  return { ...values, exemptMethods: new Set(exempt) };
}

/** The methods that change something and need no CSRF value. */
export function unprotectedMethods({ exemptMethods }: ResolvedCsrfOptions): readonly string[] {
  return CHANGING_METHODS.filter((method) => exemptMethods.has(method));
}

/** The known methods that need a CSRF value; `undefined` if they are the default. */
export function ownMethods({ exemptMethods }: ResolvedCsrfOptions): readonly string[] | undefined {
  const methods = KNOWN_METHODS.filter((method) => !exemptMethods.has(method));
  return methods.join() === CHANGING_METHODS.join() ? undefined : methods;
}

/** Flask compares methods as they are written, so that a lower-case entry switches protection off. */
function checkMethods(value: unknown, name: string): readonly string[] {
  return checkArray(value, name, checkToken).map((method) => method.toUpperCase());
}
