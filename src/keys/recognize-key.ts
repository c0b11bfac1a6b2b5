import { types } from 'node:util';
import { JwtExtendedConfigError } from '../errors/config.error.js';
import { describeJwk } from './jwk.js';
import { decodeBase64, isBlank, keyText, parseJsonObject } from './pem.js';
import { isEncryptedDer, looksLikeDer } from './read-key.js';

/** An error that names the option and what its value looks like, never the value. */
export function unexpectedKey(
  where: string,
  input: unknown,
  expected: string,
): JwtExtendedConfigError {
  return new JwtExtendedConfigError(
    `${where} looks like ${describeKey(input)}; expected ${expected}`,
  );
}

/** Describes for a message what was given instead of a key, without any part of its value. */
function describeKey(input: unknown): string {
  if (typeof input === 'string') return describeText(input);
  if (types.isUint8Array(input)) {
    const bytes = Buffer.from(input);
    return isBlank(bytes) ? 'empty bytes' : (recognizeKey(bytes) ?? 'bytes without a key');
  }
  if (types.isKeyObject(input)) return `a ${input.type} KeyObject`;
  if (types.isCryptoKey(input)) return 'a CryptoKey (KeyObject.from converts it)';
  if (types.isPromise(input)) return 'a promise';
  if (Array.isArray(input)) return 'an array';
  if (input === undefined || input === null) return String(input);
  if (typeof input === 'object') return describeJwk(input) ?? 'an object that is not a JWK';
  return `a ${typeof input}`;
}

function describeText(text: string): string {
  if (isBlank(text)) return 'empty text';
  const recognized = recognizeKey(Buffer.from(text));
  if (recognized !== undefined) return recognized;
  const cleaned = keyText(text);
  if (/\.(?:pem|key|pub|crt|cer|der|json|jwk)$/.test(cleaned))
    return 'a file path (give the content of the file)';
  return decodeBase64(cleaned) === undefined
    ? 'plain text'
    : "base64 text (Buffer.from(text, 'base64') decodes it)";
}

/** Base64 in base64 happens; keys are not wrapped deeper than this. */
const MAX_WRAPPINGS = 3;

/** Shorter words contain no recognizable part of a key. */
const MIN_WRAPPED_LENGTH = 16;

/**
 * Describes the key material that the bytes are or contain: PEM, DER, OpenSSH and JWK, whole or cut short, quoted,
 * escaped, in hexadecimal or base64. Such bytes must not become an HMAC secret, because everyone who has the public key
 * would know it.
 */
export function recognizeKey(bytes: Buffer, wrappings = MAX_WRAPPINGS): string | undefined {
  const text = keyText(bytes);
  const found =
    recognizePem(text) ??
    recognizeOpenSsh(text, bytes) ??
    recognizeJwk(text) ??
    recognizeDer(bytes);
  if (found !== undefined || wrappings === 0) return found;
  for (const unwrapped of unwrap(text)) {
    const inside = recognizeKey(unwrapped, wrappings - 1);
    if (inside !== undefined)
      return inside.endsWith('as text') ? inside : `${inside}, encoded as text`;
  }
  return undefined;
}

function recognizePem(text: string): string | undefined {
  const begin = text.indexOf('-----BEGIN');
  if (begin < 0) return text.includes('-----END') ? 'part of a PEM text' : undefined;
  const label = text.slice(begin + '-----BEGIN'.length, begin + 50);
  const cut = text.includes('-----END') ? '' : ', cut short';
  if (label.includes('OPENSSH'))
    return `an OpenSSH private key (ssh-keygen -p -m PKCS8 -f <file> converts it)${cut}`;
  if (label.includes('ENCRYPTED') || text.includes('Proc-Type: 4,ENCRYPTED'))
    return `an encrypted private key in PEM form (openssl pkey -in <file> decrypts it)${cut}`;
  if (label.includes('PRIVATE')) return `a private key in PEM form${cut}`;
  if (label.includes('PUBLIC')) return `a public key in PEM form${cut}`;
  return label.includes('CERTIFICATE')
    ? `a certificate in PEM form${cut}`
    : `a PEM text without a key${cut}`;
}

function recognizeOpenSsh(text: string, bytes: Buffer): string | undefined {
  if (bytes.includes('openssh-key-v1')) return 'an OpenSSH private key';
  // In binary form, each name follows its length in four bytes (RFC 4253 section 6.6); in base64 the zeros are AAAA.
  const onTheWire = ['\0\0\0\u0007ssh-', '\0\0\0\u000bssh-', '\0\0\0\u0013ecdsa-'].some((name) =>
    bytes.includes(name),
  );
  const asText = /(?:ssh|ecdsa)-[a-z0-9-]{3,20}\s{1,8}AAAA/.test(text);
  return onTheWire || asText
    ? 'an OpenSSH public key (ssh-keygen -e -m PKCS8 -f <file> converts it)'
    : undefined;
}

function recognizeJwk(text: string): string | undefined {
  const part = /["']?kty["']?\s{0,8}:/.test(text) ? 'part of a JWK' : undefined;
  return describeJwk(parseJsonObject(text) ?? {}) ?? part;
}

function recognizeDer(bytes: Buffer): string | undefined {
  if (isEncryptedDer(bytes)) return 'an encrypted private key in DER form';
  return looksLikeDer(bytes) ? 'a key or certificate in DER form' : undefined;
}

function* unwrap(text: string): Generator<Buffer> {
  const words = text.split(/\s+/);
  for (const word of words.length > 1 ? [words.join(''), ...words] : words) {
    if (word.length < MIN_WRAPPED_LENGTH) continue;
    const decoded = /^(?:[0-9a-f]{2})+$/i.test(word)
      ? Buffer.from(word, 'hex')
      : decodeBase64(word);
    if (decoded !== undefined) yield decoded;
  }
}
