import { Inject, Injectable } from '@nestjs/common';
import { NAME_HINT } from '../common/describe.js';
import { refuseEncodedToken, requireId, requireIdentity } from '../common/checks.js';
import { checkCallOptions } from '../common/read-options.js';
import type { Awaitable } from '../contracts/awaitable.js';
import type { Token } from '../contracts/token.js';
import { type ErrorRenderer, rendering } from '../errors/token.error.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import { isId } from '../tokens/registered-claims.js';
import { sessionIdOf } from '../tokens/session.js';
import type { TokenReader } from '../tokens/token-reader.js';
import { isVerifiedToken, revocationIdOf } from '../tokens/verified-token.js';
import type { CutOffs } from './cut-offs.js';
import { dateOf, type RevocationLedger } from './revocation-ledger.js';
import type { SessionRegistry } from './session-registry.js';
import type { StoreGateway } from './store-gateway.js';
import { EVERYTHING_KEY, identityKey, prefixOf, tokenKey } from './store-keys.js';

/** What the service works with. It is injected as a property, so that a subclass need not pass it to the constructor. */
export const BLOCKLIST_PARTS = Symbol(`parts of BlocklistService${NAME_HINT}`);

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
  /** Whether every identity is a string. */
  readonly verifySub: boolean;
  /** The longest lifetime that the options give a token, in seconds; `Infinity` if such a token never expires. */
  readonly maxTokenLifetime: number;
}

/** The tenant that a call is about. */
export interface NamespaceOptions {
  /** The `namespace` that the loaders `encodeKey` and `decodeKey` give. @default none */
  namespace?: string;
}

/** Options of `revokeAllFor`. */
export interface RevokeAllOptions extends NamespaceOptions {
  /** Tokens issued before this moment are revoked. @default now */
  issuedBefore?: Date;
}

/**
 * Revokes tokens before they expire. A call resolves only after the store has acknowledged the revocation, so a logout
 * that resolves has happened.
 *
 * To keep revocations in your own way, extend this class and give yours as the module's `blocklistService`. The module
 * asks your `isRevoked` beside its own store: a token is revoked if either says so.
 *
 * @example
 * ```ts
 * @UseGuards(LogoutGuard)
 * @Post('logout')
 * async logout(@CurrentToken() token: JwtContext) {
 *   await this.blocklist.revokeSession(token);
 * }
 * ```
 */
@Injectable()
export class BlocklistService {
  @Inject(BLOCKLIST_PARTS)
  private readonly parts!: BlocklistParts;

  /**
   * Revokes one token until it would have expired: by its `jti`, or by a digest if it has none.
   *
   * @param token - an encoded token, or what a guard or `decodeToken` gave
   * @returns whether this call was the first to revoke it: use it for links that work once
   * @throws TypeError - for anything else
   * @throws InvalidTokenError - for an encoded token that is invalid
   * @throws TokenCheckUnavailableError - if the store does not acknowledge the revocation
   * @throws JwtExtendedConfigError - if `blocklist` is `false`
   *
   * @example
   * ```ts
   * const token = await tokens.authenticate(link, { claims: { purpose: 'confirm-email' } });
   * if (!(await blocklist.revoke(token))) throw new GoneException('The link was used before');
   * ```
   */
  async revoke(token: string | Token): Promise<boolean> {
    const { isFirst, jti, identity } = await this.#rendering(async () => {
      const verified = await this.#verified(token);
      const { store, leeway } = this.parts;
      const key = tokenKey(prefixOf(verified), revocationIdOf(verified));
      const isFirst = await store.add(key, '1', dateOf(endOf(verified) + leeway));
      return { isFirst, jti: verified.jti, identity: verified.identity };
    });
    if (isFirst) this.parts.events.publish('revoked', { level: 'token', jti, identity });
    return isFirst;
  }

  /**
   * Takes the revocation of one token back; if the token is not revoked, nothing happens. A refresh token that was
   * rotated cannot be used again.
   *
   * @param jti - the id of the token: `await tokens.getJti(encoded)`
   * @throws TypeError - for anything but text, and for an encoded token
   * @throws TokenCheckUnavailableError - if the store does not acknowledge it
   */
  async unrevoke(jti: string, options: NamespaceOptions = {}): Promise<void> {
    requireId(jti, 'unrevoke takes the jti of a token', 'await tokens.getJti(encoded)');
    refuseUnknownOptions(options, 'unrevoke');
    await this.#rendering(() => this.parts.store.delete(tokenKey(prefixOf(options), jti)));
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
   * Ends a session: revokes every token of it. Give the token of the request, or the session's id (`sid`); a token
   * without a session is a session of its own, to which the tokens belong that were renewed or rotated from it. A session
   * that has ended does not come back.
   *
   * @param session - a token that a guard or `decodeToken` gave, or the id of a session
   * @throws TypeError - for anything else, such as an encoded token
   * @throws TokenCheckUnavailableError - if the store does not acknowledge the revocation
   * @throws JwtExtendedConfigError - if `blocklist` is `false`
   *
   * @example
   * ```ts
   * @UseGuards(LogoutGuard)
   * @Post('logout')
   * async logout(@CurrentToken() token: JwtContext) {
   *   await this.blocklist.revokeSession(token);
   * }
   * ```
   */
  async revokeSession(session: string | Token, options: NamespaceOptions = {}): Promise<void> {
    const { ledger, sessions, maxTokenLifetime, clock, events, leeway } = this.parts;
    const token = isVerifiedToken(session) ? session : undefined;
    const sessionId = token ? sessionIdOf(token) : session;
    const message = 'revokeSession takes a token from a guard or decodeToken, or a session id';
    refuseEncodedToken(session, message, 'await tokens.decodeToken(encoded)');
    if (!isId(sessionId)) throw new TypeError(message);
    refuseUnknownOptions(options, 'revokeSession');
    const prefix = prefixOf(token ?? options);
    await this.#rendering(async () => {
      const own = token ? endOf(token) : 0;
      const end = Math.max(clock().getTime() / 1000 + maxTokenLifetime, own);
      await ledger.endSession(prefix, sessionId, end + leeway);
      if (token) await sessions.forget(prefix, token.identity, sessionId);
    });
    events.publish('revoked', { level: 'session', sessionId });
  }

  /**
   * Revokes everything that was issued to an identity before a moment: log out everywhere. Tokens that are issued
   * after the call has resolved work at once. Identities of other issuers are not concerned, even if they have the same name.
   *
   * `iat` counts whole seconds, so everything that was issued in the second of the moment is revoked too, and the call
   * resolves when that second is over: at most a second later. In tests, `TestClock` moves itself to the next second; move
   * any other `clock` that stands still yourself, or what is issued afterwards is refused.
   *
   * @throws TypeError - if there is no identity, or `issuedBefore` is not a valid `Date`; for an encoded token as identity
   * @throws RangeError - for a moment in the future, or before 1970
   * @throws TokenCheckUnavailableError - if the store does not acknowledge the revocation
   */
  async revokeAllFor(identity: string, options: RevokeAllOptions = {}): Promise<void> {
    requireIdentity(identity, 'revokeAllFor takes an identity', this.parts.verifySub);
    refuseUnknownOptions(options, 'revokeAllFor', ['issuedBefore']);
    const { issuedBefore } = options;
    const { cutOffs, events } = this.parts;
    const moment = await this.#rendering(async () => {
      const key = identityKey(prefixOf(options), identity);
      if (issuedBefore === undefined) return cutOffs.revokeNow(key);
      await cutOffs.revokeBefore(key, issuedBefore);
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
    await this.#rendering(() => this.parts.cutOffs.revokeBefore(EVERYTHING_KEY, moment));
    this.parts.events.publish('revoked', { level: 'all', issuedBefore: moment });
  }

  #verified(token: unknown): Promise<Token> {
    return this.parts.reader.readGiven(token, { allowExpired: true });
  }

  #rendering<T>(work: () => Awaitable<T>): Promise<T> {
    return rendering(this.parts.renderer, work);
  }
}

/** When a token expires, in seconds since the epoch; `Infinity` for never. */
function endOf({ expiresAt }: Token): number {
  return (expiresAt?.getTime() ?? Infinity) / 1000;
}

/** @throws TypeError, JwtExtendedConfigError */
function refuseUnknownOptions(
  options: unknown,
  method: string,
  names: readonly string[] = [],
): void {
  checkCallOptions(options, method, [...names, 'namespace']);
  const { namespace } = options;
  if (namespace !== undefined && !isId(namespace))
    throw new TypeError(`The namespace of ${method} must be text of 1 to 256 characters`);
}
