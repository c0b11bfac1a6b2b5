import type { Claims, Token } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import { RESERVED_CLAIMS } from '../options/token-options.js';
import type { ResolvedTokenOptions } from '../options/token-options.js';
import { subjectOf } from '../tokens/loaders.js';
import type { MintedToken, TokenRequest } from '../tokens/token-request.js';
import type { TokenKeys } from '../tokens/token-keys.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type { RotationParts } from './refresh-rotation.js';
import { beginningOf, endOf } from './session-registry.js';

interface RenewalParts extends Omit<RotationParts, 'store' | 'ledger' | 'clock' | 'leeway'> {
  readonly reader: TokenReader;
  readonly keys: TokenKeys;
  readonly options: ResolvedTokenOptions;
  /** How long before its end a token is renewed, in seconds; `undefined` for half of its lifetime. */
  readonly within: number | undefined;
  /** The longest lifetime that the options give a token, in seconds; `Infinity` if such a token never expires. */
  readonly maxTokenLifetime: number;
}

/** Continues a session with a new access token shortly before the old one expires, without a refresh token. */
export class AccessRenewal {
  constructor(private readonly parts: RenewalParts) {}

  /** Whether a token is near enough to its end, and may be followed by one that ends later. */
  isDue(token: Token): boolean {
    return this.#newLifetime(token) !== undefined;
  }

  /**
   * Mints a token for the same login and with the same lifetime as the old one. The revocation check comes last, so that
   * a user who is logged out meanwhile stays logged out.
   *
   * @param user - what the `userLookup` loader gave
   * @returns the token and its csrf value; `undefined` if the old one is not due, not this module's own, or revoked
   * @throws TokenError - if the mint, the store or a loader fails
   */
  async renew(
    token: Token,
    user: unknown,
    request: unknown,
  ): Promise<(MintedToken & { readonly csrf: string }) | undefined> {
    const { mint, check, sessions, loaders, events, maxTokenLifetime } = this.parts;
    const lifetime = this.#newLifetime(token);
    if (lifetime === undefined || !(await this.#isOurs(token, request))) return undefined;
    const { csrf } = token.claims;
    // The csrf value stays the same: a page that was rendered before can still send its forms.
    const reuseIds = { ...mint.newIds(), ...(typeof csrf === 'string' && { csrf }) };
    const wanted = { ...this.#requestFor(token, lifetime), reuseIds, request };
    const renewed = await mint.mint(subjectOf(loaders, token, user), wanted);
    if (lifetime > maxTokenLifetime) await sessions.extendExpiry(renewed);
    if (token.sessionId !== undefined) await sessions.touch(renewed);
    if (!(await check.isActive(token, request))) return undefined;
    const { type, identity, jti, sessionId } = renewed;
    events.publish('minted', { type, identity, jti, sessionId });
    return { ...renewed, csrf: reuseIds.csrf };
  }

  /** How long the new token is to live, in seconds; `undefined` if the old one is not due, or the session ends with it. */
  #newLifetime(token: Token): number | undefined {
    const { mint, within, sessionLifetime } = this.parts;
    const { exp, iat } = token.claims;
    if (typeof exp !== 'number' || typeof iat !== 'number' || token.jti === '') return undefined;
    const now = mint.now();
    const lifetime = Math.floor(exp) - Math.floor(iat);
    if (lifetime < 1 || exp - now > (within ?? lifetime / 2)) return undefined;
    const end = Math.min(now + lifetime, endOf(token, sessionLifetime) ?? Infinity);
    return end > exp ? lifetime : undefined;
  }

  /** Whether this module made the token: the guard of another module, or another issuer's key, may have let it in. */
  async #isOurs(token: Token, request: unknown): Promise<boolean> {
    const { options, keys, reader } = this.parts;
    const { type, iss } = token.claims;
    if (type !== 'access' || iss !== options.encodeIssuer || keys.isRemote(token.header))
      return false;
    try {
      await reader.read(token.encoded, { request, isRepeated: true, allowExpired: true });
      return true;
    } catch (error) {
      if (error instanceof InvalidTokenError) return false;
      throw error;
    }
  }

  #requestFor(token: Token, lifetime: number): TokenRequest {
    const { loaders, sessionLifetime } = this.parts;
    return {
      type: 'access',
      identity: token.identity,
      sessionId: token.sessionId ?? token.jti,
      authTime: beginningOf(token),
      expiresIn: lifetime,
      expiresBy: endOf(token, sessionLifetime),
      fresh: freshnessLeft(token.claims),
      // If there is a loader, the mint asks it for the claims of today, so that a right that was taken away is gone.
      ...(!loaders.has('additionalClaims') && {
        additionalClaims: this.#customClaims(token.claims),
      }),
    };
  }

  #customClaims(claims: Claims): object {
    const { userClaimsKey, identityClaim } = this.parts.options;
    if (userClaimsKey) return { ...(claims[userClaimsKey] as object | undefined) };
    const custom = Object.entries(claims).filter(
      ([name]) => !RESERVED_CLAIMS.has(name) && name !== identityClaim,
    );
    return Object.fromEntries(custom);
  }
}

/** The new token is fresh for as long as the old one would have been. */
function freshnessLeft({ fresh, exp }: Claims): Date | false {
  const until = fresh === true ? exp : fresh;
  return typeof until === 'number' && Number.isFinite(until) ? new Date(until * 1000) : false;
}
