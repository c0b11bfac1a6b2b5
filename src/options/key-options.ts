import type { KeyObject } from 'node:crypto';
import type { Rows } from '../common/read-options.js';

/** One key of a ring, with the algorithm that it is bound to. */
export interface KeyInput {
  /** The key's id, which tokens have in their header (RFC 7515 section 4.1.4): printable ASCII, 256 characters at most. */
  kid: string;
  /** The only algorithm that the key signs and verifies with. */
  algorithm: Algorithm;
  /** The secret of an HMAC algorithm. */
  secret?: SecretInput;
  /** The signing half of a key pair; the current key needs it. */
  privateKey?: KeyPairInput;
  /** The verifying half of a key pair. */
  publicKey?: KeyPairInput;
  /** The passphrase of an encrypted `privateKey`. */
  passphrase?: string | Buffer;
  /** The moment from which tokens of this key are refused; the current key must not have one. */
  retireAt?: Date;
}

/**
 * Several keys at once, each with a key id, so that keys can be changed while tokens of the old ones stay valid.
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
  /** The key that signs, and that verifies tokens without a key id. */
  current: KeyInput;
  /** Keys that only verify: keys that will sign later, and former ones until they retire. */
  others?: readonly KeyInput[];
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

/** The keys that sign and verify. */
export interface KeyOptions {
  /**
   * The secret of the HMAC algorithms: at least 32 bytes for HS256, 48 for HS384, 64 for HS512 (RFC 7518 section 3.2).
   * Flask: `JWT_SECRET_KEY`.
   */
  secret?: SecretInput;
  /** The signing half of a key pair. Flask: `JWT_PRIVATE_KEY`. */
  privateKey?: KeyPairInput;
  /**
   * Decrypts an encrypted `privateKey`: PKCS#8 in PEM or DER form, or PEM in OpenSSL's old form. It is used once, when
   * the module starts. Flask has none.
   */
  passphrase?: string | Buffer;
  /** The verifying half of a key pair; with it alone, the service only verifies. Flask: `JWT_PUBLIC_KEY`. */
  publicKey?: KeyPairInput;
  /** The algorithm of new tokens; required with a key pair. Flask: `JWT_ALGORITHM`. @default 'HS256' with a secret */
  algorithm?: Algorithm;
  /** The accepted algorithms; `algorithm` is always one. Flask: `JWT_DECODE_ALGORITHMS`. @default [algorithm] */
  decodeAlgorithms?: readonly Algorithm[];
  /**
   * Accepts a short or well-known secret without a warning. Otherwise it is refused, unless `NODE_ENV` is `development`
   * or `test`: then it is warned about.
   * @default false
   */
  allowWeakSecret?: boolean;
}

/** The keys module checks these options; here only their names are known. */
export const KEY_ROWS = {
  secret: [unchecked],
  privateKey: [unchecked],
  passphrase: [unchecked],
  publicKey: [unchecked],
  algorithm: [unchecked],
  decodeAlgorithms: [unchecked],
  allowWeakSecret: [unchecked],
  keys: [unchecked],
} satisfies Rows<KeyOptions & { keys?: KeyRingOptions }>;

function unchecked(value: unknown): unknown {
  return value;
}
