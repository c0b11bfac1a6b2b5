import {
  arrayOf,
  checkArray,
  checkBoolean,
  checkMemberName,
  checkNonEmptyString,
  integerFrom,
} from '../common/checks.js';
import { configError, describe, kindOf } from '../common/describe.js';
import { parseDuration, parseLifetime } from '../common/duration.js';
import type { Rows, Values } from '../common/read-options.js';
import type { Duration, TokenType } from '../contracts/token.js';

/** What tokens hold, and which tokens are accepted. */
export interface TokenOptions {
  /** How long an access token lives; `false` for ever. Flask: `JWT_ACCESS_TOKEN_EXPIRES`. @default '15m' */
  accessTokenExpires?: Duration | false;
  /** How long a refresh token lives; `false` for ever. Flask: `JWT_REFRESH_TOKEN_EXPIRES`. @default '30d' */
  refreshTokenExpires?: Duration | false;
  /** Whether tokens carry `nbf`. Flask: `JWT_ENCODE_NBF`. @default true */
  encodeNotBefore?: boolean;
  /** How long after its creation a token becomes valid. Flask-JWT: `JWT_NOT_BEFORE_DELTA`. @default 0 */
  notBeforeDelta?: Duration;
  /** By how much two clocks may differ; applies to `exp`, `nbf` and `iat`. Flask: `JWT_DECODE_LEEWAY`. @default 0 */
  leeway?: Duration;
  /** The claim that holds the identity. Flask: `JWT_IDENTITY_CLAIM`. @default 'sub' */
  identityClaim?: string;
  /** Whether new and received tokens must have a non-empty string as `sub`. Flask: `JWT_VERIFY_SUB`. @default true */
  verifySub?: boolean;
  /**
   * Nests custom claims under this name, as Flask-JWT-Extended 3 does. Flask: `JWT_USER_CLAIMS`.
   * @default none: custom claims stand at the top level
   */
  userClaimsKey?: string;
  /** Whether refresh tokens get `additionalClaims` too. Flask: `JWT_CLAIMS_IN_REFRESH_TOKEN`. @default true */
  claimsInRefreshToken?: boolean;
  /** Claims that a token must have. Flask-JWT: `JWT_REQUIRED_CLAIMS`. @default [] */
  requiredClaims?: readonly string[];
  /** The claim that `@RequireScope` reads (RFC 8693 section 4.2). @default 'scope' */
  scopeClaim?: string;
  /**
   * Whether a token without `type` or `jti`, or with an unknown `type`, counts as an access token; RFC 9068's `at+jwt`
   * too. @default false
   */
  acceptForeignTokens?: boolean;
  /** The `iss` of new tokens. Flask: `JWT_ENCODE_ISSUER`. */
  encodeIssuer?: string;
  /** The `iss` that a token must have: this one, or one of these. Flask: `JWT_DECODE_ISSUER`. */
  decodeIssuer?: string | readonly string[];
  /** The `aud` of new tokens. Flask: `JWT_ENCODE_AUDIENCE`. */
  encodeAudience?: string | readonly string[];
  /** The `aud` that a token must name: this one, or one of these. Flask: `JWT_DECODE_AUDIENCE`. */
  decodeAudience?: string | readonly string[];
  /** The length of the longest token that is read, in bytes. @default 8192 */
  maxTokenLength?: number;
  /**
   * Whether verified access tokens are remembered, so that a token that comes again is not verified again: at most 8,000
   * tokens, and never longer than their key. Expiry, revocation and all demands of a route are checked each time.
   * @default true
   */
  verificationCache?: boolean;
}

/** Durations become seconds. */
export const TOKEN_ROWS = {
  accessTokenExpires: [parseLifetime, '15m'],
  refreshTokenExpires: [parseLifetime, '30d'],
  encodeNotBefore: [checkBoolean, true],
  notBeforeDelta: [parseDuration, 0],
  leeway: [parseDuration, 0],
  identityClaim: [checkIdentityClaim, 'sub'],
  verifySub: [checkBoolean, true],
  userClaimsKey: [checkOwnName],
  claimsInRefreshToken: [checkBoolean, true],
  requiredClaims: [arrayOf(checkMemberName), []],
  scopeClaim: [checkMemberName, 'scope'],
  acceptForeignTokens: [checkBoolean, false],
  encodeIssuer: [checkNonEmptyString],
  decodeIssuer: [checkAccepted],
  encodeAudience: [checkOneOrSeveral],
  decodeAudience: [checkAccepted],
  maxTokenLength: [integerFrom(256, 1024 * 1024), 8192],
  verificationCache: [checkBoolean, true],
} satisfies Rows<TokenOptions>;

type TokenValues = Values<typeof TOKEN_ROWS>;

export interface ResolvedTokenOptions extends Omit<
  TokenValues,
  'accessTokenExpires' | 'refreshTokenExpires'
> {
  /** Seconds; `false` for ever. */
  readonly expires: Readonly<Record<TokenType, number | false>>;
  /** Whether new tokens carry a `csrf` claim. */
  readonly encodeCsrf: boolean;
}

/** @throws JwtExtendedConfigError - if two options contradict each other */
export function resolveTokenOptions(
  { accessTokenExpires: access, refreshTokenExpires: refresh, ...values }: TokenValues,
  encodeCsrf: boolean,
): ResolvedTokenOptions {
  const { userClaimsKey, identityClaim } = values;
  if (userClaimsKey === identityClaim) throw reservedName('userClaimsKey', identityClaim);
  return { ...values, expires: { access, refresh }, encodeCsrf };
}

/**
 * The claims that the library itself writes and reads. Additional claims, the identity claim (unless it is `sub`) and
 * the key that nests custom claims must have other names.
 */
export const RESERVED_CLAIMS: ReadonlySet<string> = new Set(
  'iat nbf exp jti type fresh csrf sub iss aud sid auth_time grant'.split(' '),
);

/** Whether every object has a member of that name: the library that signs takes such a claim for one of its own. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}

function checkIdentityClaim(value: unknown, name: string): string {
  return value === 'sub' ? value : checkOwnName(value, name, "'sub', or a name of yours");
}

function checkOwnName(value: unknown, name: string, example?: string): string {
  const claim = checkMemberName(value, name);
  if (!RESERVED_CLAIMS.has(claim) && !isInherited(claim)) return claim;
  throw reservedName(name, claim, example);
}

function reservedName(option: string, claim: string, example = 'a name such as user_claims') {
  return configError(option, describe(claim), `it has a meaning of its own: use ${example}`);
}

/** Exact strings only: the library that verifies skips the check for `''` and a `Set`, and does not anchor a `RegExp`. */
export function checkOneOrSeveral(value: unknown, name: string): string | readonly string[] {
  if (typeof value === 'string') return checkNonEmptyString(value, name);
  if (Array.isArray(value) && value.length > 0) return checkArray(value, name, checkNonEmptyString);
  throw configError(name, kindOf(value), 'give a string, or an array of strings that is not empty');
}

function checkAccepted(value: unknown, name: string): readonly string[] {
  return [checkOneOrSeveral(value, name)].flat();
}
