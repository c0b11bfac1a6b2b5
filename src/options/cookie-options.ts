import {
  checkBoolean,
  checkCookieName,
  checkCookiePath,
  checkDomain,
  checkOneOf,
  optional,
} from '../common/checks.js';
import { describe, configError } from '../common/describe.js';
import { parseDuration } from '../common/duration.js';
import { type Defaults, readOptions, type Unchecked } from '../common/read-options.js';
import type { Duration, TokenType } from '../contracts/token.js';
import type { ResolvedOptions, TokenCarrier } from './resolved-options.js';

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

/** A cookie together with the options that named it. */
interface NamedCookie {
  readonly name: string;
  readonly path: string;
  readonly nameOption: string;
  readonly pathOption: string;
}

/** What must hold between cookies, and between a cookie's name and its attributes. */
export function checkCookieRules({
  cookies,
  carriers,
}: Pick<ResolvedOptions, 'cookies' | 'carriers'>): void {
  const all = namedCookies(carriers);
  for (const [index, cookie] of all.entries()) {
    refuseSharedName(cookie, all.slice(0, index));
    checkPrefix(cookie, cookies);
  }
}

/** A token that is due for renewal from its first second on would be renewed by every request. */
export function checkRenewal(
  { renewWithin }: ResolvedOptions['cookies'],
  { expires }: Pick<ResolvedOptions['token'], 'expires'>,
): void {
  if (renewWithin === undefined || expires.access === false || renewWithin < expires.access) return;
  const given = `${renewWithin} seconds, and access tokens live for ${expires.access}`;
  throw configError('cookies.renewWithin', given, 'give less than accessTokenExpires');
}

function namedCookies({ access, refresh }: ResolvedOptions['carriers']): readonly NamedCookie[] {
  return [
    { ...access.cookie, nameOption: 'cookies.accessName', pathOption: 'cookies.accessPath' },
    { ...refresh.cookie, nameOption: 'cookies.refreshName', pathOption: 'cookies.refreshPath' },
    {
      ...access.csrfCookie,
      nameOption: 'csrf.accessCookieName',
      pathOption: 'csrf.accessCookiePath',
    },
    {
      ...refresh.csrfCookie,
      nameOption: 'csrf.refreshCookieName',
      pathOption: 'csrf.refreshCookiePath',
    },
  ];
}

/** Of two cookies with one name a browser keeps the later, or sends both: either way one token hides the other. */
function refuseSharedName(
  { name, nameOption }: NamedCookie,
  earlier: readonly NamedCookie[],
): void {
  const twin = earlier.find((other) => other.name === name);
  if (twin === undefined) return;
  throw configError(
    nameOption,
    `${describe(name)}, as was ${twin.nameOption}`,
    'give each cookie a name of its own',
  );
}

/** RFC 6265bis section 4.1.3: browsers drop a cookie that does not keep its prefix's promise; they ignore its case. */
function checkPrefix(cookie: NamedCookie, { secure, domain }: ResolvedOptions['cookies']): void {
  const { nameOption, name, pathOption, path } = cookie;
  const isHost = /^__host-/i.test(name);
  if (!isHost && !/^__secure-/i.test(name)) return;
  const refuse = (circumstance: string, fix: string) =>
    configError(nameOption, `${describe(name)} while ${circumstance}`, fix);
  if (!secure)
    throw refuse('cookies.secure is false', 'such a prefix demands cookies.secure: true');
  if (!isHost) return;
  if (path !== '/')
    throw refuse(
      `${pathOption} is ${describe(path)}`,
      `the prefix __Host- demands ${pathOption}: '/'`,
    );
  if (domain !== undefined)
    throw refuse('cookies.domain is set', 'the prefix __Host- demands no cookies.domain');
}

/** The attributes that all cookies share, and the name and path of each. */
interface CookieSettings extends Record<TokenType, Pick<TokenCarrier, 'cookie'>> {
  readonly attributes: ResolvedOptions['cookies'];
}

export function resolveCookieOptions(value: unknown): CookieSettings {
  const given = readOptions<CookieOptions>(value, COOKIE_DEFAULTS, 'cookies');
  const secure = checkBoolean(given.secure, 'cookies.secure');
  return {
    attributes: {
      domain: optional(given.domain, 'cookies.domain', checkDomain),
      secure,
      sameSite: checkSameSite(given.sameSite, secure),
      session: checkBoolean(given.session, 'cookies.session'),
      renewWithin: optional(given.renewWithin, 'cookies.renewWithin', checkRenewWithin),
    },
    access: cookieOf('access', given),
    refresh: cookieOf('refresh', given),
  };
}

function cookieOf(type: TokenType, given: Unchecked<CookieOptions>): Pick<TokenCarrier, 'cookie'> {
  const name = checkCookieName(given[`${type}Name` as const], `cookies.${type}Name`);
  const path = checkCookiePath(given[`${type}Path` as const], `cookies.${type}Path`);
  return { cookie: { name, path } };
}

function checkRenewWithin(value: unknown, name: string): number {
  const seconds = parseDuration(value, name);
  if (seconds > 0) return seconds;
  throw configError(
    name,
    describe(value),
    "give more than 0 seconds, or leave it out for half of the token's life",
  );
}

function checkSameSite(value: unknown, secure: boolean): 'strict' | 'lax' | 'none' {
  const sameSite = checkOneOf(value, 'cookies.sameSite', ['strict', 'lax', 'none'] as const);
  if (sameSite !== 'none' || secure) return sameSite;
  const given = `${describe(sameSite)} while cookies.secure is false`;
  throw configError(
    'cookies.sameSite',
    given,
    'browsers refuse such cookies: set cookies.secure to true',
  );
}

export const COOKIE_DEFAULTS: Defaults<CookieOptions> = {
  accessName: 'access_token_cookie',
  refreshName: 'refresh_token_cookie',
  accessPath: '/',
  refreshPath: '/',
  domain: undefined,
  secure: true,
  sameSite: 'lax',
  session: true,
  renewWithin: undefined,
};
