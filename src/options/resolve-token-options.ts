import {
  checkArray,
  checkBoolean,
  checkInteger,
  checkMemberName,
  checkNonEmptyString,
  optional,
} from '../common/checks.js';
import { describe, kindOf, mistake } from '../common/describe.js';
import { parseDuration, parseLifetime } from '../common/duration.js';
import type { TokenOptions } from './token-options.js';
import { isInherited, RESERVED_CLAIMS } from './reserved-claims.js';
import type { ResolvedTokenOptions } from './resolved-options.js';
import type { Unchecked } from '../common/read-options.js';

/** What tokens say, and what is demanded of them. */
export function resolveTokenOptions(
  given: Unchecked<TokenOptions>,
  encodeCsrf: boolean,
): ResolvedTokenOptions {
  const identityClaim = checkIdentityClaim(given.identityClaim);
  return {
    expires: {
      access: parseLifetime(given.accessTokenExpires, 'accessTokenExpires'),
      refresh: parseLifetime(given.refreshTokenExpires, 'refreshTokenExpires'),
    },
    encodeNotBefore: checkBoolean(given.encodeNotBefore, 'encodeNotBefore'),
    notBeforeDelta: parseDuration(given.notBeforeDelta, 'notBeforeDelta'),
    leeway: parseDuration(given.leeway, 'leeway'),
    identityClaim,
    verifySub: checkBoolean(given.verifySub, 'verifySub'),
    userClaimsKey: checkUserClaimsKey(given.userClaimsKey, identityClaim),
    claimsInRefreshToken: checkBoolean(given.claimsInRefreshToken, 'claimsInRefreshToken'),
    requiredClaims: checkArray(given.requiredClaims, 'requiredClaims', checkMemberName),
    acceptForeignTokens: checkBoolean(given.acceptForeignTokens, 'acceptForeignTokens'),
    encodeIssuer: optional(given.encodeIssuer, 'encodeIssuer', checkNonEmptyString),
    decodeIssuers: checkAccepted(given.decodeIssuer, 'decodeIssuer'),
    encodeAudience: optional(given.encodeAudience, 'encodeAudience', checkOneOrSeveral),
    decodeAudiences: checkAccepted(given.decodeAudience, 'decodeAudience'),
    maxTokenLength: checkInteger(given.maxTokenLength, 'maxTokenLength', 256, 1024 * 1024),
    encodeCsrf,
  };
}

function checkIdentityClaim(value: unknown): string {
  const claim = checkMemberName(value, 'identityClaim');
  if (claim === 'sub' || !isTaken(claim)) return claim;
  throw mistake(
    'identityClaim',
    describe(claim),
    "it has a meaning of its own: use 'sub', or a name of yours",
  );
}

function checkUserClaimsKey(value: unknown, identityClaim: string): string | undefined {
  const key = optional(value, 'userClaimsKey', checkMemberName);
  if (key === undefined || (key !== identityClaim && !isTaken(key))) return key;
  throw mistake(
    'userClaimsKey',
    describe(key),
    'it has a meaning of its own: use a name such as user_claims',
  );
}

function isTaken(claim: string): boolean {
  return RESERVED_CLAIMS.has(claim) || isInherited(claim);
}

/** Exact strings only: the library underneath skips the check for `''` and a `Set`, and leaves a `RegExp` unanchored. */
function checkOneOrSeveral(value: unknown, name: string): string | readonly string[] {
  if (typeof value === 'string') return checkNonEmptyString(value, name);
  if (Array.isArray(value) && value.length > 0) return checkArray(value, name, checkNonEmptyString);
  throw mistake(name, kindOf(value), 'give a string, or an array of strings that is not empty');
}

function checkAccepted(value: unknown, name: string): readonly string[] | undefined {
  const accepted = optional(value, name, checkOneOrSeveral);
  return typeof accepted === 'string' ? [accepted] : accepted;
}
