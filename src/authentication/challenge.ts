import { type RefusalRow, REFUSALS, type TokenError } from '../errors/token.error.js';
import { InsufficientClaimsError, StaleTokenError } from '../errors/token-errors.js';

/** A `scope-token` (RFC 6749 section 3.3): printable ASCII except space, `"` and `\`. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** The value of `WWW-Authenticate` (RFC 6750 section 3). */
export function challenge(refusal: TokenError, scheme: string, realm: string | undefined): string {
  const row: RefusalRow = REFUSALS[refusal.code];
  const parameters = {
    realm,
    error: row.challenge?.error,
    error_description: row.challenge?.description,
    // RFC 9470 section 3. Without a required age, only a new login helps.
    max_age: refusal instanceof StaleTokenError ? String(refusal.required.maxAge ?? 0) : undefined,
    scope: refusal instanceof InsufficientClaimsError ? scopeNeeded(refusal) : undefined,
  };
  const written = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${quoted(value as string)}`);
  return [scheme, written.join(', ')].filter(Boolean).join(' ');
}

/** All words or none: with only some of them the client would get a token that is refused again. */
function scopeNeeded({ scope }: InsufficientClaimsError): string | undefined {
  const isWritable = scope.length > 0 && scope.every((word) => SCOPE_TOKEN.test(word));
  return isWritable ? scope.join(' ') : undefined;
}

/** RFC 9110 section 5.6.4. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
