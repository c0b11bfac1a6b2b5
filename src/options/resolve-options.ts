import { Logger } from '@nestjs/common';
import { checkFunction } from '../common/checks.js';
import { deepFreeze } from '../common/deep-freeze.js';
import { describe, configError } from '../common/describe.js';
import { parseTimeout } from '../common/duration.js';
import { type Defaults, readOptions } from '../common/read-options.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { resolveBlocklistOptions, resolveRotationOptions } from './blocklist-options.js';
import { resolveLoaders } from './callbacks.js';
import { checkRenewal } from './cookie-options.js';
import type { JwtExtendedOptions } from './jwt-extended-options.js';
import { resolveTransportOptions } from './location-options.js';
import { resolveLoginOptions } from './login-options.js';
import type { ResolvedOptions } from './resolved-options.js';
import { resolveResponseOptions } from './response-options.js';
import { resolveTokenOptions } from './token-options.js';

/** A clock that was asked once and gave a time; one that does not would make every token valid, or none. */
function checkClock(value: unknown): () => Date {
  const clock = checkFunction(value, 'clock');
  const now = ask(clock);
  if (now instanceof Date && !Number.isNaN(now.getTime())) return clock as () => Date;
  const given = now instanceof Date ? 'an invalid Date' : describe(now);
  throw configError(
    'clock',
    `a function that returns ${given}`,
    'return a valid Date, as () => new Date() does',
  );
}

function ask(clock: () => unknown): unknown {
  try {
    return clock();
  } catch (cause) {
    const message =
      'clock was given a function that throws; return a valid Date, as () => new Date() does';
    throw new JwtExtendedConfigError(message, { cause });
  }
}

/** Every option's name, and what holds where it is not given. */
export const OPTION_DEFAULTS: Defaults<JwtExtendedOptions> = {
  // Checked by the keys module; here they are only known by name.
  secret: undefined,
  privateKey: undefined,
  passphrase: undefined,
  publicKey: undefined,
  algorithm: undefined,
  decodeAlgorithms: undefined,
  allowWeakSecret: undefined,
  keys: undefined,

  accessTokenExpires: '15m',
  refreshTokenExpires: '30d',
  encodeNotBefore: true,
  notBeforeDelta: 0,
  leeway: 0,
  identityClaim: 'sub',
  verifySub: true,
  userClaimsKey: undefined,
  claimsInRefreshToken: true,
  requiredClaims: [],
  acceptForeignTokens: false,
  encodeIssuer: undefined,
  decodeIssuer: undefined,
  encodeAudience: undefined,
  decodeAudience: undefined,
  maxTokenLength: 8192,

  locations: ['headers'],
  headerName: 'Authorization',
  headerType: 'Bearer',
  queryStringName: 'jwt',
  queryStringValuePrefix: '',
  jsonKey: 'access_token',
  refreshJsonKey: 'refresh_token',
  cookies: {},
  csrf: {},

  errorMessageKey: 'msg',
  errorCodeKey: undefined,
  statusProfile: 'flask',
  realm: undefined,
  responses: {},

  blocklist: {},
  rotation: undefined,
  login: undefined,
  loaders: {},
  loaderTimeout: '5s',
  clock: () => new Date(),
};

/** A choice that is allowed and costs security: which option, and what follows from it. */
interface Weakness {
  /** Weak everywhere, or only where strangers can reach it. */
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

/** Says each weakness once, at start, where it will be read. */
function warnAboutWeakOptions(options: ResolvedOptions): void {
  const isProduction = process.env.NODE_ENV === 'production';
  const logger = new Logger('JwtExtendedModule');
  for (const { where, applies, warning } of WEAKNESSES) {
    if ((where === 'everywhere' || isProduction) && applies(options)) logger.warn(warning);
  }
}

/**
 * The options, settled once and for all: names known, values checked, defaults filled in. Keys are another matter;
 * the keys module imports and checks them.
 *
 * @throws JwtExtendedConfigError for the first mistake: its message names the option, what was given and the fix
 *
 * @example
 * ```ts
 * resolveOptions({ secret }).token.expires.access; // 900
 * ```
 */
export function resolveOptions(options: JwtExtendedOptions): ResolvedOptions {
  const given = readOptions<JwtExtendedOptions>(options, OPTION_DEFAULTS, '');
  const transport = resolveTransportOptions(given);
  const blocklist = resolveBlocklistOptions(given.blocklist);
  const token = resolveTokenOptions(given, transport.csrf.protect);
  checkRenewal(transport.cookies, token);
  const resolved: ResolvedOptions = {
    token,
    ...transport,
    responses: resolveResponseOptions(given),
    blocklist,
    rotation: resolveRotationOptions(given.rotation, blocklist.store),
    login: resolveLoginOptions(given.login),
    loaders: resolveLoaders(given.loaders),
    loaderTimeoutMs: parseTimeout(given.loaderTimeout, 'loaderTimeout'),
    clock: checkClock(given.clock),
  };
  warnAboutWeakOptions(resolved);
  // The store is the application's own, and has a life to live.
  return deepFreeze(resolved, resolved.blocklist.store);
}
