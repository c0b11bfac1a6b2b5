import { HttpException } from '@nestjs/common';
import { type Awaitable, withDeadline } from '../contracts/awaitable.js';
import { TokenCheckUnavailableError } from '../errors/token-errors.js';
import type { JwtExtendedLoaders } from '../options/callbacks.js';

/** Asks the application's loaders, each within the deadline, and says what became of one that failed. */
export class LoaderCalls {
  constructor(
    private readonly loaders: Readonly<JwtExtendedLoaders>,
    private readonly timeoutMs: number,
  ) {}

  has(name: keyof JwtExtendedLoaders): boolean {
    return this.loaders[name] !== undefined;
  }

  /**
   * The loader's answer; `undefined` where there is no such loader.
   *
   * @throws the loader's own `HttpException`, else {@link TokenCheckUnavailableError}
   */
  async ask<N extends keyof JwtExtendedLoaders>(
    name: N,
    ...args: Parameters<NonNullable<JwtExtendedLoaders[N]>>
  ): Promise<unknown> {
    const loader = this.loaders[name] as ((...args: unknown[]) => Awaitable<unknown>) | undefined;
    if (!loader) return undefined;
    try {
      return await withDeadline(loader(...args), this.timeoutMs, `loaders.${name}`);
    } catch (error) {
      throw loaderFault(error);
    }
  }

  /** The answer of a loader that says yes or no; anything else is no answer. */
  async askBoolean(
    name: 'isTokenRevoked' | 'tokenVerification',
    ...args: Parameters<NonNullable<JwtExtendedLoaders['isTokenRevoked']>>
  ): Promise<boolean> {
    const answer = await this.ask(name, ...args);
    if (typeof answer === 'boolean') return answer;
    throw loaderFault(new TypeError(`loaders.${name} must give true or false`));
  }
}

/** What the client is told when a loader fails: the loader's own words, if it chose an HTTP error, else 503. */
export function loaderFault(error: unknown): HttpException {
  return error instanceof HttpException ? error : new TokenCheckUnavailableError(error);
}
