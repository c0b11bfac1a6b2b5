import { checkMemberName, matching, oneOf } from '../common/checks.js';
import { configError, describe } from '../common/describe.js';
import type { Rows, Values } from '../common/read-options.js';
import { type JwtExtendedResponses, readResponses } from './callbacks.js';

/** How a refusal is answered. */
export interface ResponseOptions {
  /** The member of a refusal's body that holds its message. Flask: `JWT_ERROR_MESSAGE_KEY`. @default 'msg' */
  errorMessageKey?: string;
  /** Also puts the stable code (`TOKEN_EXPIRED`…) into the body, under this name. */
  errorCodeKey?: string;
  /** `'flask'` answers an invalid token with 422, `'rfc6750'` with 401. @default 'flask' */
  statusProfile?: 'flask' | 'rfc6750';
  /** The `realm` of `WWW-Authenticate` (RFC 9110 section 11.5). Flask-JWT: `JWT_DEFAULT_REALM`. */
  realm?: string;
  /** Functions that answer refusals instead of the defaults. */
  responses?: JwtExtendedResponses;
}

export const RESPONSE_ROWS = {
  errorMessageKey: [checkMemberName, 'msg'],
  errorCodeKey: [checkMemberName],
  statusProfile: [oneOf('flask', 'rfc6750'), 'flask'],
  // In `WWW-Authenticate` a line break would begin another header.
  realm: [matching(/^[\x20-\x7e]+$/, 'give printable ASCII characters, one at least')],
  responses: [readResponses, {}],
} satisfies Rows<ResponseOptions>;

type ResponseValues = Values<typeof RESPONSE_ROWS>;

export interface ResolvedResponseOptions extends Omit<ResponseValues, 'responses'> {
  readonly callbacks: Readonly<JwtExtendedResponses>;
}

/** @throws JwtExtendedConfigError - if code and message share a member */
export function resolveResponseOptions(given: ResponseValues): ResolvedResponseOptions {
  const { errorMessageKey, errorCodeKey, statusProfile, realm, responses } = given;
  if (errorCodeKey === errorMessageKey) {
    const twin = `${describe(errorCodeKey)}, as was errorMessageKey`;
    throw configError('errorCodeKey', twin, 'give the code a member of its own');
  }
  return { errorMessageKey, errorCodeKey, statusProfile, realm, callbacks: responses };
}
