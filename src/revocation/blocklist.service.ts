import { Inject, Injectable } from '@nestjs/common';
import type { Awaitable } from '../contracts/awaitable.js';
import type { SecurityEvents } from '../contracts/security-events.js';
import type { Token } from '../contracts/token.js';
import { type ErrorRenderer, rendering } from '../errors/token.error.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type { StoreGateway } from './store-gateway.js';
import type { CutOffs } from './cut-offs.js';
import { type RevocationLedger, sessionKey, tokenKey } from './revocation-ledger.js';
import { requireId, requireIdentity } from '../common/checks.js';
import type { SessionRegistry } from './session-registry.js';

/** What the service works with; injected as a property, so that a subclass has its constructor to itself. */
export const BLOCKLIST_PARTS = Symbol('nestjs-jwt-extended:blocklist-parts');

export interface BlocklistParts {
  readonly access: StoreGateway;
  readonly ledger: RevocationLedger;
  readonly sessions: SessionRegistry;
  readonly reader: TokenReader;
  readonly cutOffs: CutOffs;
  readonly events: EventPublisher;
  readonly renderer: ErrorRenderer;
  readonly clock: () => Date;
  /** Seconds. */
  readonly leeway: number;
  /** How long any token lives that no one asked to live longer, in seconds; `Infinity` for ever. */
  readonly maxTokenLifetime: number;
}

/** What `revokeAllFor` takes. */
export interface RevokeAllOptions {
  /**
   * Tokens issued before this moment are revoked.
   *
   * @default now
   */
  issuedBefore?: Date;
}

/**
 * Ends tokens before their time. A revocation resolves only once the store has acknowledged it, so that a logout that
 * did not happen is never reported as one.
 *
 * Extend it and name your class as the module's `blocklistService` to keep revocations your own way. The module itself
 * calls `isRevoked`, `revoke` and `revokeSession`, the last of them when a refresh token is reused, too: an `isRevoked`
 * that does not ask `super` wants all three.
 *
 * @example
 * ```ts
 * @UseGuards(AccessGuard)
 * @Post('logout')
 * async logout(@CurrentToken() token: JwtContext) {
 *   await this.blocklist.revoke(token);
 * }
 * ```
 */
@Injectable()
export class BlocklistService {
  @Inject(BLOCKLIST_PARTS)
  private readonly parts!: BlocklistParts;

  /**
   * Revokes one token until it would have expired.
   *
   * @param token - an encoded token, or what a guard or `decodeToken` gave
   * @throws TypeError - when it is neither
   * @throws InvalidTokenError - when an encoded token is not one of ours, and for one of another issuer without a `jti`
   * @throws TokenCheckUnavailableError - when the store did not acknowledge it
   */
  async revoke(token: string | Token): Promise<void> {
    const { jti, identity } = await this.#rendering(() => this.#revokeToken(token));
    this.#announce({ level: 'token', jti, identity });
  }

  /**
   * Takes the revocation of one token back; of a token that is not revoked, too. A refresh token that was spent stays
   * spent.
   *
   * @throws TokenCheckUnavailableError - when the store did not acknowledge it
   */
  async unrevoke(jti: string): Promise<void> {
    requireId(jti, 'unrevoke takes the jti of a token');
    await this.#rendering(() => this.parts.access.delete(tokenKey(jti)));
  }

  /**
   * Whether a token was revoked, by itself, with its session, with everything of its identity or with everything; or,
   * of a refresh token, spent so long ago that it counts as reused.
   *
   * @throws TokenCheckUnavailableError - when the store did not answer: silence is not "no"
   */
  async isRevoked(token: string | Token): Promise<boolean> {
    const { is } = await this.#rendering(async () =>
      this.parts.ledger.statusOf(await this.#verified(token)),
    );
    return is === 'revoked' || is === 'reused';
  }

  /**
   * Revokes every token of a session (`sid`), those that are yet to be made of it included.
   *
   * @throws TokenCheckUnavailableError - when the store did not acknowledge it
   *
   * @example
   * ```ts
   * if (token.sessionId) await blocklist.revokeSession(token.sessionId);
   * ```
   */
  async revokeSession(sessionId: string): Promise<void> {
    requireId(sessionId, 'revokeSession takes the id of a session');
    await this.#rendering(() => this.#endSession(sessionId));
    this.#announce({ level: 'session', sessionId });
  }

  /**
   * Revokes everything that was issued to an identity before a moment: log out everywhere. Tokens that are issued
   * after the call has resolved work at once.
   *
   * `iat` counts whole seconds, so everything that was issued in the second of the moment is revoked too, and the call
   * resolves when that second is over: at most a second later. In tests, `TestClock` moves itself to the next second. If
   * any other `clock` stands still, the call resolves after at most a second, and what is issued then is refused until
   * you move that clock to the next second.
   *
   * @throws TypeError - for no identity, or a moment that is no `Date`
   * @throws RangeError - for a moment to come, which would revoke what is not issued yet, and for one before 1970
   * @throws TokenCheckUnavailableError - when the store did not acknowledge it
   *
   * @example
   * ```ts
   * await blocklist.revokeAllFor('alice');
   * ```
   */
  async revokeAllFor(identity: string, { issuedBefore }: RevokeAllOptions = {}): Promise<void> {
    requireIdentity(identity, 'revokeAllFor takes an identity');
    const { cutOffs } = this.parts;
    const moment = await this.#rendering(async () => {
      if (issuedBefore === undefined) return cutOffs.revokeNow(identity);
      await cutOffs.revokeBefore(identity, issuedBefore);
      return issuedBefore;
    });
    this.#announce({ level: 'identity', identity, issuedBefore: moment });
  }

  /**
   * Revokes everything that was issued before a moment, whoever it belongs to: after a breach, say.
   *
   * @throws TypeError, RangeError, TokenCheckUnavailableError - as {@link BlocklistService.revokeAllFor}
   *
   * @example
   * ```ts
   * await blocklist.revokeAllIssuedBefore(new Date());
   * ```
   */
  async revokeAllIssuedBefore(moment: Date): Promise<void> {
    if (!(moment instanceof Date)) throw new TypeError('revokeAllIssuedBefore takes a Date');
    await this.#rendering(() => this.parts.cutOffs.revokeBefore(undefined, moment));
    this.#announce({ level: 'all', issuedBefore: moment });
  }

  async #revokeToken(given: string | Token): Promise<Token> {
    const token = await this.#verified(given);
    if (!token.jti) throw new InvalidTokenError('Missing claim: jti');
    const until = token.expiresAt ? this.#margin(token.expiresAt.getTime()) : null;
    await this.parts.access.add(tokenKey(token.jti), '1', until);
    return token;
  }

  /** Until the last of its tokens has expired: as long as any lives, or as long as one was made to live. */
  async #endSession(sessionId: string): Promise<void> {
    const { access, sessions, maxTokenLifetime, clock } = this.parts;
    const life = Math.max(
      clock().getTime() + maxTokenLifetime * 1000,
      (await sessions.lifeOf(sessionId)) * 1000,
    );
    await access.add(sessionKey(sessionId), '1', this.#margin(life));
  }

  #margin(milliseconds: number): Date | null {
    const until = new Date(milliseconds + this.parts.leeway * 1000);
    return Number.isNaN(until.getTime()) ? null : until;
  }

  #verified(token: unknown): Promise<Token> {
    return this.parts.reader.readGiven(token, { allowExpired: true });
  }

  #announce(event: SecurityEvents['revoked']): void {
    this.parts.events.publish('revoked', event);
  }

  #rendering<T>(work: () => Awaitable<T>): Promise<T> {
    return rendering(this.parts.renderer, work);
  }
}
