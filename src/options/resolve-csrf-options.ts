import type { TokenType } from '../contracts/token.js';
import {
  checkArray,
  checkBoolean,
  checkCookieName,
  checkCookiePath,
  checkMemberName,
  checkToken,
} from '../common/checks.js';

import type { CsrfOptions } from './csrf-options.js';
import { mistake } from '../common/describe.js';
import type { ResolvedOptions, TokenCarrier } from './resolved-options.js';
import { type Defaults, settle, type Unchecked } from '../common/read-options.js';

/** The methods that go without a csrf value unless `csrf.methods` lists them; every other method is protected. */
const KNOWN_METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** How one type of token brings its csrf value along. */
export type CsrfCarrier = Pick<
  TokenCarrier,
  'csrfCookie' | 'csrfHeaderName' | 'csrfHeaderLowerCaseName' | 'csrfFieldName'
>;

/** The rules that all tokens in cookies share, and the names of each type. */
export interface CsrfSettings extends Record<TokenType, CsrfCarrier> {
  readonly rules: ResolvedOptions['csrf'];
}

export function resolveCsrfOptions(value: unknown): CsrfSettings {
  const given = settle<CsrfOptions>(value, CSRF_DEFAULTS, 'csrf');
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
    throw mistake(
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
