import type { TokenType } from '../contracts/token.js';
import {
  checkBoolean,
  checkCookieName,
  checkCookiePath,
  checkDomain,
  checkOneOf,
  optional,
} from '../common/checks.js';

import { describe, mistake } from '../common/describe.js';
import { parseDuration } from '../common/duration.js';
import type { CookieOptions } from './cookie-options.js';
import type { ResolvedOptions, TokenCarrier } from './resolved-options.js';
import { type Defaults, settle, type Unchecked } from '../common/read-options.js';

/** The attributes that all cookies share, and the name and path of each. */
export interface CookieSettings extends Record<TokenType, Pick<TokenCarrier, 'cookie'>> {
  readonly attributes: ResolvedOptions['cookies'];
}

export function resolveCookieOptions(value: unknown): CookieSettings {
  const given = settle<CookieOptions>(value, COOKIE_DEFAULTS, 'cookies');
  const secure = checkBoolean(given.secure, 'cookies.secure');
  return {
    attributes: {
      domain: optional(given.domain, 'cookies.domain', checkDomain),
      secure,
      sameSite: checkSameSite(given.sameSite, secure),
      session: checkBoolean(given.session, 'cookies.session'),
      renewWithin: optional(given.renewWithin, 'cookies.renewWithin', checkRenewal),
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

function checkRenewal(value: unknown, name: string): number {
  const seconds = parseDuration(value, name);
  if (seconds > 0) return seconds;
  throw mistake(
    name,
    describe(value),
    "give more than 0 seconds, or leave it out for half of the token's life",
  );
}

function checkSameSite(value: unknown, secure: boolean): 'strict' | 'lax' | 'none' {
  const sameSite = checkOneOf(value, 'cookies.sameSite', ['strict', 'lax', 'none'] as const);
  if (sameSite !== 'none' || secure) return sameSite;
  const given = `${describe(sameSite)} while cookies.secure is false`;
  throw mistake(
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
