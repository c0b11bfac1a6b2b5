import { holdsDerKey, isEncryptedDer } from './der-shape.js';
import { describeJwk } from './describe-jwk.js';
import { decodeBase64, keyText, parseJsonObject } from './key-text.js';

/** Base64 around base64 happens; deeper than that nobody wraps a key. */
const MAX_WRAPPINGS = 3;

/** Shorter words hold no recognizable part of a key. */
const MIN_WRAPPED_LENGTH = 16;

/**
 * What key material the bytes are or contain, in words, or undefined where they are none: PEM, DER,
 * OpenSSH and JWK, whole or cut short, quoted, escaped, in hexadecimal or base64. Whoever takes
 * such bytes for an HMAC secret shares that secret with everybody who knows the public key.
 */
export function recognizeKey(bytes: Buffer): string | undefined {
  return recognize(bytes, MAX_WRAPPINGS);
}

function recognize(bytes: Buffer, wrappings: number): string | undefined {
  const text = keyText(bytes);
  const found =
    recognizePem(text) ??
    recognizeOpenSsh(text, bytes) ??
    recognizeJwk(text) ??
    recognizeDer(bytes);
  if (found !== undefined || wrappings === 0) return found;
  for (const unwrapped of unwrap(text)) {
    const inside = recognize(unwrapped, wrappings - 1);
    if (inside !== undefined)
      return inside.endsWith('as text') ? inside : `${inside}, encoded as text`;
  }
  return undefined;
}

function recognizePem(text: string): string | undefined {
  const begin = text.indexOf('-----BEGIN');
  if (begin < 0) return text.includes('-----END') ? 'a piece of a PEM text' : undefined;
  const label = text.slice(begin + '-----BEGIN'.length, begin + 50);
  const cut = text.includes('-----END') ? '' : ', cut short';
  if (label.includes('OPENSSH'))
    return `an OpenSSH private key (ssh-keygen -p -m PKCS8 -f <file> converts it)${cut}`;
  if (label.includes('ENCRYPTED') || text.includes('Proc-Type: 4,ENCRYPTED')) {
    return `an encrypted private key in PEM form (openssl pkey -in <file> decrypts it)${cut}`;
  }
  if (label.includes('PRIVATE')) return `a private key in PEM form${cut}`;
  if (label.includes('PUBLIC')) return `a public key in PEM form${cut}`;
  return label.includes('CERTIFICATE')
    ? `a certificate in PEM form${cut}`
    : `a PEM text without a key${cut}`;
}

function recognizeOpenSsh(text: string, bytes: Buffer): string | undefined {
  if (bytes.includes('openssh-key-v1')) return 'an OpenSSH private key';
  // On the wire each name follows its length in four bytes (RFC 4253 section 6.6); base64 makes
  // AAAA of the zeros.
  const onTheWire = ['\0\0\0\u0007ssh-', '\0\0\0\u000bssh-', '\0\0\0\u0013ecdsa-'].some((name) =>
    bytes.includes(name),
  );
  const asText = /(?:ssh|ecdsa)-[a-z0-9-]{3,20}\s{1,8}AAAA/.test(text);
  return onTheWire || asText
    ? 'an OpenSSH public key (ssh-keygen -e -m PKCS8 -f <file> converts it)'
    : undefined;
}

function recognizeJwk(text: string): string | undefined {
  const whole = parseJsonObject(text);
  const described = whole && describeJwk(whole);
  if (described !== undefined) return described;
  return /["']?kty["']?\s{0,8}:/.test(text) ? 'a piece of a JWK' : undefined;
}

function recognizeDer(bytes: Buffer): string | undefined {
  if (isEncryptedDer(bytes)) return 'an encrypted private key in DER form';
  return holdsDerKey(bytes) ? 'a key or certificate in DER form' : undefined;
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
