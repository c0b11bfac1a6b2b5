import { Logger } from '@nestjs/common';
import { checkFunction, isObject } from '../common/checks.js';
import { deepFreeze } from '../common/deep-freeze.js';
import { configError, describe, kindOf } from '../common/describe.js';
import { parseTimeout } from '../common/duration.js';
import { pick, readOptions, type Rows } from '../common/read-options.js';
import type { SecurityEventEmitter } from '../contracts/security-events.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  checkRotationStore,
  readBlocklistOptions,
  readRotationOptions,
} from './blocklist-options.js';
import { readLoaders } from './callbacks.js';
import { checkRenewal } from './cookie-options.js';
import type { JwtExtendedOptions } from './jwt-extended-options.js';
import { KEY_ROWS } from './key-options.js';
import { LOCATION_ROWS, resolveLocationOptions } from './location-options.js';
import { readLoginOptions } from './login-options.js';
import type { ResolvedOptions } from './resolved-options.js';
import { RESPONSE_ROWS, resolveResponseOptions } from './response-options.js';
import { resolveTokenOptions, TOKEN_ROWS } from './token-options.js';

/** Every option with its check and its default. */
export const OPTION_ROWS = {
  ...KEY_ROWS,
  ...TOKEN_ROWS,
  ...LOCATION_ROWS,
  ...RESPONSE_ROWS,
  blocklist: [readBlocklistOptions, {}],
  rotation: [readRotationOptions],
  events: [checkEmitter],
  login: [readLoginOptions],
  loaders: [readLoaders, {}],
  loaderTimeout: [parseTimeout, '5s'],
  clock: [checkClock, () => new Date()],
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
  const given = readOptions('', OPTION_ROWS, options);
  const { blocklist, rotation, events, login, loaders, loaderTimeout, clock } = given;
  if (rotation) checkRotationStore(rotation, blocklist.store);
  checkRenewal(given.cookies, given.accessTokenExpires);
  const resolved: ResolvedOptions = {
    token: resolveTokenOptions(pick(given, TOKEN_ROWS), given.csrf.protect),
    ...resolveLocationOptions(given),
    responses: resolveResponseOptions(given),
    blocklist,
    rotation: rotation ?? readRotationOptions({}, 'rotation'),
    events,
    login,
    loaders,
    loaderTimeoutMs: loaderTimeout,
    clock,
  };
  warnAboutWeakOptions(resolved);
  // These belong to the application, and change.
  return deepFreeze(resolved, [blocklist.store, events]);
}

/** A choice that is allowed but costs security. */
interface Weakness {
  readonly where: 'everywhere' | 'production';
  readonly applies: (options: ResolvedOptions) => boolean;
  readonly warning: string;
}

/** R19 and R22 of the security requirements. */
const WEAKNESSES: readonly Weakness[] = [
  {
    where: 'everywhere',
    applies: ({ locations }) => locations.includes('query_string'),
    warning:
      "locations has 'query_string': tokens in URLs end in access logs, browser history and Referer headers",
  },
  {
    where: 'everywhere',
    applies: ({ blocklist }) => blocklist.onStoreError === 'allow',
    warning:
      "blocklist.onStoreError is 'allow': revoked tokens are let in while the store does not answer",
  },
  {
    where: 'everywhere',
    applies: ({ token }) => token.leeway > 300,
    warning:
      'leeway is more than 300 seconds: every token is accepted for that long after it has expired',
  },
  {
    where: 'production',
    applies: ({ locations, cookies }) => locations.includes('cookies') && !cookies.secure,
    warning:
      'cookies.secure is false: tokens in cookies also travel over plain HTTP, where anyone on the way reads them',
  },
  {
    where: 'production',
    applies: ({ locations, cookies, csrf }) =>
      locations.includes('cookies') && cookies.sameSite === 'none' && !csrf.protect,
    warning:
      "csrf.protect is false while cookies.sameSite is 'none': any web site can act in the name of your users",
  },
  {
    where: 'production',
    applies: ({ token }) => token.expires.access === false,
    warning: 'accessTokenExpires is false: a stolen access token opens every route for ever',
  },
  {
    where: 'production',
    applies: ({ token }) => token.expires.refresh === false,
    warning: 'refreshTokenExpires is false: a stolen refresh token buys new access tokens for ever',
  },
];

/** Logs each weakness once, at start. */
function warnAboutWeakOptions(options: ResolvedOptions): void {
  const isProduction = process.env.NODE_ENV === 'production';
  const logger = new Logger('JwtExtendedModule');
  for (const { where, applies, warning } of WEAKNESSES) {
    if ((where === 'everywhere' || isProduction) && applies(options)) logger.warn(warning);
  }
}

function checkEmitter(value: unknown, name: string): SecurityEventEmitter {
  if (isObject(value) && typeof value.emit === 'function')
    return value as object as SecurityEventEmitter;
  throw configError(
    name,
    kindOf(value),
    'give an object with a function emit, such as an EventEmitter2',
  );
}

/** Calls the clock once: with one that gives no time every token would be valid, or none. */
function checkClock(value: unknown, name: string): () => Date {
  const clock = checkFunction(value, name);
  const fix = 'return a valid Date, as () => new Date() does';
  const now = call(clock, `${name} was given a function that throws; ${fix}`);
  if (now instanceof Date && !Number.isNaN(now.getTime())) return clock as () => Date;
  const given = now instanceof Date ? 'an invalid Date' : describe(now);
  throw configError(name, `a function that returns ${given}`, fix);
}

function call(clock: () => unknown, mistake: string): unknown {
  try {
    return clock();
  } catch (cause) {
    throw new JwtExtendedConfigError(mistake, { cause });
  }
}
