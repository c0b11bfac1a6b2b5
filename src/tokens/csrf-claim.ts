import { createHash, timingSafeEqual } from 'node:crypto';
import type { Claims } from '../contracts/token.js';
import { CsrfError, InvalidTokenError } from '../errors/token-errors.js';

/** The csrf value that a token was signed with. */
export function csrfClaimOf(claims: Claims): string {
  if (typeof claims.csrf === 'string' && claims.csrf !== '') return claims.csrf;
  throw new InvalidTokenError('Missing claim: csrf');
}

/** Compares what was presented with the signed claim, in a time that tells nothing of either. */
export function requireCsrfMatch(claims: Claims, presented: unknown): void {
  const claim = digest(csrfClaimOf(claims));
  if (typeof presented !== 'string' || !timingSafeEqual(claim, digest(presented))) {
    throw new CsrfError('CSRF double submit tokens do not match');
  }
}

/** `timingSafeEqual` wants equal lengths, which digests have and csrf values need not. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
