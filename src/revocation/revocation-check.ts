import { Logger } from '@nestjs/common';
import { type Awaitable, isPromise, thenOrNow, withDeadline } from '../contracts/awaitable.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { Token } from '../contracts/token.js';
import { safeMessage } from '../common/fault-message.js';
import {
  ReusedTokenError,
  RevokedTokenError,
  TokenCheckUnavailableError,
} from '../errors/token-errors.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { type LoaderCalls, loaderFault } from '../tokens/loaders.js';
import { BlocklistService } from './blocklist.service.js';
import {
  ACTIVE,
  type RevocationLedger,
  REVOKED,
  type RevocationStatus,
} from './revocation-ledger.js';
import type { RotationRecord } from './stored-records.js';

/** How long one warning stands for all that would follow it. */
const WARNING_INTERVAL_MS = 10_000;

/** Asks the blocklist, and the application beside it, whether a token was revoked. */
export class RevocationCheck {
  readonly #logger = new Logger('JwtExtendedModule');
  #warnedAt = -Infinity;
  readonly #isOurs: boolean;

  constructor(
    private readonly options: ResolvedOptions['blocklist'],
    private readonly blocklist: BlocklistService,
    private readonly ledger: RevocationLedger,
    private readonly loaders: LoaderCalls,
    private readonly events: EventPublisher,
  ) {
    this.#isOurs = blocklist.isRevoked === BlocklistService.prototype.isRevoked;
  }

  /**
   * Is done at once where the store answers at once, and no loader is asked.
   *
   * @throws RevokedTokenError, ReusedTokenError, TokenCheckUnavailableError
   */
  requireActive(
    token: Token,
    policy: Pick<RoutePolicy, 'skipRevocationCheck'>,
    request: unknown,
  ): Awaitable<void> {
    if (policy.skipRevocationCheck || !this.options.checks.has(token.type)) return;
    return thenOrNow(this.#failOpen(token), (status) =>
      this.requireUnspent(token, status, request),
    );
  }

  /**
   * Refuses a token for what the store said of it, and asks the application's loader, too. The reuse of a spent token
   * ends its session before it is told.
   *
   * @throws RevokedTokenError, ReusedTokenError, TokenCheckUnavailableError
   */
  requireUnspent(token: Token, status: RevocationStatus, request: unknown): Awaitable<void> {
    if (status.is === 'reused') return this.#refuseReused(token, status.spent);
    if (status.is === 'revoked') throw new RevokedTokenError(token);
    if (this.loaders.has('isTokenRevoked')) return this.#requireActiveElsewhere(token, request);
  }

  /** @throws TokenCheckUnavailableError */
  async isRevoked(token: Token): Promise<boolean> {
    if (!this.options.checks.has(token.type)) return false;
    const { is } = await this.#failOpen(token);
    return is === 'revoked' || is === 'reused' || this.#isRevokedElsewhere(token, undefined);
  }

  /**
   * Whether a token may live on: asked whatever `checks` and `onStoreError` say, since what is let live on by mistake
   * does so for longer than one request.
   *
   * @throws TokenCheckUnavailableError, the HTTP error that the application's blocklist chose
   */
  async isActive(token: Token, request: unknown): Promise<boolean> {
    const { is } = await this.statusOf(token);
    return is === 'active' && !(await this.#isRevokedElsewhere(token, request));
  }

  /**
   * What the blocklist knows of a token, be it ours or the application's own, whatever `checks` and `onStoreError` say.
   *
   * @throws TokenCheckUnavailableError, the HTTP error that the application's blocklist chose
   */
  async statusOf(token: Token): Promise<RevocationStatus> {
    try {
      return await this.#statusOf(token);
    } catch (error) {
      throw loaderFault(error);
    }
  }

  async #refuseReused(token: Token, { sessionId, refresh }: RotationRecord): Promise<void> {
    await this.blocklist.revokeSession(sessionId);
    const { identity, jti } = token;
    this.events.publish('reused', { identity, sessionId, jti, successor: refresh.jti });
    throw new ReusedTokenError(token);
  }

  #statusOf(token: Token): Awaitable<RevocationStatus> {
    return this.#isOurs ? this.ledger.statusOf(token) : this.#standingOfTheirs(token);
  }

  /** A blocklist of the application's answers for itself; whether a refresh token was spent only ours can know. */
  async #standingOfTheirs(token: Token): Promise<RevocationStatus> {
    const status = token.type === 'refresh' ? await this.ledger.statusOf(token) : ACTIVE;
    if (status.is === 'reused') return status;
    const answer: unknown = await withDeadline(
      this.blocklist.isRevoked(token),
      this.options.timeoutMs,
      'BlocklistService.isRevoked',
    );
    if (typeof answer !== 'boolean')
      throw new TypeError('BlocklistService.isRevoked must give true or false');
    return answer ? REVOKED : status;
  }

  async #requireActiveElsewhere(token: Token, request: unknown): Promise<void> {
    if (await this.#isRevokedElsewhere(token, request)) throw new RevokedTokenError(token);
  }

  async #isRevokedElsewhere(token: Token, request: unknown): Promise<boolean> {
    if (!this.loaders.has('isTokenRevoked')) return false;
    return this.loaders.askBoolean('isTokenRevoked', token, { request, type: token.type });
  }

  #failOpen(token: Token): Awaitable<RevocationStatus> {
    try {
      const status = this.#statusOf(token);
      if (!isPromise(status)) return status;
      return status.catch((error: unknown) => this.#failedOpen(error));
    } catch (error) {
      return this.#failedOpen(error);
    }
  }

  #failedOpen(error: unknown): RevocationStatus {
    const fault = loaderFault(error);
    if (this.options.onStoreError === 'deny' || !(fault instanceof TokenCheckUnavailableError))
      throw fault;
    this.#warn(fault);
    return ACTIVE;
  }

  #warn({ cause }: TokenCheckUnavailableError): void {
    const now = performance.now();
    if (now - this.#warnedAt < WARNING_INTERVAL_MS) return;
    this.#warnedAt = now;
    this.#logger.warn(
      `The blocklist did not answer, and blocklist.onStoreError is 'allow': tokens pass unchecked. ${safeMessage(cause)}`,
    );
  }
}
