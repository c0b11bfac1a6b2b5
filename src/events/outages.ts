import { HttpException, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { safeMessage } from '../common/fault-message.js';
import { type Awaitable, isPromise, withDeadline } from '../contracts/awaitable.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';

/** The source of failures that no other source stands for: an unreadable entry, the clock, an extractor. */
export const TOKEN_CHECK = 'The check of a token';

/** Between the beginnings of two reported outages of one source, so that a source that fails now and then fills no log. */
const REPORT_INTERVAL_MS = 1_000;

interface Outage {
  /** `undefined` if the source has answered since, and its failures were not reported. */
  since: number | undefined;
  failures: number;
  /** The cause that was logged; `undefined` if none was, because the last report is not long ago. */
  reason: string | undefined;
  lastReason: string;
}

/**
 * Logs the outages of what a module needs to check tokens: the store, each loader, the key set of each issuer. An outage
 * lasts from the first failure of such a source to its next answer, whatever the causes. Its first cause is logged when it
 * begins; how often the source failed, when it is over or when the application closes. If an outage begins within a second
 * after the beginning of the last one, it is reported only if it lasts longer; otherwise its failures count to the next.
 */
export class Outages implements OnApplicationShutdown {
  readonly #logger = new Logger('JwtExtendedModule');
  /** By source. */
  readonly #outages = new Map<string, Outage>();
  readonly #reportedAt = new Map<string, number>();
  readonly #counted = new WeakSet<TokenCheckUnavailableError>();

  /**
   * Asks a function of the application, within a time, and counts its failures. If it answers at once, so does this.
   *
   * @param read - throws if the answer is not fit for use, which counts as a failure
   * @param name - what the message about a late answer calls the function
   * @throws the application's own `HttpException`, otherwise {@link TokenCheckUnavailableError}
   */
  ask<T>(
    source: string,
    timeoutMs: number,
    call: () => Awaitable<unknown>,
    read: (answer: unknown) => T,
    name = source,
  ): Awaitable<T> {
    const accept = (answer: unknown) => {
      const value = read(answer);
      this.answered(source);
      return value;
    };
    const refuse = (error: unknown) => {
      throw error instanceof HttpException ? error : this.failed(source, error);
    };
    try {
      const answer = withDeadline(call(), timeoutMs, name);
      return isPromise(answer) ? answer.then(accept).catch(refuse) : accept(answer);
    } catch (error) {
      return refuse(error);
    }
  }

  /**
   * Counts a failure.
   *
   * @param source - the name of what failed, for the log
   * @returns the error for the request that needed it
   */
  failed(source: string, cause: unknown): TokenCheckUnavailableError {
    const error = new TokenCheckUnavailableError(cause);
    this.count(source, error, cause);
    return error;
  }

  /** Counts an error that leaves the module, unless the source that failed has counted it. */
  count(source: string, error: TokenCheckUnavailableError, cause = error.cause): void {
    if (this.#counted.has(error)) return;
    this.#counted.add(error);
    const now = performance.now();
    const reason = safeMessage(cause);
    const outage = this.#outages.get(source) ?? newOutage();
    this.#outages.set(source, outage);
    outage.since ??= now;
    outage.failures += 1;
    outage.lastReason = reason;
    const reportedAt = this.#reportedAt.get(source) ?? -Infinity;
    if (outage.reason !== undefined || now - reportedAt < REPORT_INTERVAL_MS) return;
    outage.reason = reason;
    this.#reportedAt.set(source, now);
    this.#logger.error(`${source} failed: ${reason}`);
  }

  /** The source has answered: its outage, if there is one, is over. */
  answered(source: string): void {
    if (this.#outages.size === 0) return;
    const outage = this.#outages.get(source);
    if (!outage) return;
    if (outage.reason === undefined) outage.since = undefined;
    else {
      this.#outages.delete(source);
      this.#logger.log(`${source} works again: it failed ${extentOf(outage)}`);
    }
  }

  /** The count of what has not been reported yet. By now, all requests have been answered. */
  onApplicationShutdown(): void {
    for (const [source, outage] of this.#outages)
      this.#logger.warn(`${source} failed ${extentOf(outage)} before the application closed`);
    this.#outages.clear();
  }
}

function newOutage(): Outage {
  return { since: undefined, failures: 0, reason: undefined, lastReason: '' };
}

/** How often a source failed, for how long, and with what in the end. */
function extentOf({ since, failures, reason, lastReason }: Outage): string {
  const times = failures === 1 ? 'once' : `${failures} times`;
  const seconds =
    since === undefined ? '' : ` in ${((performance.now() - since) / 1000).toFixed(1)} s`;
  const last = reason === lastReason ? '' : `, the last time with: ${lastReason}`;
  return `${times}${seconds}${last}`;
}
