import type { Token } from '../contracts/token.js';
import { TokenVerificationError, UserLookupError } from '../errors/token-errors.js';
import type { LoaderCalls } from './loader-calls.js';

/**
 * Asks the `tokenVerification` loader, where there is one.
 *
 * @throws TokenVerificationError
 */
export async function requireVerified(
  loaders: LoaderCalls,
  token: Token,
  request: unknown,
): Promise<void> {
  if (!loaders.has('tokenVerification')) return;
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
export async function loadUser(
  loaders: LoaderCalls,
  token: Token,
  request: unknown,
): Promise<unknown> {
  if (!loaders.has('userLookup')) return undefined;
  const user = await loaders.ask('userLookup', token, { request, type: token.type });
  if (user === undefined || user === null) throw new UserLookupError(token);
  return user;
}
