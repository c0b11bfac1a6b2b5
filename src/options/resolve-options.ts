import { Logger } from '@nestjs/common';
import { checkBoolean, checkFunction, isObject } from '../common/checks.js';
import { deepFreeze } from '../common/deep-freeze.js';
import { configError, describe, kindOf } from '../common/describe.js';
import { parseTimeout } from '../common/duration.js';
import { isProduction, isTest } from '../common/environment.js';
import { pick, readOptions, type Rows } from '../common/read-options.js';
import type { SecurityEventEmitter } from '../contracts/security-events.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import {
  checkStoreFits,
  readBlocklistOptions,
  readRotationOptions,
  readSessionOptions,
} from './blocklist-options.js';
import { readLoaders } from './callbacks.js';
import { checkRenewal } from './cookie-options.js';
import { unprotectedMethods } from './csrf-options.js';
import { readIssuers, resolveIssuers } from './issuer-options.js';
import type { JwtExtendedOptions } from './jwt-extended-options.js';
import { KEY_ROWS } from './key-options.js';
import { LOCATION_ROWS, resolveLocationOptions } from './location-options.js';
import { readLoginOptions } from './login-options.js';
import { refuseNamesFromElsewhere } from './names-elsewhere.js';
import type { ResolvedOptions } from './resolved-options.js';
import { RESPONSE_ROWS, resolveResponseOptions } from './response-options.js';
import { resolveTokenOptions, TOKEN_ROWS } from './token-options.js';

export const OPTION_ROWS = {
  ...KEY_ROWS,
  ...TOKEN_ROWS,
  ...LOCATION_ROWS,
  ...RESPONSE_ROWS,
  issuers: [readIssuers, []],
  blocklist: [readBlocklistOptions, {}],
  rotation: [readRotationOptions],
  sessions: [readSessionOptions, {}],
  events: [checkEmitter],
  login: [readLoginOptions],
  loaders: [readLoaders, {}],
  loaderTimeout: [parseTimeout, '5s'],
  clock: [checkClock, () => new Date()],
  report: [checkBoolean, true],
} satisfies Rows<JwtExtendedOptions>;

/**
 * Checks the options and fills in the defaults. The keys module imports and checks keys.
 *
 * @throws JwtExtendedConfigError for the first mistake: its message names the option, what was given and the fix
 *
 * @example
 * ```ts
 * resolveOptions({ secret }).token.expires.access; // 900
 * ```
 */
export function resolveOptions(options: JwtExtendedOptions): ResolvedOptions {
  refuseNamesFromElsewhere(options, Object.keys(OPTION_ROWS));
  const given = readOptions('', OPTION_ROWS, options);
  const { blocklist, rotation, sessions, events, login, loaders, clock, report } = given;
  checkStoreFits(blocklist, rotation, sessions);
  checkRenewal(given.cookies, given.accessTokenExpires);
  const token = resolveTokenOptions(pick(given, TOKEN_ROWS), given.csrf.protect);
  const resolved: ResolvedOptions = {
    token,
    issuers: resolveIssuers(given.issuers, token),
    ...resolveLocationOptions(given),
    responses: resolveResponseOptions(given),
    blocklist,
    rotation: rotation ?? readRotationOptions({}, 'rotation'),
    sessions,
    events,
    login,
    loaders,
    loaderTimeoutMs: given.loaderTimeout,
    clock,
    report,
  };
  warnAboutWeakOptions(resolved);
  // These belong to the application, and change.
  return deepFreeze(resolved, [blocklist.store, events]);
}

/** Logs each choice that is allowed but costs security: R19 and R22 of the security requirements. */
function warnAboutWeakOptions(options: ResolvedOptions): void {
  const { token, locations, blocklist, issuers } = options;
  const isExposed = isProduction();
  warnAboutLocations('locations', locations, options);
  warn(options, [
    [
      blocklist.onStoreError === 'allow',
      "blocklist.onStoreError is 'allow': revoked tokens are let in while the store does not answer",
    ],
    [
      token.leeway > 300,
      'leeway is more than 300 seconds: every token is accepted for that long after it has expired',
    ],
    [
      token.leeway === 0 && issuers.length > 0,
      "leeway is 0 beside issuers: a new token is refused if the clock of its issuer is ahead of this one; set leeway, such as '30s'",
    ],
    [
      isExposed && token.expires.access === false,
      'accessTokenExpires is false: a stolen access token opens every route for ever',
    ],
    [
      isExposed && token.expires.refresh === false,
      'refreshTokenExpires is false: a stolen refresh token buys new access tokens for ever',
    ],
  ]);
}

/** Logs what makes locations less safe than they could be. */
export function warnAboutLocations(
  name: string,
  locations: ResolvedOptions['locations'],
  options: ResolvedOptions,
): void {
  const { cookies, csrf } = options;
  const sendsCookies = locations.includes('cookies');
  const unprotected = unprotectedMethods(csrf);
  warn(options, [
    [
      locations.includes('query_string'),
      `${name} has 'query_string': tokens in URLs end in access logs, browser history and Referer headers; ` +
        'leave it out, and name it in @JwtRequired({ locations }) of the routes that cannot do without',
    ],
    [
      isProduction() && sendsCookies && !cookies.secure,
      'cookies.secure is false: tokens in cookies also travel over plain HTTP, where anyone on the way reads them',
    ],
    [
      sendsCookies && cookies.sameSite === 'none' && !csrf.protect,
      "csrf.protect is false while cookies.sameSite is 'none': any web site can act in the name of your users; " +
        "leave csrf.protect out, or set cookies.sameSite to 'lax'",
    ],
    [
      sendsCookies && csrf.protect && unprotected.length > 0,
      `csrf.methods lacks ${unprotected.join(', ')}: with a token in a cookie these methods need no CSRF value, so that ` +
        'another web site may act in the name of your users; leave csrf.methods out, or add them',
    ],
  ]);
}

function warn(
  { report }: ResolvedOptions,
  weaknesses: readonly (readonly [applies: boolean, warning: string])[],
): void {
  if (!report || isTest()) return;
  const logger = new Logger('JwtExtendedModule');
  for (const [applies, warning] of weaknesses) if (applies) logger.warn(warning);
}

function checkEmitter(value: unknown, name: string): SecurityEventEmitter {
  if (isObject(value) && typeof value.emit === 'function')
    return value as object as SecurityEventEmitter;
  const fix = 'give an object with a function emit, such as an EventEmitter2';
  throw configError(name, kindOf(value), fix);
}

/**
 * Calls the clock once, and checks what it returns later: with a clock that gives no time every token would be valid, or
 * none.
 */
function checkClock(value: unknown, name: string): () => Date {
  const clock = checkFunction(value, name);
  const fix = 'return a valid Date, as () => new Date() does';
  let now: unknown;
  try {
    now = clock();
  } catch (cause) {
    const mistake = `${name} was given a function that throws; ${fix}`;
    throw new JwtExtendedConfigError(mistake, { cause });
  }
  if (!isMoment(now)) throw configError(name, `a function that returns ${momentText(now)}`, fix);
  // With the members of the clock: that of the testing kit can be moved.
  return Object.assign(() => momentOf(clock, name), clock);
}

/** @throws TokenCheckUnavailableError */
function momentOf(clock: () => unknown, name: string): Date {
  let now: unknown;
  try {
    now = clock();
  } catch (cause) {
    throw new TokenCheckUnavailableError(cause);
  }
  if (isMoment(now)) return now;
  throw new TokenCheckUnavailableError(new TypeError(`${name} returned ${momentText(now)}`));
}

function isMoment(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

function momentText(value: unknown): string {
  return value instanceof Date ? 'an invalid Date' : describe(value);
}
