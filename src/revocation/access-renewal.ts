import type { Claims, Token } from '../contracts/token.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import { RESERVED_CLAIMS } from '../options/token-options.js';
import type { ResolvedTokenOptions } from '../options/token-options.js';
import { type LoaderCalls, subjectOf } from '../tokens/loaders.js';
import type { MintedToken, TokenIds, TokenRequest } from '../tokens/token-request.js';
import type { TokenKeys } from '../tokens/token-keys.js';
import type { TokenMint } from '../tokens/token-mint.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type { RevocationCheck } from './revocation-check.js';
import type { SessionRegistry } from './session-registry.js';
import { beginningOf, endOf } from './stored-records.js';

/** What a renewal works with. */
export interface RenewalParts {
  readonly mint: TokenMint;
  readonly reader: TokenReader;
  readonly keys: TokenKeys;
  readonly check: RevocationCheck;
  readonly sessions: SessionRegistry;
  readonly loaders: LoaderCalls;
  readonly events: EventPublisher;
  readonly options: ResolvedTokenOptions;
  /** How long before its end a token is renewed, in seconds; `undefined` for half of its life. */
  readonly within: number | undefined;
  /** How long a session may last from its login, in seconds. */
  readonly sessionLifetime: number | undefined;
  /** How long any token lives that no one asked to live longer, in seconds; `Infinity` for ever. */
  readonly maxTokenLifetime: number;
}

/** A token in the place of another, and the csrf value that both have. */
export interface RenewedToken extends MintedToken {
  readonly csrf: string;
}

/** Lets a session go on with a new access token shortly before the old one expires, without a refresh token. */
export class AccessRenewal {
  constructor(private readonly parts: RenewalParts) {}

  /** Whether a token is near enough to its end, and can be given a later one. */
  isDue(token: Token): boolean {
    return this.#livesAnew(token) !== undefined;
  }

  /**
   * A token that stands for the same login, and lives as long as the old one did. Whether that may go on is asked last,
   * so that whoever is logged out while it is made stays logged out.
   *
   * @param user - what the `userLookup` loader gave
   * @returns `undefined` for a token that is not due, is not this module's own, or was revoked
   * @throws TokenError - what the mint, the store or a loader had to say
   */
  async renew(token: Token, user: unknown, request: unknown): Promise<RenewedToken | undefined> {
    const { mint, check, sessions, loaders, events, maxTokenLifetime } = this.parts;
    const life = this.#livesAnew(token);
    if (life === undefined || !(await this.#isOurs(token, request))) return undefined;
    const now = mint.now();
    const reuseIds = this.#newIds(token);
    const wanted = { ...this.#wanted(token, life), reuseIds, request };
    const renewed = await mint.mint(subjectOf(loaders, token, user), wanted, now);
    if (life > maxTokenLifetime) await sessions.extendExpiry(renewed);
    if (token.sessionId !== undefined) await sessions.touch(renewed);
    if (!(await check.isActive(token, request))) return undefined;
    const { type, identity, jti, sessionId } = renewed;
    events.publish('minted', { type, identity, jti, sessionId });
    return { ...renewed, csrf: reuseIds.csrf };
  }

  /** Seconds that a new token is to live; `undefined` where the old one is not due, or the session has no longer to go. */
  #livesAnew(token: Token): number | undefined {
    const { mint, within } = this.parts;
    const { exp, iat } = token.claims;
    if (typeof exp !== 'number' || typeof iat !== 'number' || token.jti === '') return undefined;
    const now = mint.now();
    const life = Math.floor(exp) - Math.floor(iat);
    if (life < 1 || exp - now > (within ?? life / 2)) return undefined;
    const end = Math.min(now + life, endOf(token, this.parts.sessionLifetime) ?? Infinity);
    return end > exp ? life : undefined;
  }

  /** Another module's guard, or another issuer's key, may have let it in: what they end is not ours to prolong. */
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

  /** The csrf value stays: a page that was rendered before the renewal can still send its forms after it. */
  #newIds({ claims }: Token): TokenIds {
    const newIds = this.parts.mint.newIds();
    return typeof claims.csrf === 'string' ? { ...newIds, csrf: claims.csrf } : newIds;
  }

  #wanted(token: Token, life: number): TokenRequest {
    return {
      type: 'access',
      identity: token.identity,
      sessionId: token.sessionId ?? token.jti,
      authTime: beginningOf(token),
      expiresIn: life,
      expiresBy: endOf(token, this.parts.sessionLifetime),
      fresh: freshnessLeft(token.claims),
      // Where a loader says what the claims are, it is asked anew: a right that was taken away does not live on.
      ...(!this.parts.loaders.has('additionalClaims') && {
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

/** No token makes another fresher, or fresh for longer, than itself. */
function freshnessLeft({ fresh, exp }: Claims): Date | false {
  const until = fresh === true ? exp : fresh;
  return typeof until === 'number' && Number.isFinite(until) ? new Date(until * 1000) : false;
}
