import { timingSafeEqual } from 'node:crypto';
import type { Claims, TokenType } from '../contracts/token.js';
import { CsrfError, InvalidTokenError } from '../errors/token-errors.js';
import type { ResolvedTokenOptions } from '../options/token-options.js';

/** 9999-12-31T23:59:59Z. A larger number is in milliseconds, or a mistake. */
const LAST_SECOND = 253_402_300_799;
const MAX_ID_LENGTH = 256;

/** The rules by which the claims of a token are checked: the module's own, or those for another issuer. */
export type ClaimRules = Pick<
  ResolvedTokenOptions,
  | 'leeway'
  | 'decodeIssuer'
  | 'decodeAudience'
  | 'requiredClaims'
  | 'verifySub'
  | 'acceptForeignTokens'
  | 'identityClaim'
>;

/**
 * Checks the registered claims (RFC 7519 section 4.1). The expiry has a check of its own, {@link isExpired}, which comes
 * last: a token that is expired and wrong in another way is refused for the other reason.
 *
 * @param now - seconds since the epoch
 */
export function checkRegisteredClaims(claims: Claims, options: ClaimRules, now: number): void {
  const latest = now + options.leeway;
  if (instant(claims, 'nbf', 'Not Before claim (nbf) must be an integer.') > latest)
    throw new InvalidTokenError('The token is not yet valid (nbf)');
  // Fractions of `iat` do not count, as in PyJWT: a token may be read in the second in which it was made.
  if (Math.floor(instant(claims, 'iat', 'Issued At claim (iat) must be an integer.')) > latest)
    throw new InvalidTokenError('The token is not yet valid (iat)');
  instant(claims, 'exp', 'Expiration Time claim (exp) must be an integer.');
  if (options.decodeIssuer) checkIssuer(claims.iss, options.decodeIssuer);
  if (options.decodeAudience) checkAudience(claims.aud, options.decodeAudience);
  for (const name of options.requiredClaims)
    if (!Object.hasOwn(claims, name) || claims[name] === null)
      throw new InvalidTokenError(`Token is missing the "${name}" claim`);
  checkIds(claims, options);
}

/** The latest moment that the claims say a token begins at, in seconds since the epoch; 0 if they do not say. */
export function startOf({ nbf, iat }: Claims): number {
  return Math.max(typeof nbf === 'number' ? nbf : 0, typeof iat === 'number' ? Math.floor(iat) : 0);
}

/** Whether a value can be the id of a token or of a session. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH;
}

/** A token expires at the very second of its `exp` (RFC 7519 section 4.1.4). */
export function isExpired(claims: Claims, leeway: number, now: number): boolean {
  return typeof claims.exp === 'number' && claims.exp <= now - leeway;
}

/** The type of a token. A foreign token without the claim counts as an access token if foreign tokens are accepted. */
export function typeOf(claims: Claims, acceptForeignTokens: boolean): TokenType {
  if (claims.type === 'access' || claims.type === 'refresh') return claims.type;
  if (acceptForeignTokens) return 'access';
  throw new InvalidTokenError('Missing or invalid claim: type');
}

/** `fresh` is `true`, or the second until which the token is fresh. With any other value the token is not fresh. */
export function isFresh({ fresh }: Claims, now: number): boolean {
  return fresh === true || (typeof fresh === 'number' && Number.isFinite(fresh) && fresh > now);
}

/** The claim's NumericDate; 0 if the claim is absent. */
function instant(claims: Claims, name: 'nbf' | 'iat' | 'exp', fault: string): number {
  if (!Object.hasOwn(claims, name)) return 0;
  const value = claims[name];
  if (typeof value === 'number' && value >= 0 && value <= LAST_SECOND) return value;
  throw new InvalidTokenError(fault);
}

export function checkIssuer(iss: unknown, allowed: readonly string[]): void {
  if (iss === undefined) throw new InvalidTokenError('Token is missing the "iss" claim');
  if (typeof iss !== 'string') throw new InvalidTokenError('Payload Issuer (iss) must be a string');
  if (!allowed.includes(iss)) throw new InvalidTokenError('Invalid issuer');
}

function checkAudience(aud: unknown, allowed: readonly string[]): void {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : aud ? [aud] : [];
  if (audiences.length === 0) throw new InvalidTokenError('Token is missing the "aud" claim');
  if (!audiences.every((audience) => typeof audience === 'string'))
    throw new InvalidTokenError('Invalid claim format in token');
  if (!audiences.some((audience) => allowed.includes(audience)))
    throw new InvalidTokenError("Audience doesn't match");
}

/** The subject, the ids of the token and its session, and the identity. A token without an id could not be revoked. */
function checkIds(claims: Claims, options: ClaimRules): void {
  const { verifySub, acceptForeignTokens, identityClaim } = options;
  const { sub, jti, sid } = claims;
  if (verifySub && Object.hasOwn(claims, 'sub') && (typeof sub !== 'string' || sub === ''))
    throw new InvalidTokenError('Subject must be a string');
  if (Object.hasOwn(claims, 'jti') && typeof jti !== 'string')
    throw new InvalidTokenError('JWT ID must be a string');
  if (!jti && !acceptForeignTokens) throw new InvalidTokenError('Missing claim: jti');
  if ((jti && !isId(jti)) || (sid !== undefined && !isId(sid)))
    throw new InvalidTokenError('Invalid claim format in token');
  if (!Object.hasOwn(claims, identityClaim) || claims[identityClaim] === '')
    throw new InvalidTokenError(`Missing claim: ${identityClaim}`);
}

export function csrfClaimOf(claims: Claims): string {
  if (typeof claims.csrf === 'string' && claims.csrf !== '') return claims.csrf;
  throw new InvalidTokenError('Missing claim: csrf');
}

/** Compares the value of the request with the signed claim, in constant time. */
export function requireCsrfMatch(claims: Claims, presented: unknown): void {
  const claim = csrfClaimOf(claims);
  if (typeof presented === 'string' && isSameText(claim, presented)) return;
  throw new CsrfError('CSRF double submit tokens do not match');
}

/** The length of a value that the browser shows to the page is no secret. */
function isSameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
