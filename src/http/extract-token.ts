import type { HttpRequest } from '../contracts/http.js';
import type { RoutePolicy, TokenExtractor } from '../contracts/route-policy.js';
import type { TokenLocation } from '../contracts/token.js';
import { MissingTokenError } from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { parseToken } from '../tokens/compact-jws.js';
import { loaderFault } from '../tokens/loaders.js';
import { fromCookie } from './token-cookie.js';
import {
  type ExtractedToken,
  fromHeader,
  fromJson,
  fromQueryString,
  type Missing,
} from './token-locations.js';

type Extract = (
  request: HttpRequest,
  policy: RoutePolicy,
  options: ResolvedOptions,
) => ExtractedToken | Missing;

const EXTRACT = {
  headers: (request, _policy, options) => fromHeader(request, options),
  cookies: fromCookie,
  query_string: (request, _policy, options) => fromQueryString(request, options),
  json: fromJson,
} satisfies Record<TokenLocation, Extract>;

/**
 * Searches the locations in order. Only an empty location moves on to the next: the first token found is used, even if
 * it is invalid, so that a second token cannot replace it. Where a refresh token is required, an access token is passed
 * over if there is a token in a later location: clients send it with every request.
 *
 * @throws MissingTokenError, InvalidTokenError, CsrfError
 */
export function extractToken(
  request: HttpRequest,
  policy: RoutePolicy,
  options: ResolvedOptions,
): ExtractedToken {
  const locations = policy.locations ?? options.locations;
  let reasons: string[] | undefined;
  let passed: ExtractedToken | undefined;
  for (const location of locations) {
    const found =
      typeof location === 'function'
        ? fromExtractor(request, location)
        : EXTRACT[location](request, policy, options);
    if ('missing' in found) (reasons ??= []).push(found.missing);
    else if (!isPassedOver(found, policy, options)) return found;
    else passed ??= found;
  }
  if (passed) return passed;
  throw new MissingTokenError(missingReason(locations, reasons ?? []));
}

/**
 * Whether only a refresh token is required and the payload, which is not verified yet, says that this is an access token.
 * In a cookie or a member of the body that is for refresh tokens alone it is a wrong token.
 */
function isPassedOver(
  { encoded, location }: ExtractedToken,
  { type, verifyType }: RoutePolicy,
  { token }: ResolvedOptions,
): boolean {
  if (type === 'access' || !verifyType || location === 'cookies' || location === 'json')
    return false;
  try {
    return parseToken(encoded, token.maxTokenLength).claims.type === 'access';
  } catch {
    return false;
  }
}

/** A `passport-jwt` extractor returns text or `null`. If it throws, the token could not be checked. */
function fromExtractor(request: HttpRequest, extractor: TokenExtractor): ExtractedToken | Missing {
  let encoded: unknown;
  try {
    encoded = extractor(request);
  } catch (error) {
    throw loaderFault(error);
  }
  // An extractor is synchronous. A promise is refused as an invalid token; its rejection must not end the process.
  if (encoded instanceof Promise) encoded.catch(() => undefined);
  return encoded ? { encoded, location: 'custom' } : { missing: 'Missing token' };
}

function missingReason(locations: RoutePolicy['locations'] & object, reasons: string[]): string {
  const [only] = reasons;
  if (reasons.length === 1 && only !== undefined) return only;
  const names = locations.map((location) => (typeof location === 'function' ? 'custom' : location));
  return `Missing JWT in ${names.slice(0, -1).join(', ')} or ${names.at(-1)} (${reasons.join('; ')})`;
}
