import { Logger } from '@nestjs/common';
import type { Awaitable } from '../contracts/awaitable.js';
import type { RoutePolicy } from '../contracts/route-policy.js';
import type { Token } from '../contracts/token.js';
import { faultMessage } from '../errors/fault-message.js';
import { RevokedTokenError, TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { withDeadline } from '../tokens/deadline.js';
import { type LoaderCalls, loaderFault } from '../tokens/loader-calls.js';
import { BlocklistService } from './blocklist.service.js';

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
    private readonly loaders: LoaderCalls,
  ) {
    this.#isOurs = blocklist.isRevoked === BlocklistService.prototype.isRevoked;
  }

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
      const answer: unknown = await this.#ask(token);
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

  /** Ours keeps its deadline with the store; one of the application's is not left to its own devices. */
  #ask(token: Token): Awaitable<boolean> {
    const answer = this.blocklist.isRevoked(token);
    return this.#isOurs
      ? answer
      : withDeadline(answer, this.options.timeoutMs, 'BlocklistService.isRevoked');
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
