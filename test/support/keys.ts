import { createSecretKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';

/** A key pair. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export type Curve = 'P-256' | 'P-384' | 'P-521';

const pairs = new Map<string, KeyPair>();

/** An RSA pair of 2048 bits. It is generated once in a process for each name, because that is slow. */
export function rsaPair(name = 'first'): KeyPair {
  return remember(`rsa ${name}`, () => generateKeyPairSync('rsa', { modulusLength: 2048 }));
}

/** An RSA pair that is too short. */
export function shortRsaPair(): KeyPair {
  return remember('rsa short', () => generateKeyPairSync('rsa', { modulusLength: 1024 }));
}

/** An RSA pair bound to PSS, with or without a hash. */
export function rsaPssPair(hash?: 'sha256' | 'sha384', saltLength?: number): KeyPair {
  return remember(
    `pss ${hash} ${saltLength}`,
    () =>
      generateKeyPairSync('rsa-pss', {
        modulusLength: 2048,
        // Only Node's types require PEM encodings here.
        ...({ hashAlgorithm: hash, mgf1HashAlgorithm: hash, saltLength } as object),
      } as never) as unknown as KeyPair,
  );
}

/** An EC pair on a curve of JWTs, or on another one. */
export function ecPair(curve: Curve | 'secp256k1' = 'P-256', name = 'first'): KeyPair {
  return remember(`${curve} ${name}`, () => generateKeyPairSync('ec', { namedCurve: curve }));
}

/** An Ed25519 pair. */
export function ed25519Pair(name = 'first'): KeyPair {
  return remember(`ed25519 ${name}`, () => generateKeyPairSync('ed25519'));
}

/** Random text, long enough for every HMAC algorithm. */
export function strongSecret(): string {
  return randomBytes(64).toString('base64url');
}

/** A random secret as a `KeyObject`. */
export function strongSecretKey(): KeyObject {
  return createSecretKey(randomBytes(64));
}

/**
 * A self-signed certificate of a P-256 key, made by
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -days 36500`.
 */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIUCZpWVA1qPDsQMpEWymqbC/i5jh4wCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjEyMzI4MDRaGA8yMTI2MTAyODIzMjgw
NFowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLvr
YrCn5AFqfAhtRDRpuBW70w/Q7NECtTyN9BhxPOonDq/X/fngKtIzHwYzfv0IchwI
lbg8eUa3QXHLcGzLTKGjUzBRMB0GA1UdDgQWBBTlSk9jJz0TmDKU/V/+Gkmot5rW
ozAfBgNVHSMEGDAWgBTlSk9jJz0TmDKU/V/+Gkmot5rWozAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0gAMEUCIQDnjZojKVlMhzOVSOjNjVwvWBsXenv4BvVF
6UVMymdnjAIga9mTpRTSESGuiE/TTXrKh9Gi2plrUaGp0NsC7KJ+2jA=
-----END CERTIFICATE-----
`;

function remember(name: string, make: () => KeyPair): KeyPair {
  const pair = pairs.get(name) ?? make();
  pairs.set(name, pair);
  return pair;
}

/** Whether Node accepts Ed25519 keys of small order, whose signatures can be forged; version 24 does not. */
export const NODE_TAKES_SMALL_ORDER = Number(process.versions.node.split('.')[0]) < 24;
