import type { Duration } from '../contracts/token.js';

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
