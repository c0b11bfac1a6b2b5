import {
  createPrivateKey,
  createPublicKey,
  X509Certificate,
  type JsonWebKey,
  type KeyObject,
  type PrivateKeyInput,
} from 'node:crypto';
import { types } from 'node:util';
import { isEncryptedDer } from './der-shape.js';
import { isPrivateJwk } from './jwk-members.js';
import { keyText, parseJsonObject } from './key-text.js';
import { findKeyBlock } from './pem.js';

/** Half of a key pair as it was found, before anything is known of its fitness. */
export interface FoundKey {
  readonly key: KeyObject;
  /** Where the key was a JWK: what it says of itself. */
  readonly jwk?: JsonWebKey;
}

/** A private key that is encrypted. */
export interface LockedKey {
  /** The key in it; undefined with a wrong passphrase. */
  readonly open: (passphrase: string | Buffer) => KeyObject | undefined;
}

/** Whether only a passphrase brings the key to light. */
export function isLocked(found: FoundKey | LockedKey | undefined): found is LockedKey {
  return found !== undefined && 'open' in found;
}

/**
 * The half of a key pair that PEM, DER, a JWK or a `KeyObject` holds; undefined where there is
 * none. A private half comes out private: Node's own `createPublicKey` would quietly derive the
 * public half, and hide the mistake.
 */
export function readKey(input: unknown): FoundKey | LockedKey | undefined {
  if (types.isKeyObject(input)) return { key: input };
  if (typeof input === 'string') return readText(keyText(input));
  if (types.isUint8Array(input)) return readDer(Buffer.from(input)) ?? readText(keyText(input));
  return typeof input === 'object' && input !== null ? readJwk({ ...input }) : undefined;
}

function readText(text: string): FoundKey | LockedKey | undefined {
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

function readDer(der: Buffer): FoundKey | LockedKey | undefined {
  // All of them are a SEQUENCE; without this, PEM bytes would pass for the certificate they hold.
  if (der[0] !== 0x30) return undefined;
  if (isEncryptedDer(der)) return lockedKey({ key: der, format: 'der', type: 'pkcs8' });
  for (const structure of STRUCTURES) {
    const key = attempt(() => structure(der));
    if (key) return { key };
  }
  return undefined;
}

function lockedKey(input: PrivateKeyInput): LockedKey {
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
