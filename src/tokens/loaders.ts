import { HttpException } from '@nestjs/common';
import { type Awaitable, withDeadline } from '../contracts/awaitable.js';
import type { Token } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  TokenCheckUnavailableError,
  TokenVerificationError,
  UserLookupError,
} from '../errors/token-errors.js';
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

/** The loaders that are handed what tokens are made for. */
const OF_SUBJECTS = ['additionalClaims', 'additionalHeaders', 'encodeKey'] as const;

/**
 * Asks the `tokenVerification` loader, where there is one.
 *
 * @throws TokenVerificationError
 */
export function requireVerified(
  loaders: LoaderCalls,
  token: Token,
  request: unknown,
): Awaitable<void> {
  if (loaders.has('tokenVerification')) return askVerification(loaders, token, request);
}

async function askVerification(
  loaders: LoaderCalls,
  token: Token,
  request: unknown,
): Promise<void> {
  const context = { request, type: token.type };
  if (!(await loaders.askBoolean('tokenVerification', token, context)))
    throw new TokenVerificationError(token);
}

/**
 * The user a token stands for; `undefined` without a `userLookup` loader. Whatever the application calls a user is one,
 * `0` and `''` included; only nothing is nobody.
 *
 * @throws UserLookupError
 */
export function loadUser(loaders: LoaderCalls, token: Token, request: unknown): Awaitable<unknown> {
  return loaders.has('userLookup') ? askForUser(loaders, token, request) : undefined;
}

/**
 * Who a token is made for that takes the place of another: the user, or the identity where subjects are identities.
 *
 * @throws JwtExtendedConfigError - where they are not, and a loader would be handed the one for the other
 */
export function subjectOf(loaders: LoaderCalls, { identity }: Token, user: unknown): unknown {
  if (user !== undefined) return user;
  requireSubject((name) => loaders.has(name));
  return identity;
}

/**
 * Of a token only the identity is known. Where a `userIdentity` loader makes it of something else, that has to be found
 * again for the loaders which want it.
 *
 * @throws JwtExtendedConfigError
 */
export function requireSubject(has: (name: keyof JwtExtendedLoaders) => boolean): void {
  const wanting = OF_SUBJECTS.find(has);
  if (wanting === undefined || !has('userIdentity') || has('userLookup')) return;
  throw new JwtExtendedConfigError(
    `loaders.${wanting} is for subjects, of which a token holds only what loaders.userIdentity made: ` +
      'add loaders.userLookup, so that tokens can be refreshed',
  );
}

async function askForUser(loaders: LoaderCalls, token: Token, request: unknown): Promise<unknown> {
  const user = await loaders.ask('userLookup', token, { request, type: token.type });
  if (user === undefined || user === null) throw new UserLookupError(token);
  return user;
}
