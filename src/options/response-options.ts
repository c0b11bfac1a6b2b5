import { checkMemberName, matching, oneOf } from '../common/checks.js';
import { configError, describe } from '../common/describe.js';
import type { Rows, Values } from '../common/read-options.js';
import { type JwtExtendedResponses, readResponses } from './callbacks.js';

/** How a refusal is answered. */
export interface ResponseOptions {
  /**
   * How a refusal is answered by default; response callbacks win.
   *
   * - `'flask'`: as Flask-JWT-Extended, with 422 for an invalid token and bodies `{ msg }`
   * - `'rfc6750'`: the same bodies, with 401 for every bad token (RFC 6750 section 3.1)
   * - `'nest'`: the statuses of `'rfc6750'`, with bodies as those of Nest's exceptions: `{ statusCode, message, error }`,
   *   where `error` is the stable code (`TOKEN_EXPIRED`…)
   *
   * @default 'flask'
   *
   * @example
   * ```ts
   * JwtExtendedModule.forRoot({ secret, profile: 'nest' });
   * // 401 { "statusCode": 401, "message": "Token has expired", "error": "TOKEN_EXPIRED" }
   * ```
   */
  profile?: 'flask' | 'rfc6750' | 'nest';
  /**
   * The member of a refusal's body that holds its message; not beside the profile `'nest'`. Flask:
   * `JWT_ERROR_MESSAGE_KEY`. @default 'msg'
   */
  errorMessageKey?: string;
  /** Also puts the stable code (`TOKEN_EXPIRED`…) into the body, under this name; not beside the profile `'nest'`. */
  errorCodeKey?: string;
  /** The `realm` of `WWW-Authenticate` (RFC 9110 section 11.5). Flask-JWT: `JWT_DEFAULT_REALM`. */
  realm?: string;
  /** Functions that answer refusals instead of the defaults. */
  responses?: JwtExtendedResponses;
}

export const RESPONSE_ROWS = {
  profile: [oneOf('flask', 'rfc6750', 'nest'), 'flask'],
  errorMessageKey: [checkMemberName],
  errorCodeKey: [checkMemberName],
  // In `WWW-Authenticate` a line break would begin another header.
  realm: [matching(/^[\x20-\x7e]+$/, 'give printable ASCII characters, one at least')],
  responses: [readResponses, {}],
} satisfies Rows<ResponseOptions>;

type ResponseValues = Values<typeof RESPONSE_ROWS>;

export interface ResolvedResponseOptions extends Omit<ResponseValues, 'responses'> {
  readonly errorMessageKey: string;
  readonly callbacks: Readonly<JwtExtendedResponses>;
}

/** @throws JwtExtendedConfigError - if code and message share a member, or are named beside the profile `'nest'` */
export function resolveResponseOptions(given: ResponseValues): ResolvedResponseOptions {
  const { profile, errorCodeKey, realm, responses } = given;
  if (profile === 'nest') refuseMemberNames(given);
  const { errorMessageKey = 'msg' } = given;
  if (errorCodeKey === errorMessageKey) {
    const twin = `${describe(errorCodeKey)}, as was errorMessageKey`;
    throw configError('errorCodeKey', twin, 'give the code a member of its own');
  }
  return { profile, errorMessageKey, errorCodeKey, realm, callbacks: responses };
}

/** The members of Nest's bodies have their names already. */
function refuseMemberNames(given: ResponseValues): void {
  for (const name of ['errorMessageKey', 'errorCodeKey'] as const) {
    if (given[name] === undefined) continue;
    const beside = `${describe(given[name])} beside profile 'nest', whose bodies are { statusCode, message, error }`;
    throw configError(name, beside, `leave out ${name}, or choose another profile`);
  }
}
