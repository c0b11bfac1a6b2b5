import type { Algorithm, KeyPairInput, SecretInput } from './token-options.js';

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
