import { checkFunction } from '../common/checks.js';
import type { JwtExtendedLoaders, JwtExtendedResponses } from './loaders.js';
import { type Defaults, settle } from '../common/read-options.js';

const NO_LOADERS: Defaults<JwtExtendedLoaders> = {
  userIdentity: undefined,
  additionalClaims: undefined,
  additionalHeaders: undefined,
  encodeKey: undefined,
  decodeKey: undefined,
  isTokenRevoked: undefined,
  tokenVerification: undefined,
  userLookup: undefined,
};

const NO_RESPONSES: Defaults<JwtExtendedResponses> = {
  unauthorized: undefined,
  invalidToken: undefined,
  expiredToken: undefined,
  needsFreshToken: undefined,
  revokedToken: undefined,
  userLookupError: undefined,
  tokenVerificationFailed: undefined,
  insufficientClaims: undefined,
  unavailable: undefined,
};

export function resolveLoaders(value: unknown): Readonly<JwtExtendedLoaders> {
  return resolveCallbacks(value, NO_LOADERS, 'loaders');
}

export function resolveResponses(value: unknown): Readonly<JwtExtendedResponses> {
  return resolveCallbacks(value, NO_RESPONSES, 'responses');
}

/** The functions that were given, bound to the object they came in: that may be an instance of a class. */
function resolveCallbacks<C extends object>(
  value: unknown,
  none: Defaults<C>,
  path: string,
): Readonly<C> {
  const given = Object.entries(settle<C>(value, none, path)).filter(
    ([, callback]) => callback !== undefined,
  );
  const bound = given.map(([name, callback]) => [
    name,
    checkFunction(callback, `${path}.${name}`).bind(value),
  ]);
  return Object.fromEntries(bound) as C;
}
