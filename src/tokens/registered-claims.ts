import { createHash, timingSafeEqual } from 'node:crypto';
import type { Claims, TokenType } from '../contracts/token.js';
import { CsrfError, InvalidTokenError } from '../errors/token-errors.js';
import type { ResolvedTokenOptions } from '../options/token-options.js';

/** 9999-12-31T23:59:59Z: a larger number is milliseconds, or a mistake. */
const LAST_SECOND = 253_402_300_799;
const LONGEST_ID = 256;

/**
 * The registered claims (RFC 7519 section 4.1), in the order in which they are told; only the expiry is left to
 * `isExpired`, since an expired token that is also otherwise wrong answers for what is wrong with it.
 *
 * @param now - seconds since the epoch
 */
export function checkRegisteredClaims(
  claims: Claims,
  options: ResolvedTokenOptions,
  now: number,
): void {
  const latest = now + options.leeway;
  if (instant(claims, 'nbf', 'Not Before claim (nbf) must be an integer.') > latest) {
    throw new InvalidTokenError('The token is not yet valid (nbf)');
  }
  // Of `iat` the second counts, as it does to PyJWT: a token is minted within it.
  if (Math.floor(instant(claims, 'iat', 'Issued At claim (iat) must be an integer.')) > latest) {
    throw new InvalidTokenError('The token is not yet valid (iat)');
  }
  instant(claims, 'exp', 'Expiration Time claim (exp) must be an integer.');
  if (options.decodeIssuer) checkIssuer(claims.iss, options.decodeIssuer);
  if (options.decodeAudience) checkAudience(claims.aud, options.decodeAudience);
  for (const name of options.requiredClaims) checkPresent(claims, name);
  if (options.verifySub && Object.hasOwn(claims, 'sub')) checkSubject(claims.sub);
  checkTokenId(claims, options.acceptForeignTokens);
  checkSessionId(claims.sid);
  checkIdentity(claims, options.identityClaim);
}

/** Whether it can be the id of a token or of a session. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_ID;
}

/** `exp` equal to now has passed (RFC 7519 section 4.1.4). */
export function isExpired(claims: Claims, leeway: number, now: number): boolean {
  return typeof claims.exp === 'number' && claims.exp <= now - leeway;
}

/** The type of a token; a foreign one counts as an access token where that is allowed. */
export function typeOf(claims: Claims, acceptForeignTokens: boolean): TokenType {
  if (claims.type === 'access' || claims.type === 'refresh') return claims.type;
  if (acceptForeignTokens) return 'access';
  throw new InvalidTokenError('Missing or invalid claim: type');
}

/** `fresh` is `true`, or the second until which the token is fresh; whatever else it may be is not. */
export function isFresh(claims: Claims, now: number): boolean {
  const fresh = claims.fresh;
  return fresh === true || (typeof fresh === 'number' && Number.isFinite(fresh) && fresh > now);
}

/** The claim's NumericDate, or 0 where it is absent. */
function instant(claims: Claims, name: 'nbf' | 'iat' | 'exp', fault: string): number {
  if (!Object.hasOwn(claims, name)) return 0;
  const value = claims[name];
  if (typeof value === 'number' && value >= 0 && value <= LAST_SECOND) return value;
  throw new InvalidTokenError(fault);
}

function checkIssuer(iss: unknown, allowed: readonly string[]): void {
  if (iss === undefined) throw new InvalidTokenError('Token is missing the "iss" claim');
  if (typeof iss !== 'string') throw new InvalidTokenError('Payload Issuer (iss) must be a string');
  if (!allowed.includes(iss)) throw new InvalidTokenError('Invalid issuer');
}

function checkAudience(aud: unknown, allowed: readonly string[]): void {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : aud ? [aud] : [];
  if (audiences.length === 0) throw new InvalidTokenError('Token is missing the "aud" claim');
  if (!audiences.every((audience) => typeof audience === 'string')) {
    throw new InvalidTokenError('Invalid claim format in token');
  }
  if (!audiences.some((audience) => allowed.includes(audience))) {
    throw new InvalidTokenError("Audience doesn't match");
  }
}

function checkPresent(claims: Claims, name: string): void {
  if (!Object.hasOwn(claims, name) || claims[name] === null) {
    throw new InvalidTokenError(`Token is missing the "${name}" claim`);
  }
}

function checkSubject(sub: unknown): void {
  if (typeof sub !== 'string' || sub === '')
    throw new InvalidTokenError('Subject must be a string');
}

/** Without an id a token could not be revoked. */
function checkTokenId(claims: Claims, acceptForeignTokens: boolean): void {
  if (Object.hasOwn(claims, 'jti') && typeof claims.jti !== 'string') {
    throw new InvalidTokenError('JWT ID must be a string');
  }
  const jti = claims.jti as string | undefined;
  if (!jti && !acceptForeignTokens) throw new InvalidTokenError('Missing claim: jti');
  if (jti && !isId(jti)) throw new InvalidTokenError('Invalid claim format in token');
}

function checkSessionId(sid: unknown): void {
  if (sid !== undefined && !isId(sid)) throw new InvalidTokenError('Invalid claim format in token');
}

function checkIdentity(claims: Claims, name: string): void {
  if (!Object.hasOwn(claims, name) || claims[name] === '') {
    throw new InvalidTokenError(`Missing claim: ${name}`);
  }
}

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
