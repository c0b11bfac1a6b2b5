import { checkClock } from './check-clock.js';
import { deepFreeze } from '../common/deep-freeze.js';
import { checkRenewal } from './cookie-rules.js';
import { OPTION_DEFAULTS } from './defaults.js';
import { parseTimeout } from '../common/duration.js';
import type { JwtExtendedOptions } from './jwt-extended-options.js';
import { resolveBlocklistOptions } from './resolve-blocklist-options.js';
import { resolveLoaders } from './resolve-callbacks.js';
import { resolveLoginOptions } from './resolve-login-options.js';
import { resolveResponseOptions } from './resolve-response-options.js';
import { resolveRotationOptions } from './resolve-rotation-options.js';
import { resolveTokenOptions } from './resolve-token-options.js';
import { resolveTransportOptions } from './resolve-transport-options.js';
import type { ResolvedOptions } from './resolved-options.js';
import { settle } from '../common/read-options.js';
import { warnAboutWeakOptions } from './warn-about-weak-options.js';

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
  const given = settle<JwtExtendedOptions>(options, OPTION_DEFAULTS, '');
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
