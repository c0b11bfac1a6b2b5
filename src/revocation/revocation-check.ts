import { Logger } from '@nestjs/common';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { Token } from '../contracts/token.js';
import { faultMessage } from '../errors/fault-message.js';
import { RevokedTokenError, TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { withDeadline } from '../tokens/deadline.js';
import { type LoaderCalls, loaderFault } from '../tokens/loader-calls.js';
import type { BlocklistService } from './blocklist.service.js';

/** How long one warning stands for all that would follow it. */
const WARNING_INTERVAL_MS = 10_000;

/** Asks the blocklist, and the application beside it, whether a token was revoked. */
export class RevocationCheck {
  readonly #logger = new Logger('JwtExtendedModule');
  #warnedAt = -Infinity;

  constructor(
    private readonly options: ResolvedOptions['blocklist'],
    private readonly blocklist: BlocklistService,
    private readonly loaders: LoaderCalls,
  ) {}

  /** @throws RevokedTokenError, TokenCheckUnavailableError */
  async requireActive(
    token: Token,
    policy: Pick<RoutePolicy, 'skipRevocationCheck'>,
    request: unknown,
  ): Promise<void> {
    if (policy.skipRevocationCheck) return;
    if (await this.isRevoked(token, request)) throw new RevokedTokenError(token);
  }

  /** @throws TokenCheckUnavailableError */
  async isRevoked(token: Token, request: unknown): Promise<boolean> {
    if (!this.options.checks.has(token.type)) return false;
    if (await this.#isBlocklisted(token)) return true;
    if (!this.loaders.has('isTokenRevoked')) return false;
    return this.loaders.askBoolean('isTokenRevoked', token, { request, type: token.type });
  }

  async #isBlocklisted(token: Token): Promise<boolean> {
    try {
      const answer: unknown = await withDeadline(
        this.blocklist.isRevoked(token),
        this.options.timeoutMs,
        'BlocklistService.isRevoked',
      );
      if (typeof answer === 'boolean') return answer;
      throw new TypeError('BlocklistService.isRevoked must give true or false');
    } catch (error) {
      const fault = loaderFault(error);
      if (this.options.onStoreError === 'deny' || !(fault instanceof TokenCheckUnavailableError))
        throw fault;
      this.#warn(fault);
      return false;
    }
  }

  #warn({ cause }: TokenCheckUnavailableError): void {
    const now = performance.now();
    if (now - this.#warnedAt < WARNING_INTERVAL_MS) return;
    this.#warnedAt = now;
    this.#logger.warn(
      `The blocklist did not answer, and blocklist.onStoreError is 'allow': tokens pass unchecked. ${faultMessage(cause)}`,
    );
  }
}
