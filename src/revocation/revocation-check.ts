import { Logger } from '@nestjs/common';
import { type Awaitable, isPromise, thenOrNow } from '../contracts/awaitable.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { Token } from '../contracts/token.js';
import { safeMessage } from '../common/fault-message.js';
import {
  ReusedTokenError,
  RevokedTokenError,
  TokenCheckUnavailableError,
} from '../errors/token-errors.js';
import type { Outages } from '../events/outages.js';
import type { EventPublisher } from '../events/security-event-publisher.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { type LoaderCalls, loaderFault } from '../tokens/loaders.js';
import { sessionIdOf } from '../tokens/session.js';
import { BlocklistService } from './blocklist.service.js';
import {
  ACTIVE,
  type RevocationLedger,
  type RevocationStatus,
  REVOKED,
} from './revocation-ledger.js';

const WARNING_INTERVAL_MS = 10_000;

/** Refuses a token if our ledger, the application's own `BlocklistService` or the `isTokenRevoked` loader says so. */
export class RevocationCheck {
  readonly #logger = new Logger('JwtExtendedModule');
  #warnedAt = -Infinity;
  /** Whether the application did not replace `isRevoked`. */
  readonly #isOurs: boolean;

  constructor(
    private readonly options: ResolvedOptions['blocklist'],
    private readonly blocklist: BlocklistService,
    private readonly ledger: RevocationLedger,
    private readonly loaders: LoaderCalls,
    private readonly events: EventPublisher,
    private readonly outages: Outages,
  ) {
    this.#isOurs = blocklist.isRevoked === BlocklistService.prototype.isRevoked;
  }

  /** The check of a route. It is done at once if the store answers at once and there is no loader. */
  requireActive(
    token: Token,
    policy: Pick<RoutePolicy, 'skipRevocationCheck'>,
    request: unknown,
  ): Awaitable<void> {
    if (policy.skipRevocationCheck || !this.options.checks.has(token.type)) return;
    return thenOrNow(this.#failOpen(token), (status) => this.refuseRevoked(token, status, request));
  }

  /** Refuses a token for its status, or for the loader's answer. The reuse of a refresh token first ends its session. */
  refuseRevoked(token: Token, status: RevocationStatus, request: unknown): Awaitable<void> {
    if (status.is === 'reused') return this.#refuseReused(token, status.family.record.refresh.jti);
    if (status.is === 'revoked') throw new RevokedTokenError(token);
    if (!this.loaders.has('isTokenRevoked')) return;
    return thenOrNow(this.#isRevokedByLoader(token, request), (isRevoked) => {
      if (isRevoked) throw new RevokedTokenError(token);
    });
  }

  /**
   * Used before a session is extended. Ignores `checks` and `onStoreError: 'allow'`: a wrong yes would last for a whole
   * token lifetime.
   *
   * @throws TokenCheckUnavailableError, the HTTP error that the application's blocklist chose
   */
  async isActive(token: Token, request: unknown): Promise<boolean> {
    const { is } = await this.statusOf(token);
    return is === 'active' && !(await this.#isRevokedByLoader(token, request));
  }

  /**
   * By our ledger and the application's blocklist. Ignores `checks` and `onStoreError: 'allow'`, as `isActive` does.
   *
   * @param look - how to ask the ledger
   */
  async statusOf(
    token: Token,
    look: 'statusOf' | 'takeStatusOf' = 'statusOf',
  ): Promise<RevocationStatus> {
    try {
      return await this.#statusOf(token, look);
    } catch (error) {
      throw loaderFault(error);
    }
  }

  #statusOf(
    token: Token,
    look: 'statusOf' | 'takeStatusOf' = 'statusOf',
  ): Awaitable<RevocationStatus> {
    return this.#isOurs ? this.ledger[look](token) : this.#statusByBoth(token, look);
  }

  /** The application's own blocklist is asked beside ours: a token is revoked if either says so. */
  async #statusByBoth(token: Token, look: 'statusOf' | 'takeStatusOf'): Promise<RevocationStatus> {
    const status = await this.ledger[look](token);
    if (status.is === 'reused' || status.is === 'revoked') return status;
    return (await this.#isRevokedByTheirs(token)) ? REVOKED : status;
  }

  async #isRevokedByTheirs(token: Token): Promise<boolean> {
    const source = 'BlocklistService.isRevoked';
    const call = () => this.blocklist.isRevoked(token);
    return this.outages.ask(source, this.options.timeoutMs, call, (answer) => {
      if (typeof answer === 'boolean') return answer;
      throw new TypeError(`${source} must give true or false`);
    });
  }

  /**
   * The last step before something is handed out because of a token: the token may have been revoked since it was let in.
   *
   * @throws RevokedTokenError, TokenCheckUnavailableError
   */
  async refuseRevokedMeanwhile(token: Token): Promise<void> {
    let isRevoked = await this.ledger.isRevoked(token);
    if (!isRevoked && !this.#isOurs) isRevoked = await this.#isRevokedByTheirs(token);
    if (isRevoked) throw new RevokedTokenError(token);
  }

  async #refuseReused(token: Token, successor: string): Promise<void> {
    await this.blocklist.revokeSession(token);
    const { identity, jti } = token;
    this.events.publish('reused', { identity, sessionId: sessionIdOf(token), jti, successor });
    throw new ReusedTokenError(token);
  }

  #isRevokedByLoader(token: Token, request: unknown): Awaitable<boolean> {
    if (!this.loaders.has('isTokenRevoked')) return false;
    return this.loaders.askBoolean('isTokenRevoked', token, { request, type: token.type });
  }

  /** The status of a token; with `onStoreError: 'allow'`, a token is active while the store does not answer. */
  #failOpen(token: Token): Awaitable<RevocationStatus> {
    try {
      const status = this.#statusOf(token);
      return isPromise(status) ? status.catch((error: unknown) => this.#allow(error)) : status;
    } catch (error) {
      return this.#allow(error);
    }
  }

  #allow(error: unknown): RevocationStatus {
    const fault = loaderFault(error);
    if (this.options.onStoreError === 'deny' || !(fault instanceof TokenCheckUnavailableError))
      throw fault;
    const now = performance.now();
    if (now - this.#warnedAt >= WARNING_INTERVAL_MS) {
      this.#warnedAt = now;
      this.#logger.warn(
        `The blocklist did not answer, and blocklist.onStoreError is 'allow': tokens pass unchecked. ${safeMessage(fault.cause)}`,
      );
    }
    return ACTIVE;
  }
}
