import { Inject, Injectable } from '@nestjs/common';
import { requireId, requireIdentity } from '../common/checks.js';
import type { Awaitable } from '../contracts/awaitable.js';
import type { Token } from '../contracts/token.js';
import { type ErrorRenderer, rendering } from '../errors/token.error.js';
import { InvalidTokenError } from '../errors/token-errors.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import type { TokenReader } from '../tokens/token-reader.js';
import type { CutOffs } from './cut-offs.js';
import { entryKey, type RevocationLedger } from './revocation-ledger.js';
import type { SessionRegistry } from './session-registry.js';
import type { StoreGateway } from './store-gateway.js';

/** What the service works with. It is injected as a property, so that a subclass need not pass it to the constructor. */
export const BLOCKLIST_PARTS = Symbol('nestjs-jwt-extended:blocklist-parts');

export interface BlocklistParts {
  readonly store: StoreGateway;
  readonly ledger: RevocationLedger;
  readonly sessions: SessionRegistry;
  readonly reader: TokenReader;
  readonly cutOffs: CutOffs;
  readonly events: EventPublisher;
  readonly renderer: ErrorRenderer;
  readonly clock: () => Date;
  /** Seconds. */
  readonly leeway: number;
  /** The longest lifetime that the options give a token, in seconds; `Infinity` if such a token never expires. */
  readonly maxTokenLifetime: number;
}

/** Options of `revokeAllFor`. */
export interface RevokeAllOptions {
  /** Tokens issued before this moment are revoked. @default now */
  issuedBefore?: Date;
}

/**
 * Revokes tokens before they expire. A call resolves only after the store has acknowledged the revocation, so a logout
 * that resolves has happened.
 *
 * To keep revocations in your own way, extend this class and give yours as the module's `blocklistService`. The module
 * calls `isRevoked`, `revoke` and `revokeSession` (this one also when a refresh token is reused): if your `isRevoked`
 * does not call `super`, override all three.
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
   * @throws TypeError - for anything else
   * @throws InvalidTokenError - for an encoded token that is invalid, and for a foreign token without a `jti`
   * @throws TokenCheckUnavailableError - if the store does not acknowledge the revocation
   */
  async revoke(token: string | Token): Promise<void> {
    const { jti, identity } = await this.#rendering(async () => {
      const verified = await this.#verified(token);
      if (!verified.jti) throw new InvalidTokenError('Missing claim: jti');
      const end = verified.expiresAt?.getTime() ?? Infinity;
      await this.parts.store.add(entryKey('jti', verified.jti), '1', this.#withLeeway(end));
      return verified;
    });
    this.parts.events.publish('revoked', { level: 'token', jti, identity });
  }

  /**
   * Takes the revocation of one token back; if the token is not revoked, nothing happens. A refresh token that was
   * rotated cannot be used again.
   *
   * @throws TypeError - for anything but text
   * @throws TokenCheckUnavailableError - if the store does not acknowledge it
   */
  async unrevoke(jti: string): Promise<void> {
    requireId(jti, 'unrevoke takes the jti of a token');
    await this.#rendering(() => this.parts.store.delete(entryKey('jti', jti)));
  }

  /**
   * Whether a token is revoked: by itself, with its session, with all tokens of its identity, or with all tokens. A
   * refresh token that was rotated longer ago than the grace, or whose successor was rotated, counts as revoked too.
   *
   * @throws TypeError, InvalidTokenError - as {@link BlocklistService.revoke}
   * @throws TokenCheckUnavailableError - if the store does not answer
   */
  async isRevoked(token: string | Token): Promise<boolean> {
    const { is } = await this.#rendering(async () =>
      this.parts.ledger.statusOf(await this.#verified(token)),
    );
    return is === 'revoked' || is === 'reused';
  }

  /**
   * Revokes every token of a session (`sid`), including tokens that are made for this session later.
   *
   * @throws TypeError - for anything but text
   * @throws TokenCheckUnavailableError - if the store does not acknowledge the revocation
   *
   * @example
   * ```ts
   * if (token.sessionId) await blocklist.revokeSession(token.sessionId);
   * ```
   */
  async revokeSession(sessionId: string): Promise<void> {
    requireId(sessionId, 'revokeSession takes the id of a session');
    const { store, sessions, maxTokenLifetime, clock, events } = this.parts;
    await this.#rendering(async () => {
      // The last token of the session may have been made to live longer than usual.
      const life = (await sessions.lifeOf(sessionId)) * 1000;
      const end = Math.max(clock().getTime() + maxTokenLifetime * 1000, life);
      await store.add(entryKey('sid', sessionId), '1', this.#withLeeway(end));
    });
    events.publish('revoked', { level: 'session', sessionId });
  }

  /**
   * Revokes everything that was issued to an identity before a moment: log out everywhere. Tokens that are issued
   * after the call has resolved work at once.
   *
   * `iat` counts whole seconds, so everything that was issued in the second of the moment is revoked too, and the call
   * resolves when that second is over: at most a second later. In tests, `TestClock` moves itself to the next second; move
   * any other `clock` that stands still yourself, or what is issued afterwards is refused.
   *
   * @throws TypeError - if there is no identity, or `issuedBefore` is not a valid `Date`
   * @throws RangeError - for a moment in the future, or before 1970
   * @throws TokenCheckUnavailableError - if the store does not acknowledge the revocation
   */
  async revokeAllFor(identity: string, { issuedBefore }: RevokeAllOptions = {}): Promise<void> {
    requireIdentity(identity, 'revokeAllFor takes an identity');
    const { cutOffs, events } = this.parts;
    const moment = await this.#rendering(async () => {
      if (issuedBefore === undefined) return cutOffs.revokeNow(identity);
      await cutOffs.revokeBefore(identity, issuedBefore);
      return issuedBefore;
    });
    events.publish('revoked', { level: 'identity', identity, issuedBefore: moment });
  }

  /**
   * Revokes everything that was issued to any identity before a moment: after a breach, for example. It resolves as
   * {@link BlocklistService.revokeAllFor} does.
   *
   * @throws TypeError, RangeError, TokenCheckUnavailableError - as {@link BlocklistService.revokeAllFor}
   */
  async revokeAllIssuedBefore(moment: Date): Promise<void> {
    if (!(moment instanceof Date)) throw new TypeError('revokeAllIssuedBefore takes a Date');
    await this.#rendering(() => this.parts.cutOffs.revokeBefore(undefined, moment));
    this.parts.events.publish('revoked', { level: 'all', issuedBefore: moment });
  }

  /** @returns `null` - for a moment that no date can hold: the entry is kept for ever */
  #withLeeway(milliseconds: number): Date | null {
    const until = new Date(milliseconds + this.parts.leeway * 1000);
    return Number.isNaN(until.getTime()) ? null : until;
  }

  #verified(token: unknown): Promise<Token> {
    return this.parts.reader.readGiven(token, { allowExpired: true });
  }

  #rendering<T>(work: () => Awaitable<T>): Promise<T> {
    return rendering(this.parts.renderer, work);
  }
}
