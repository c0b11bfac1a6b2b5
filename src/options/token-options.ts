import {
  checkArray,
  checkBoolean,
  checkInteger,
  checkMemberName,
  checkNonEmptyString,
  optional,
} from '../common/checks.js';
import { describe, kindOf, configError } from '../common/describe.js';
import { parseDuration, parseLifetime } from '../common/duration.js';
import type { Unchecked } from '../common/read-options.js';
import type { Duration } from '../contracts/token.js';
import type { ResolvedTokenOptions } from './resolved-options.js';

/** What tokens say, and what is demanded of them. */
export interface TokenOptions {
  /**
   * How long an access token lives; `false`: for ever. Flask: `JWT_ACCESS_TOKEN_EXPIRES`.
   *
   * @default '15m'
   */
  accessTokenExpires?: Duration | false;
  /**
   * How long a refresh token lives; `false`: for ever. Flask: `JWT_REFRESH_TOKEN_EXPIRES`.
   *
   * @default '30d'
   */
  refreshTokenExpires?: Duration | false;
  /**
   * Whether tokens carry `nbf`. Flask: `JWT_ENCODE_NBF`.
   *
   * @default true
   */
  encodeNotBefore?: boolean;
  /**
   * How long after it was minted a token begins to be valid. Flask-JWT: `JWT_NOT_BEFORE_DELTA`.
   *
   * @default 0
   */
  notBeforeDelta?: Duration;
  /**
   * By how much the clocks of two machines may differ; counts for `exp`, `nbf` and `iat`. Flask: `JWT_DECODE_LEEWAY`.
   *
   * @default 0
   */
  leeway?: Duration;
  /**
   * The claim that holds the identity. Flask: `JWT_IDENTITY_CLAIM`.
   *
   * @default 'sub'
   */
  identityClaim?: string;
  /**
   * Whether `sub` must be a non-empty string, when a token is minted as when it is read. Flask: `JWT_VERIFY_SUB`.
   *
   * @default true
   */
  verifySub?: boolean;
  /**
   * Nests custom claims under this name, as Flask-JWT-Extended 3 does. Flask: `JWT_USER_CLAIMS`.
   *
   * @default none: custom claims stand at the top level
   */
  userClaimsKey?: string;
  /**
   * Whether the `additionalClaims` loader is asked for refresh tokens too. Flask: `JWT_CLAIMS_IN_REFRESH_TOKEN`.
   *
   * @default true
   */
  claimsInRefreshToken?: boolean;
  /**
   * Claims that a token must have. Flask-JWT: `JWT_REQUIRED_CLAIMS`.
   *
   * @default []
   */
  requiredClaims?: readonly string[];
  /**
   * Takes a token without `type` or `jti`, or with a `type` of its own, for an access token; RFC 9068's `at+jwt` too.
   *
   * @default false
   */
  acceptForeignTokens?: boolean;
  /** The `iss` of new tokens. Flask: `JWT_ENCODE_ISSUER`. */
  encodeIssuer?: string;
  /** The `iss` a token must have: this one, or one of these. Flask: `JWT_DECODE_ISSUER`. */
  decodeIssuer?: string | readonly string[];
  /** The `aud` of new tokens. Flask: `JWT_ENCODE_AUDIENCE`. */
  encodeAudience?: string | readonly string[];
  /** The `aud` a token must name: this one, or one of these. Flask: `JWT_DECODE_AUDIENCE`. */
  decodeAudience?: string | readonly string[];
  /**
   * The longest token that is looked at, in bytes.
   *
   * @default 8192
   */
  maxTokenLength?: number;
}

/**
 * The claims that a token's own machinery writes and reads. Nothing else may be called by these names: neither an
 * additional claim at mint time, nor the identity claim (save `sub`), nor the key that nests custom claims.
 */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set([
  'iat',
  'nbf',
  'exp',
  'jti',
  'type',
  'fresh',
  'csrf',
  'sub',
  'iss',
  'aud',
  'sid',
  'auth_time',
]);

/** Whether every object has a member of that name: the library that signs takes such a claim for one of its own. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}

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
  throw configError(
    'identityClaim',
    describe(claim),
    "it has a meaning of its own: use 'sub', or a name of yours",
  );
}

function checkUserClaimsKey(value: unknown, identityClaim: string): string | undefined {
  const key = optional(value, 'userClaimsKey', checkMemberName);
  if (key === undefined || (key !== identityClaim && !isTaken(key))) return key;
  throw configError(
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
  throw configError(name, kindOf(value), 'give a string, or an array of strings that is not empty');
}

function checkAccepted(value: unknown, name: string): readonly string[] | undefined {
  const accepted = optional(value, name, checkOneOrSeveral);
  return typeof accepted === 'string' ? [accepted] : accepted;
}
