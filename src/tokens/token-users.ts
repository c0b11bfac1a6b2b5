import type { Awaitable } from '../contracts/awaitable.js';
import type { Token } from '../contracts/token.js';
import { TokenVerificationError, UserLookupError } from '../errors/token-errors.js';
import type { LoaderCalls } from './loader-calls.js';

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

async function askForUser(loaders: LoaderCalls, token: Token, request: unknown): Promise<unknown> {
  const user = await loaders.ask('userLookup', token, { request, type: token.type });
  if (user === undefined || user === null) throw new UserLookupError(token);
  return user;
}
