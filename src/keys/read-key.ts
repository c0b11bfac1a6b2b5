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

/** A private or public key before any check. */
export interface FoundKey {
  readonly key: KeyObject;
  /** The JWK that the key was read from, if it was one. */
  readonly jwk?: JsonWebKey;
}

export interface EncryptedKey {
  /** `undefined` if the passphrase is wrong. */
  readonly decrypt: (passphrase: string | Buffer) => KeyObject | undefined;
}

export function isEncrypted(found: FoundKey | EncryptedKey | undefined): found is EncryptedKey {
  return found !== undefined && 'decrypt' in found;
}

/**
 * The private or public key that PEM, DER, a JWK or a `KeyObject` holds. A private key comes out private: Node's own
 * `createPublicKey` would derive the public key from it, and hide the mistake.
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
  const { der, encrypted } = findKeyBlock(text) ?? {};
  if (encrypted !== undefined) return encryptedKey({ key: encrypted, format: 'pem' });
  return der && readDer(der);
}

function readJwk(jwk: JsonWebKey): FoundKey | undefined {
  const create = isPrivateJwk(jwk) ? createPrivateKey : createPublicKey;
  return attempt(() => ({ key: create({ key: jwk, format: 'jwk' }), jwk }));
}

/** The structures that hold keys; private ones first, because Node also reads a public key from them. */
const STRUCTURES: readonly ((der: Buffer) => KeyObject)[] = [
  (key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'pkcs1' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'sec1' }),
  (key) => createPublicKey({ key, format: 'der', type: 'spki' }),
  (key) => createPublicKey({ key, format: 'der', type: 'pkcs1' }),
  (key) => new X509Certificate(key).publicKey,
];

function readDer(der: Buffer): FoundKey | EncryptedKey | undefined {
  // Each structure is a SEQUENCE. Without this check, Node would read PEM bytes as the certificate in them.
  if (der[0] !== 0x30) return undefined;
  if (isEncryptedDer(der)) return encryptedKey({ key: der, format: 'der', type: 'pkcs8' });
  for (const structure of STRUCTURES) {
    const key = attempt(() => structure(der));
    if (key) return { key };
  }
  return undefined;
}

function encryptedKey(input: PrivateKeyInput): EncryptedKey {
  return { decrypt: (passphrase) => attempt(() => createPrivateKey({ ...input, passphrase })) };
}

/** Drops Node's own errors, because they may quote members of a JWK; the caller describes what is wrong. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** How an encrypted PKCS#8 key begins (RFC 5958 section 3): it names an algorithm of PKCS#5 or PKCS#12. */
const ENCRYPTED_BEGINNING =
  /^30(?:[0-7].|81..|82....)30(?:[0-7].|81..|82....)06(?:092a864886f70d0105|0a2a864886f70d010c01)/;

export function isEncryptedDer(bytes: Buffer): boolean {
  return ENCRYPTED_BEGINNING.test(bytes.toString('hex', 0, 24));
}

/**
 * Identifiers that every SPKI, PKCS#8, SEC1 and X.509 structure contains (RFC 3279, RFC 5480, RFC 8410). They are long
 * enough for random bytes not to contain them: five given bytes occur in one of ten thousand million secrets.
 */
const KEY_IDENTIFIERS = [
  '2a864886f70d01', // PKCS: RSA keys and signatures, encrypted private keys
  '2a8648ce3d', // ANSI X9.62: EC keys and signatures, P-256
  '06052b810400', // Certicom: P-384, P-521, secp256k1
  '2a8648ce38', // ANSI X9.57: DSA
  '300506032b65', // Ed25519, X25519, Ed448, X448
].map((hex) => Buffer.from(hex, 'hex'));

/**
 * How PKCS#1 and SEC1 begin, which have no identifier (RFC 8017 appendix A.1, RFC 5915): a SEQUENCE and in it a modulus
 * of 512, 1024 or more bits, or a version and then a modulus or scalar.
 */
const KEY_BEGINNING = /^30(?:[0-7].|81..|82....)(?:024100|02818100|0282....00|02010002|02010104)/;

/** Whether the bytes contain an ASN.1 key or certificate, whole or cut short: patterns find both, a parser would not. */
export function looksLikeDer(bytes: Buffer): boolean {
  return (
    KEY_IDENTIFIERS.some((identifier) => bytes.includes(identifier)) ||
    KEY_BEGINNING.test(bytes.toString('hex', 0, 16))
  );
}
