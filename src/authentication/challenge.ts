import type { TokenError, TokenErrorCode } from '../errors/token.error.js';
import { InsufficientClaimsError, StaleTokenError } from '../errors/token-errors.js';

interface Challenge {
  /** RFC 6750 section 3.1 and RFC 9470 section 3; absent where no credentials were presented. */
  readonly error?: string;
  readonly description?: string;
}

/** A `scope-token` (RFC 6749 section 3.3): printable ASCII save blank, `"` and `\`. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Fixed texts: nothing that a token, a loader or the client said comes into a header. */
const CHALLENGES = {
  TOKEN_MISSING: {},
  CSRF_FAILED: { error: 'invalid_request', description: 'The CSRF token is missing or wrong' },
  CREDENTIALS_INVALID: {},
  TOKEN_INVALID: { error: 'invalid_token', description: 'The token is not valid' },
  TOKEN_WRONG_TYPE: { error: 'invalid_token', description: 'The token is of the wrong type' },
  TOKEN_EXPIRED: { error: 'invalid_token', description: 'The token has expired' },
  TOKEN_NOT_FRESH: {
    error: 'insufficient_user_authentication',
    description: 'More recent authentication is required',
  },
  TOKEN_REVOKED: { error: 'invalid_token', description: 'The token has been revoked' },
  TOKEN_REUSED: { error: 'invalid_token', description: 'The token has been revoked' },
  TOKEN_REJECTED: { error: 'invalid_token', description: 'The token was not accepted' },
  USER_NOT_FOUND: { error: 'invalid_token', description: 'The user was not found' },
  CLAIMS_INSUFFICIENT: { error: 'insufficient_scope', description: 'The token does not suffice' },
  CHECK_UNAVAILABLE: { error: 'invalid_request', description: 'The token could not be checked' },
} as const satisfies Record<TokenErrorCode, Challenge>;

/** The value of `WWW-Authenticate` (RFC 6750 section 3). */
export function challenge(refusal: TokenError, scheme: string, realm: string | undefined): string {
  const { error, description }: Challenge = CHALLENGES[refusal.code];
  const parameters = {
    realm,
    error,
    error_description: description,
    // RFC 9470 section 3; where no age was asked for, only a new login will do.
    max_age: refusal instanceof StaleTokenError ? String(refusal.required.maxAge ?? 0) : undefined,
    scope: refusal instanceof InsufficientClaimsError ? scopeNeeded(refusal) : undefined,
  };
  const written = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${quoted(value as string)}`);
  return [scheme, written.join(', ')].filter(Boolean).join(' ');
}

/** All of it or nothing: part of a scope would send the client for a token that is refused again. */
function scopeNeeded({ scope }: InsufficientClaimsError): string | undefined {
  const isTold = scope.length > 0 && scope.every((word) => SCOPE_TOKEN.test(word));
  return isTold ? scope.join(' ') : undefined;
}

/** RFC 9110 section 5.6.4. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
