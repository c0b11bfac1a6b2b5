import type { Token } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  ExpiredTokenError,
  InvalidTokenError,
  RevokedTokenError,
  TokenCheckUnavailableError,
  WrongTokenTypeError,
} from '../errors/token-errors.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import { type LoaderCalls, loadUser, requireVerified, subjectOf } from '../tokens/loaders.js';
import type { TokenMint } from '../tokens/token-mint.js';
import type { MintedToken, RotateRefreshTokenOptions } from '../tokens/token-request.js';
import type { RevocationCheck } from './revocation-check.js';
import { ACTIVE, type RevocationLedger, type RotationRecord } from './revocation-ledger.js';
import { beginningOf, endOf, type SessionRegistry } from './session-registry.js';
import type { StoreGateway } from './store-gateway.js';

export interface RotationParts {
  readonly mint: TokenMint;
  readonly store: StoreGateway;
  readonly ledger: RevocationLedger;
  readonly check: RevocationCheck;
  readonly sessions: SessionRegistry;
  readonly loaders: LoaderCalls;
  readonly events: EventPublisher;
  readonly clock: () => Date;
  /** Seconds. */
  readonly leeway: number;
  /** How long a session may last from its login, in seconds. */
  readonly sessionLifetime: number | undefined;
}

interface Successors {
  readonly access: MintedToken;
  readonly refresh: MintedToken;
  readonly sessionId: string;
}

interface Claim {
  readonly rotation: RotationRecord;
  /** `raced` if another call decided just before what the successors are. */
  readonly outcome: 'rotated' | 'raced';
}

/**
 * Exchanges a refresh token for a new pair. The token is claimed before anything is minted, so that one of several calls
 * wins. The claim says what the successors are: a client that raced with itself, or lost the answer, gets the same ones.
 */
export class TokenRotation {
  constructor(private readonly parts: RotationParts) {}

  /** @throws TokenError - every reason for which a refresh route refuses */
  async rotate(token: Token, options: RotateRefreshTokenOptions): Promise<Successors> {
    const { check, loaders, sessions, events } = this.parts;
    const { request } = options;
    this.#requireRotatable(token);
    const status = await check.statusOf(token);
    await check.refuseRevoked(token, status, request);
    await requireVerified(loaders, token, request);
    const subject = subjectOf(loaders, token, await loadUser(loaders, token, request));
    const { rotation, outcome }: Claim =
      'rotation' in status
        ? { rotation: status.rotation, outcome: 'raced' }
        : await this.#claim(token, request);
    const { access, refresh } = await this.#mint(subject, token, rotation, options);
    await sessions.recordRotation([access, refresh], beginningOf(token) * 1000);
    const { sessionId } = rotation;
    const { identity, jti } = token;
    events.publish(outcome, { identity, sessionId, jti, successor: refresh.jti });
    return { access, refresh, sessionId };
  }

  #requireRotatable(token: Token): void {
    const { store, clock, leeway, sessionLifetime } = this.parts;
    if (!store.isAtomic)
      throw new JwtExtendedConfigError(
        'rotateRefreshToken needs a store whose add is atomic, or two clients could rotate one token: ' +
          'give Redis, SQL or the memory store as blocklist.store',
      );
    if (token.type !== 'refresh') throw new WrongTokenTypeError('refresh');
    if (token.jti === '') throw new InvalidTokenError('Missing claim: jti');
    const now = clock().getTime() / 1000;
    const { exp } = token.claims;
    const hasExpired = typeof exp === 'number' && exp <= now - leeway;
    const end = endOf(token, sessionLifetime);
    if (hasExpired || (end !== undefined && end <= now)) throw new ExpiredTokenError(token);
  }

  /** Claims the token for new successors, or, if another call was first, finds out what those of that call are. */
  async #claim(token: Token, request: unknown): Promise<Claim> {
    const { ledger, check, mint, clock, leeway } = this.parts;
    const rotation: RotationRecord = {
      sessionId: token.sessionId ?? token.jti,
      claimedAt: clock().getTime(),
      now: mint.now(),
      access: mint.newIds(),
      refresh: mint.newIds(),
    };
    const { expiresAt } = token;
    const lastUse = expiresAt ? new Date(expiresAt.getTime() + leeway * 1000) : null;
    const isClaimed = await ledger.claim(token, rotation, lastUse);
    const status = isClaimed ? ACTIVE : await ledger.statusOf(token);
    const found = 'rotation' in status ? status.rotation : undefined;
    // A client library that sends the command again after a lost connection finds the entry of the first time.
    if (isClaimed || found?.refresh.jti === rotation.refresh.jti) {
      // The successors must not outlive a revocation that came between the look-up and the claim.
      if (await ledger.isRevoked(token)) throw new RevokedTokenError(token);
      return { rotation, outcome: 'rotated' };
    }
    await check.refuseRevoked(token, status, request);
    if (found) return { rotation: found, outcome: 'raced' };
    const fault = new TypeError('The blocklist store said that an entry is there, and lost it');
    throw new TokenCheckUnavailableError(fault);
  }

  async #mint(
    subject: unknown,
    token: Token,
    { sessionId, now, access, refresh }: RotationRecord,
    { accessExpiresIn, refreshExpiresIn, ...shared }: RotateRefreshTokenOptions,
  ): Promise<Omit<Successors, 'sessionId'>> {
    const { mint, sessionLifetime } = this.parts;
    const session = {
      ...shared,
      identity: token.identity,
      sessionId,
      authTime: beginningOf(token),
      expiresBy: endOf(token, sessionLifetime),
    };
    const wantedAccess = { ...session, expiresIn: accessExpiresIn, reuseIds: access };
    const wantedRefresh = { ...session, expiresIn: refreshExpiresIn, reuseIds: refresh };
    return {
      access: await mint.mint(subject, { ...wantedAccess, type: 'access' }, now),
      refresh: await mint.mint(subject, { ...wantedRefresh, type: 'refresh' }, now),
    };
  }
}
