import {
  checkBoolean,
  checkCookieName,
  checkCookiePath,
  checkDomain,
  oneOf,
} from '../common/checks.js';
import { configError, describe } from '../common/describe.js';
import { positiveDuration } from '../common/duration.js';
import { readOptions, type Rows, type Values } from '../common/read-options.js';
import type { Duration } from '../contracts/token.js';
import type { ResolvedCsrfOptions } from './csrf-options.js';

/** How cookies are named and set. */
export interface CookieOptions {
  /** Flask: `JWT_ACCESS_COOKIE_NAME`. @default 'access_token_cookie' */
  accessName?: string;
  /** Flask: `JWT_REFRESH_COOKIE_NAME`. @default 'refresh_token_cookie' */
  refreshName?: string;
  /** Flask: `JWT_ACCESS_COOKIE_PATH`. @default '/' */
  accessPath?: string;
  /** Flask: `JWT_REFRESH_COOKIE_PATH`. @default '/' */
  refreshPath?: string;
  /** Flask: `JWT_COOKIE_DOMAIN`. @default none: the host that set it */
  domain?: string;
  /** Flask: `JWT_COOKIE_SECURE`. @default true */
  secure?: boolean;
  /** Flask: `JWT_COOKIE_SAMESITE`. @default 'lax' */
  sameSite?: 'strict' | 'lax' | 'none';
  /** Whether cookies end with the browser's session or with the token. Flask: `JWT_SESSION_COOKIE`. @default true */
  session?: boolean;
  /**
   * Whether each site that embeds pages of this one gets cookies of its own (CHIPS). It needs `secure`, and, to be of use,
   * `sameSite: 'none'`. @default false
   */
  partitioned?: boolean;
  /**
   * How long before its expiry `SlidingSessionInterceptor` renews an access token in a cookie; less than
   * `accessTokenExpires`.
   *
   * @default half of the token's life
   */
  renewWithin?: Duration;
}

export const COOKIE_ROWS = {
  accessName: [checkCookieName, 'access_token_cookie'],
  refreshName: [checkCookieName, 'refresh_token_cookie'],
  accessPath: [checkCookiePath, '/'],
  refreshPath: [checkCookiePath, '/'],
  domain: [checkDomain],
  secure: [checkBoolean, true],
  sameSite: [oneOf('strict', 'lax', 'none'), 'lax'],
  session: [checkBoolean, true],
  partitioned: [checkBoolean, false],
  renewWithin: [positiveDuration("leave it out for half of the token's life")],
} satisfies Rows<CookieOptions>;

/** With `renewWithin` in seconds. */
export type ResolvedCookieOptions = Values<typeof COOKIE_ROWS>;

export function readCookieOptions(given: unknown, path: string): ResolvedCookieOptions {
  const cookies = readOptions(path, COOKIE_ROWS, given);
  const fix = 'browsers refuse such cookies: set cookies.secure to true';
  if (cookies.sameSite === 'none' && !cookies.secure)
    throw configError('cookies.sameSite', "'none' while cookies.secure is false", fix);
  if (cookies.partitioned && !cookies.secure)
    throw configError('cookies.partitioned', 'true while cookies.secure is false', fix);
  return cookies;
}

/** @throws JwtExtendedConfigError - if cookies share a name, or if browsers would drop one for its name's prefix */
export function checkCookieNames(cookies: ResolvedCookieOptions, csrf: ResolvedCsrfOptions): void {
  const { accessCookieName, refreshCookieName, accessCookiePath, refreshCookiePath } = csrf;
  const named: readonly NamedCookie[] = [
    ['cookies.accessName', cookies.accessName, 'cookies.accessPath', cookies.accessPath],
    ['cookies.refreshName', cookies.refreshName, 'cookies.refreshPath', cookies.refreshPath],
    ['csrf.accessCookieName', accessCookieName, 'csrf.accessCookiePath', accessCookiePath],
    ['csrf.refreshCookieName', refreshCookieName, 'csrf.refreshCookiePath', refreshCookiePath],
  ];
  for (const [index, cookie] of named.entries()) {
    const [option, name] = cookie;
    // Of two cookies with one name a browser keeps the later, or sends both: either way one token hides the other.
    const twin = named.slice(0, index).find(([, other]) => other === name);
    if (twin) {
      const given = `${describe(name)}, as was ${twin[0]}`;
      throw configError(option, given, 'give each cookie a name of its own');
    }
    checkPrefix(cookie, cookies);
  }
}

/** @throws JwtExtendedConfigError - if tokens would be due from their first second, so that every request renews one */
export function checkRenewal(
  { renewWithin }: ResolvedCookieOptions,
  accessExpires: number | false,
): void {
  if (renewWithin === undefined || accessExpires === false || renewWithin < accessExpires) return;
  const given = `${renewWithin} seconds, and access tokens live for ${accessExpires}`;
  throw configError('cookies.renewWithin', given, 'give less than accessTokenExpires');
}

/** The name and the path of a cookie, each with the option that gives it. */
type NamedCookie = readonly [nameOption: string, name: string, pathOption: string, path: string];

/** RFC 6265bis section 4.1.3: browsers drop a cookie that lacks what its prefix demands; they ignore the prefix's case. */
function checkPrefix(
  [option, name, pathOption, path]: NamedCookie,
  { secure, domain }: ResolvedCookieOptions,
): void {
  const isHost = isHostOnly(name);
  if (!isHost && !/^__(?:secure|http)-/i.test(name)) return;
  const refuse = (circumstance: string, fix: string) =>
    configError(option, `${describe(name)} while ${circumstance}`, fix);
  if (!secure)
    throw refuse('cookies.secure is false', 'such a prefix demands cookies.secure: true');
  if (option.startsWith('csrf.') && /^__(?:host-)?http-/i.test(name))
    throw configError(
      option,
      describe(name),
      'such a prefix demands HttpOnly, and scripts read this cookie',
    );
  if (!isHost) return;
  const demand = 'the prefix __Host- demands';
  if (path !== '/')
    throw refuse(`${pathOption} is ${describe(path)}`, `${demand} ${pathOption}: '/'`);
  if (domain !== undefined) throw refuse('cookies.domain is set', `${demand} no cookies.domain`);
}

/** Whether browsers refuse a domain for a cookie of this name. */
export function isHostOnly(name: string): boolean {
  return /^__host-/i.test(name);
}
