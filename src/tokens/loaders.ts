import { HttpException } from '@nestjs/common';
import { type Awaitable, thenOrNow } from '../contracts/awaitable.js';
import type { Token } from '../contracts/token.js';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import {
  TokenCheckUnavailableError,
  TokenVerificationError,
  UserLookupError,
} from '../errors/token-errors.js';
import type { Outages } from '../events/outages.js';
import type { JwtExtendedLoaders } from '../options/callbacks.js';

/** Calls the application's loaders, each with a deadline, and turns their failures into answers to the client. */
export class LoaderCalls {
  constructor(
    private readonly loaders: Readonly<JwtExtendedLoaders>,
    private readonly timeoutMs: number,
    private readonly outages: Outages,
  ) {}

  has(name: keyof JwtExtendedLoaders): boolean {
    return this.loaders[name] !== undefined;
  }

  /**
   * The loader's answer; `undefined` if there is no such loader.
   *
   * @throws the loader's own `HttpException`, otherwise {@link TokenCheckUnavailableError}
   */
  ask<N extends keyof JwtExtendedLoaders>(
    name: N,
    ...args: Parameters<NonNullable<JwtExtendedLoaders[N]>>
  ): unknown {
    return this.has(name) ? this.askFor(name, args, (answer) => answer) : undefined;
  }

  /**
   * What the answer of a loader is for.
   *
   * @param read - throws if the answer is not fit for use, which counts as a failure of the loader
   * @throws the loader's own `HttpException`, otherwise {@link TokenCheckUnavailableError}
   */
  askFor<N extends keyof JwtExtendedLoaders, T>(
    name: N,
    args: Parameters<NonNullable<JwtExtendedLoaders[N]>>,
    read: (answer: unknown) => T,
  ): Awaitable<T> {
    const loader = this.loaders[name] as (...args: unknown[]) => Awaitable<unknown>;
    return this.outages.ask(`loaders.${name}`, this.timeoutMs, () => loader(...args), read);
  }

  /** The answer of a loader that must give `true` or `false`; any other value is a failure. */
  askBoolean(
    name: 'isTokenRevoked' | 'tokenVerification',
    ...args: Parameters<NonNullable<JwtExtendedLoaders['isTokenRevoked']>>
  ): Awaitable<boolean> {
    return this.askFor(name, args, (answer) => {
      if (typeof answer === 'boolean') return answer;
      throw new TypeError(`loaders.${name} must give true or false`);
    });
  }
}

/** The error for a function of the application that fails: its own, if it is an HTTP error, otherwise 503. */
export function loaderFault(error: unknown): HttpException {
  return error instanceof HttpException ? error : new TokenCheckUnavailableError(error);
}

/** @throws TokenVerificationError - if the `tokenVerification` loader refuses the token */
export function requireVerified(
  loaders: LoaderCalls,
  token: Token,
  request: unknown,
): Awaitable<void> {
  if (!loaders.has('tokenVerification')) return;
  const context = { request, type: token.type };
  return thenOrNow(loaders.askBoolean('tokenVerification', token, context), (isVerified) => {
    if (!isVerified) throw new TokenVerificationError(token);
  });
}

/**
 * The user that the `userLookup` loader gives for a token; `undefined` without that loader. Any value but `null`,
 * `undefined` and `false` counts as a user, `0` and `''` included.
 *
 * @throws UserLookupError
 */
export function loadUser(loaders: LoaderCalls, token: Token, request: unknown): unknown {
  if (!loaders.has('userLookup')) return undefined;
  const context = { request, type: token.type };
  return thenOrNow(loaders.ask('userLookup', token, context), (user) => {
    if (user === undefined || user === null || user === false) throw new UserLookupError(token);
    return user;
  });
}

/** The subject of a token that replaces another one: the user, or the identity if subjects are identities. */
export function subjectOf(loaders: LoaderCalls, { identity }: Token, user: unknown): unknown {
  if (user !== undefined) return user;
  requireSubject((name) => loaders.has(name));
  return identity;
}

const SUBJECT_LOADERS = ['additionalClaims', 'additionalHeaders', 'encodeKey'] as const;

/**
 * A token holds only the identity of its subject. If a `userIdentity` loader makes the identity from something else, the
 * loaders that receive the subject need `userLookup` to find it again.
 *
 * @throws JwtExtendedConfigError
 */
export function requireSubject(has: (name: keyof JwtExtendedLoaders) => boolean): void {
  const receiver = SUBJECT_LOADERS.find(has);
  if (receiver === undefined || !has('userIdentity') || has('userLookup')) return;
  throw new JwtExtendedConfigError(
    `loaders.${receiver} needs the subject, but a token holds only the identity that loaders.userIdentity gives: ` +
      'add loaders.userLookup, so that tokens can be refreshed',
  );
}
