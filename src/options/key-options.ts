import type { KeyObject } from 'node:crypto';

/** One key of a ring, under the algorithm that it is bound to. */
export interface KeyInput {
  /** The key's id, which tokens name in their header (RFC 7515 section 4.1.4): printable ASCII, 256 characters at most. */
  kid: string;
  /** The one algorithm the key signs and verifies with. */
  algorithm: Algorithm;
  /** The secret of an HMAC algorithm. */
  secret?: SecretInput;
  /** The signing half of a key pair; the current key needs it. */
  privateKey?: KeyPairInput;
  /** The verifying half of a key pair. */
  publicKey?: KeyPairInput;
  /** What an encrypted `privateKey` is encrypted with. */
  passphrase?: string | Buffer;
  /** The moment from which tokens of this key are refused; the current key has none. */
  retireAt?: Date;
}

/**
 * Several keys at once, each with a key id: what it takes to change keys without logging anybody out.
 *
 * @example
 * ```ts
 * JwtExtendedModule.forRoot({
 *   keys: {
 *     current: { kid: '2026-11', algorithm: 'ES256', privateKey: process.env.JWT_PRIVATE_KEY },
 *     others: [{ kid: '2026-10', algorithm: 'ES256', publicKey: oldPublicKey, retireAt: new Date('2026-12-15') }],
 *   },
 * });
 * ```
 */
export interface KeyRingOptions {
  /** The key that signs, and that verifies tokens without a key id. Left out where only `jwksUri` verifies. */
  current?: KeyInput;
  /** Keys that only verify: announced ones that will sign later, and former ones until they retire. */
  others?: readonly KeyInput[];
  /** Another issuer's key set (RFC 7517), by https: it verifies tokens whose key id is not in the ring. */
  jwksUri?: string | URL;
}

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

/**
 * A JSON Web Key: the members of RFC 7517 and RFC 7518. A type of our own, since `@types/node` has one in `node:crypto`
 * up to version 24 only. An alias and no interface, so that Node's functions take it.
 */
export type JsonWebKey = {
  readonly kty?: string;
  readonly use?: string;
  readonly key_ops?: string[];
  readonly alg?: string;
  readonly kid?: string;
  readonly x5u?: string;
  readonly x5c?: string[];
  readonly x5t?: string;
  readonly 'x5t#S256'?: string;
  readonly ext?: boolean;
  readonly k?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
  readonly d?: string;
  readonly p?: string;
  readonly q?: string;
  readonly dp?: string;
  readonly dq?: string;
  readonly qi?: string;
  readonly oth?: unknown[];
};

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
