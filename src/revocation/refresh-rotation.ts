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
import { ACTIVE, type RevocationLedger, type RevocationStatus } from './revocation-ledger.js';
import type { SessionRegistry } from './session-registry.js';
import type { StoreGateway } from './store-gateway.js';
import { beginningOf, endOf, type RotationRecord } from './stored-records.js';

/** What a rotation works with. */
interface RotationParts {
  readonly mint: TokenMint;
  readonly access: StoreGateway;
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

/** The new tokens of a session. */
interface Successors {
  readonly access: MintedToken;
  readonly refresh: MintedToken;
  readonly sessionId: string;
}

/** What became of a token, and who made it so: this call, or another one just before. */
interface Spending {
  readonly spent: RotationRecord;
  readonly by: 'rotated' | 'raced';
}

/**
 * Spends a refresh token for a new pair. The token is claimed before anything is minted, so that of all who try at once
 * one wins; and the claim says what the successors are, so that a racing client, or one whose answer was lost, is given
 * the same ones.
 */
export class TokenRotation {
  constructor(private readonly parts: RotationParts) {}

  /** @throws TokenError - every reason for which a refresh route refuses */
  async rotate(token: Token, options: RotateRefreshTokenOptions): Promise<Successors> {
    const { check, loaders, sessions, events } = this.parts;
    const { request } = options;
    this.#requireRotatable(token);
    const status = await check.statusOf(token);
    await check.requireUnspent(token, status, request);
    await requireVerified(loaders, token, request);
    const subject = subjectOf(loaders, token, await loadUser(loaders, token, request));
    const { spent, by } =
      status.is === 'superseded'
        ? ({ spent: status.spent, by: 'raced' } as const)
        : await this.#claim(token, request);
    const successors = await this.#mint(subject, token, spent, options);
    const { access, refresh, sessionId } = successors;
    await sessions.recordRotation([access, refresh], beginningOf(token) * 1000);
    const { identity, jti } = token;
    events.publish(by, { identity, sessionId, jti, successor: refresh.jti });
    return successors;
  }

  #requireRotatable(token: Token): void {
    if (!this.parts.access.isAtomic) {
      throw new JwtExtendedConfigError(
        'rotateRefreshToken needs a store whose add is atomic, or two clients could spend one token: ' +
          'give Redis, SQL or the memory store as blocklist.store',
      );
    }
    if (token.type !== 'refresh') throw new WrongTokenTypeError('refresh');
    if (token.jti === '') throw new InvalidTokenError('Missing claim: jti');
    const now = this.parts.clock().getTime() / 1000;
    const { exp } = token.claims;
    const hasExpired = typeof exp === 'number' && exp <= now - this.parts.leeway;
    const end = endOf(token, this.parts.sessionLifetime);
    if (hasExpired || (end !== undefined && end <= now)) throw new ExpiredTokenError(token);
  }

  /** Claims the token; whoever comes second is told what the first one claimed it for. */
  async #claim(token: Token, request: unknown): Promise<Spending> {
    const { ledger, check } = this.parts;
    const spent = this.#plan(token);
    const isClaimed = await ledger.claim(token, spent, this.#lastUse(token));
    const status = isClaimed ? ACTIVE : await ledger.statusOf(token);
    // A client that sends a command again after a lost connection is told that the entry is there: its own.
    if (isClaimed || claimOf(status)?.refresh.jti === spent.refresh.jti) {
      // A revocation that came between the look-up and the claim must not be outlived by what follows.
      if (await ledger.isRevoked(token)) throw new RevokedTokenError(token);
      return { spent, by: 'rotated' };
    }
    await check.requireUnspent(token, status, request);
    const claim = claimOf(status);
    if (claim) return { spent: claim, by: 'raced' };
    const fault = new TypeError('The blocklist store said that an entry is there, and lost it');
    throw new TokenCheckUnavailableError(fault);
  }

  #plan(token: Token): RotationRecord {
    const { mint, clock } = this.parts;
    const now = mint.now();
    return {
      sessionId: token.sessionId ?? token.jti,
      claimedAt: clock().getTime(),
      now,
      access: mint.newIds(),
      refresh: mint.newIds(),
    };
  }

  #lastUse({ expiresAt }: Token): Date | null {
    return expiresAt ? new Date(expiresAt.getTime() + this.parts.leeway * 1000) : null;
  }

  async #mint(
    subject: unknown,
    token: Token,
    { sessionId, now, access, refresh }: RotationRecord,
    { accessExpiresIn, refreshExpiresIn, ...shared }: RotateRefreshTokenOptions,
  ): Promise<Successors> {
    const session = {
      ...shared,
      identity: token.identity,
      sessionId,
      authTime: beginningOf(token),
      expiresBy: endOf(token, this.parts.sessionLifetime),
    };
    const wantedAccess = { ...session, expiresIn: accessExpiresIn, reuseIds: access };
    const wantedRefresh = { ...session, expiresIn: refreshExpiresIn, reuseIds: refresh };
    const { mint } = this.parts;
    return {
      access: await mint.mint(subject, { ...wantedAccess, type: 'access' }, now),
      refresh: await mint.mint(subject, { ...wantedRefresh, type: 'refresh' }, now),
      sessionId,
    };
  }
}

/** What a token was claimed for before. */
function claimOf(status: RevocationStatus): RotationRecord | undefined {
  return 'spent' in status ? status.spent : undefined;
}
