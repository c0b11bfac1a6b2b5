import { checkMemberName, checkOneOf, checkString, optional } from '../common/checks.js';
import { describe, configError } from '../common/describe.js';
import type { Unchecked } from '../common/read-options.js';
import { type JwtExtendedResponses, resolveResponses } from './callbacks.js';
import type { ResolvedResponseOptions } from './resolved-options.js';

/** How refusals look. */
export function resolveResponseOptions(given: Unchecked<ResponseOptions>): ResolvedResponseOptions {
  const errorMessageKey = checkMemberName(given.errorMessageKey, 'errorMessageKey');
  return {
    errorMessageKey,
    errorCodeKey: optional(given.errorCodeKey, 'errorCodeKey', (value, name) => {
      const key = checkMemberName(value, name);
      if (key !== errorMessageKey) return key;
      throw configError(
        name,
        `${describe(key)}, as was errorMessageKey`,
        'give the code a member of its own',
      );
    }),
    statusProfile: checkOneOf(given.statusProfile, 'statusProfile', ['flask', 'rfc6750'] as const),
    realm: optional(given.realm, 'realm', checkRealm),
    callbacks: resolveResponses(given.responses),
  };
}

/** It is sent in `WWW-Authenticate`, where a line break would begin a header of its own. */
function checkRealm(value: unknown, name: string): string {
  const realm = checkString(value, name);
  if (/^[\x20-\x7e]+$/.test(realm)) return realm;
  throw configError(name, describe(realm), 'give printable ASCII characters, one at least');
}

/** How refusals look. */
export interface ResponseOptions {
  /**
   * The member of a refusal's body that holds its message. Flask: `JWT_ERROR_MESSAGE_KEY`.
   *
   * @default 'msg'
   */
  errorMessageKey?: string;
  /** Also puts the stable code (`TOKEN_EXPIRED`…) into the body, under this name. */
  errorCodeKey?: string;
  /**
   * `'flask'` answers a token that is not one with 422; `'rfc6750'` answers every bad token with 401.
   *
   * @default 'flask'
   */
  statusProfile?: 'flask' | 'rfc6750';
  /** The `realm` of `WWW-Authenticate` (RFC 9110 section 11.5). Flask-JWT: `JWT_DEFAULT_REALM`. */
  realm?: string;
  /** What refusals are answered with, in place of the defaults. */
  responses?: JwtExtendedResponses;
}
