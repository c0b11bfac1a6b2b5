import { checkFunction, checkMemberName, optional } from '../common/checks.js';

import { describe, mistake } from '../common/describe.js';
import type { LoginOptions } from './login-options.js';
import type { ResolvedLoginOptions } from './resolved-options.js';
import { type Defaults, settle } from '../common/read-options.js';

/** How the endpoint `login` knows people; its functions are bound to the object they came in. */
export function resolveLoginOptions(value: unknown): ResolvedLoginOptions | undefined {
  if (value === undefined) return undefined;
  const given = settle<LoginOptions>(value, LOGIN_DEFAULTS, 'login');
  const usernameKey = checkMemberName(given.usernameKey, 'login.usernameKey');
  const passwordKey = checkMemberName(given.passwordKey, 'login.passwordKey');
  if (usernameKey === passwordKey) {
    throw mistake(
      'login.passwordKey',
      `${describe(passwordKey)}, as was login.usernameKey`,
      'give each a member of its own',
    );
  }
  return {
    authenticate: checkFunction(given.authenticate, 'login.authenticate').bind(value),
    usernameKey,
    passwordKey,
    respond: optional(given.respond, 'login.respond', checkFunction)?.bind(value),
  };
}

export const LOGIN_DEFAULTS: Defaults<LoginOptions> = {
  authenticate: undefined,
  usernameKey: 'username',
  passwordKey: 'password',
  respond: undefined,
};
