import type { KeyObject } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import type { Duration } from '../contracts/token.js';

/** The signature algorithms (RFC 7518 section 3.1); EdDSA with Ed25519 keys (RFC 8037 section 3.1). */
export type Algorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA';

/** A secret: text or bytes, a secret `KeyObject`, or a JWK of kind `oct` (RFC 7518 section 6.4). */
export type SecretInput = string | Buffer | KeyObject | JsonWebKey;

/** Half of a key pair: PEM text, DER or PEM bytes, a JWK or a `KeyObject`. */
export type KeyPairInput = string | Buffer | KeyObject | JsonWebKey;

/** Which keys sign and verify. */
export interface KeyOptions {
  /**
   * The secret of the HMAC algorithms: at least 32 bytes for HS256, 48 for HS384, 64 for HS512 (RFC 7518 section 3.2).
   * Flask: `JWT_SECRET_KEY`.
   */
  secret?: SecretInput;
  /** The signing half of a key pair. Flask: `JWT_PRIVATE_KEY`. */
  privateKey?: KeyPairInput;
  /**
   * What decrypts `privateKey`, where it is encrypted: PKCS#8 in PEM or DER form, or PEM in OpenSSL's old form. It is
   * used once, when the module starts. Flask has none.
   */
  passphrase?: string | Buffer;
  /** The verifying half of a key pair; alone, it makes a service that only verifies. Flask: `JWT_PUBLIC_KEY`. */
  publicKey?: KeyPairInput;
  /**
   * What new tokens are signed with. Required with a key pair. Flask: `JWT_ALGORITHM`.
   *
   * @default 'HS256' with a secret
   */
  algorithm?: Algorithm;
  /**
   * What tokens may be signed with; `algorithm` is always among them. Flask: `JWT_DECODE_ALGORITHMS`.
   *
   * @default [algorithm]
   */
  decodeAlgorithms?: readonly Algorithm[];
  /**
   * Accepts a short or well-known secret without a word, in production too.
   *
   * @default false
   */
  allowWeakSecret?: boolean;
}

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
