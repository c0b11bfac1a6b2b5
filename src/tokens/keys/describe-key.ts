import { types } from 'node:util';
import { describeJwk } from './describe-jwk.js';
import { decodeBase64, isBlank, keyText } from './key-text.js';
import { recognizeKey } from './recognize-key.js';

/**
 * What was given for a key looks like this. Made for messages, so nothing of the value is in it.
 */
export function describeKey(input: unknown): string {
  if (typeof input === 'string') return describeText(input);
  if (types.isUint8Array(input)) return describeBytes(Buffer.from(input));
  if (types.isKeyObject(input)) return `a ${input.type} KeyObject`;
  if (types.isCryptoKey(input)) return 'a CryptoKey (KeyObject.from makes a KeyObject of it)';
  if (types.isPromise(input)) return 'a promise';
  if (Array.isArray(input)) return 'an array';
  if (input === undefined || input === null) return String(input);
  if (typeof input === 'object') return describeJwk(input) ?? 'an object that is no JWK';
  return `a ${typeof input}`;
}

function describeText(text: string): string {
  if (isBlank(text)) return 'empty text';
  const recognized = recognizeKey(Buffer.from(text));
  if (recognized !== undefined) return recognized;
  const cleaned = keyText(text);
  if (/\.(?:pem|key|pub|crt|cer|der|json|jwk)$/.test(cleaned))
    return 'the path of a file (give what the file holds)';
  return decodeBase64(cleaned) === undefined
    ? 'plain text'
    : "base64 text (Buffer.from(text, 'base64') decodes it)";
}

function describeBytes(bytes: Buffer): string {
  return isBlank(bytes) ? 'empty bytes' : (recognizeKey(bytes) ?? 'bytes that hold no key');
}
