import type { Token } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import { extendGrant, type Grant, grantedClaims } from '../tokens/grant.js';
import { subjectOf } from '../tokens/loaders.js';
import { isExpired } from '../tokens/registered-claims.js';
import { endOfSessionOf, loginOf, sessionIdOf } from '../tokens/session.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type { RotationParts } from './refresh-rotation.js';

interface RenewalParts extends Omit<RotationParts, 'store' | 'ledger' | 'clock'> {
  readonly reader: TokenReader;
  /** How long before its end a token is renewed, in seconds; `undefined` for half of its lifetime. */
  readonly within: number | undefined;
}

/** Continues a session with a new access token shortly before the old one expires, without a refresh token. */
export class AccessRenewal {
  constructor(private readonly parts: RenewalParts) {}

  /** Whether a token is near enough to its end, and may be followed by one that ends later. */
  isDue(token: Token): boolean {
    return this.#newLifetime(token) !== undefined;
  }

  /**
   * Mints a token for the same login. The revocation check comes last, so that a user who is logged out meanwhile stays
   * logged out.
   *
   * @param user - what the `userLookup` loader gave
   * @returns the token; `undefined` if the old one is not due, not this module's own, or revoked
   * @throws TokenError - if the mint, the store or a loader fails
   */
  async renew(token: Token, user: unknown, request: unknown): Promise<Token | undefined> {
    const { mint, check, sessions, loaders, events, tokenOptions, sessionLifetime } = this.parts;
    const lifetime = this.#newLifetime(token);
    if (lifetime === undefined || !(await this.#isOurs(token, request))) return undefined;
    const { csrf } = token.claims;
    const grant = token.claims.grant as Grant;
    const renewed = await mint.mint(subjectOf(loaders, token, user), {
      type: 'access',
      identity: token.identity,
      sessionId: sessionIdOf(token),
      authTime: loginOf(token),
      expiresIn: lifetime,
      expiresBy: endOfSessionOf(token, sessionLifetime),
      fresh: freshnessLeft(token),
      additionalClaims: grantedClaims(token.claims, grant, tokenOptions),
      grant: extendGrant(grant, {}),
      // The csrf value stays the same: a page that was rendered before can still send its forms.
      reuseIds: { ...mint.newIds(), ...(typeof csrf === 'string' && { csrf }) },
      request,
    });
    await sessions.requireLasting(renewed);
    await sessions.touch(renewed);
    if (!(await check.isActive(token, request))) return undefined;
    const { type, identity, jti, sessionId } = renewed;
    events.publish('minted', { type, identity, jti, sessionId });
    return renewed;
  }

  /**
   * How long the new token is to live, in seconds; `undefined` if the old one is not due, if the session ends with it, if
   * another issuer made it, or if it was not delivered in a cookie: a thief may have put a token of another location there.
   */
  #newLifetime(token: Token): number | undefined {
    if (token.issuer !== undefined) return undefined;
    const { mint, within, sessionLifetime, tokenOptions } = this.parts;
    const { exp, grant } = token.claims;
    const { cookie, access = tokenOptions.expires.access } = (grant ?? {}) as Grant;
    if (!cookie || sessionLifetime === undefined || token.sessionId === undefined) return undefined;
    if (typeof exp !== 'number' || access === false || access < 1) return undefined;
    const now = mint.now();
    // A route may let an expired token in; its session has ended all the same.
    if (isExpired(token.claims, tokenOptions.leeway, now)) return undefined;
    if (exp - now > (within ?? access / 2)) return undefined;
    return Math.min(now + access, endOfSessionOf(token, sessionLifetime)) > exp
      ? access
      : undefined;
  }

  /** Whether this module made the token: the guard of another module may have let it in. */
  async #isOurs(token: Token, request: unknown): Promise<boolean> {
    const { reader, tokenOptions } = this.parts;
    const { type, iss } = token.claims;
    if (type !== 'access' || iss !== tokenOptions.encodeIssuer) return false;
    try {
      await reader.read(token.encoded, { request, allowExpired: true });
      return true;
    } catch (error) {
      if (error instanceof InvalidTokenError) return false;
      throw error;
    }
  }
}

/** The new token is fresh for as long as the old one would have been. */
function freshnessLeft({ claims: { fresh, exp } }: Token): Date | false {
  const until = fresh === true ? exp : fresh;
  return typeof until === 'number' && Number.isFinite(until) ? new Date(until * 1000) : false;
}
