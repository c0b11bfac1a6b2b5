import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  type PrivateKeyInput,
  X509Certificate,
} from 'node:crypto';
import { types } from 'node:util';
import type { JsonWebKey } from '../options/key-options.js';
import { isPrivateJwk } from './jwk.js';
import { findKeyBlock, keyText, parseJsonObject } from './pem.js';

/**
 * Identifiers that stand in every SPKI, PKCS#8, SEC1 and X.509 structure (RFC 3279, RFC 5480, RFC
 * 8410). They are long enough that random bytes do not hold them: five bytes by chance are one
 * secret in ten thousand million.
 */
const KEY_IDENTIFIERS = [
  '2a864886f70d01', // PKCS: RSA keys and signatures, encrypted private keys
  '2a8648ce3d', // ANSI X9.62: EC keys and signatures, P-256
  '06052b810400', // Certicom: P-384, P-521, secp256k1
  '2a8648ce38', // ANSI X9.57: DSA
  '300506032b65', // Ed25519, X25519 and their 448 bit kin
].map(fromHex);

/**
 * How PKCS#1 and SEC1 begin, which need no identifier (RFC 8017 appendix A.1, RFC 5915): a SEQUENCE
 * and in it a modulus of 512, 1024 or more bits, or a version and then modulus or scalar.
 */
const KEY_BEGINNING = /^30(?:[0-7].|81..|82....)(?:024100|02818100|0282....00|02010002|02010104)/;

/**
 * Whether bytes hold an ASN.1 key or certificate, whole or cut short. Shapes are compared and
 * nothing is parsed: of a truncated public key, too, everybody knows every byte.
 */
export function looksLikeDer(bytes: Buffer): boolean {
  return (
    KEY_IDENTIFIERS.some((identifier) => bytes.includes(identifier)) ||
    KEY_BEGINNING.test(bytes.toString('hex', 0, 16))
  );
}

/**
 * How PKCS#8 begins where the key in it is encrypted (RFC 5958 section 3): a SEQUENCE, and in it
 * one that names an algorithm of PKCS#5 or PKCS#12.
 */
const ENCRYPTED_BEGINNING =
  /^30(?:[0-7].|81..|82....)30(?:[0-7].|81..|82....)06(?:092a864886f70d0105|0a2a864886f70d010c01)/;

/** Whether bytes are a private key that only a passphrase opens. */
export function isEncryptedDer(bytes: Buffer): boolean {
  return ENCRYPTED_BEGINNING.test(bytes.toString('hex', 0, 24));
}

function fromHex(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

/** Half of a key pair as it was found, before anything is known of its fitness. */
export interface FoundKey {
  readonly key: KeyObject;
  /** Where the key was a JWK: what it says of itself. */
  readonly jwk?: JsonWebKey;
}

/** A private key that is encrypted. */
export interface EncryptedKey {
  /** The key in it; undefined with a wrong passphrase. */
  readonly open: (passphrase: string | Buffer) => KeyObject | undefined;
}

/** Whether only a passphrase brings the key to light. */
export function isLocked(found: FoundKey | EncryptedKey | undefined): found is EncryptedKey {
  return found !== undefined && 'open' in found;
}

/**
 * The half of a key pair that PEM, DER, a JWK or a `KeyObject` holds; undefined where there is
 * none. A private half comes out private: Node's own `createPublicKey` would quietly derive the
 * public half, and hide the mistake.
 */
export function readKey(input: unknown): FoundKey | EncryptedKey | undefined {
  if (types.isKeyObject(input)) return { key: input };
  if (typeof input === 'string') return readText(keyText(input));
  if (types.isUint8Array(input)) return readDer(Buffer.from(input)) ?? readText(keyText(input));
  return typeof input === 'object' && input !== null ? readJwk({ ...input }) : undefined;
}

function readText(text: string): FoundKey | EncryptedKey | undefined {
  const jwk = parseJsonObject(text);
  if (jwk) return readJwk(jwk);
  const { der, legacy } = findKeyBlock(text) ?? {};
  if (legacy !== undefined) return lockedKey({ key: legacy, format: 'pem' });
  return der && readDer(der);
}

function readJwk(jwk: JsonWebKey): FoundKey | undefined {
  const create = isPrivateJwk(jwk) ? createPrivateKey : createPublicKey;
  return attempt(() => ({ key: create({ key: jwk, format: 'jwk' }), jwk }));
}

/**
 * The structures that hold keys. Private ones first, for Node would read a private one as the
 * public half in it.
 */
const STRUCTURES: readonly ((der: Buffer) => KeyObject)[] = [
  (key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'pkcs1' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'sec1' }),
  (key) => createPublicKey({ key, format: 'der', type: 'spki' }),
  (key) => createPublicKey({ key, format: 'der', type: 'pkcs1' }),
  (key) => new X509Certificate(key).publicKey,
];

function readDer(der: Buffer): FoundKey | EncryptedKey | undefined {
  // All of them are a SEQUENCE; without this, PEM bytes would pass for the certificate they hold.
  if (der[0] !== 0x30) return undefined;
  if (isEncryptedDer(der)) return lockedKey({ key: der, format: 'der', type: 'pkcs8' });
  for (const structure of STRUCTURES) {
    const key = attempt(() => structure(der));
    if (key) return { key };
  }
  return undefined;
}

function lockedKey(input: PrivateKeyInput): EncryptedKey {
  return { open: (passphrase) => attempt(() => createPrivateKey({ ...input, passphrase })) };
}

/**
 * The importer then says what the thing looks like. Node's own errors may quote members of a JWK,
 * so they end here.
 */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
