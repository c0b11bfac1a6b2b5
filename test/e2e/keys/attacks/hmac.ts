import { createHash, createHmac } from 'node:crypto';
import type { Algorithm } from '../../../../src/index.js';
import { SECRET } from '../../../support/forge.js';
import {
  BAD_SIGNATURE,
  byName,
  concat,
  familiesOf,
  type Family,
  inputOf,
  joined,
  mapped,
} from '../../../support/mutations.js';

type HmacAlgorithm = Extract<Algorithm, `HS${string}`>;

const HASHES = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-256', 'sha3-256'];

function mac(hash: string, key: string | Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}

function digest(hash: string, ...parts: readonly string[]): Buffer {
  return createHash(hash).update(parts.join('')).digest();
}

export function hmacAttacks(algorithm: HmacAlgorithm): readonly Family[] {
  const input = inputOf(algorithm);
  const hash = `sha${algorithm.slice(2)}`;
  const good = mac(hash, SECRET, input);
  const half = good.length / 2;
  const otherCodes = byName(
    HASHES.filter((name) => name !== hash),
    (name) => mac(name, SECRET, input),
  );
  const fitted = Object.entries(otherCodes).map(([name, code]) => [
    `${name}, made to fit`,
    concat(code, Buffer.alloc(64)).subarray(0, good.length),
  ]);
  const otherKeys: Record<string, string | Buffer> = {
    empty: '',
    'a zero': Buffer.alloc(1),
    'zeros of the length of the secret': Buffer.alloc(SECRET.length),
    'the word secret': 'secret',
    'the word null': 'null',
    'the word undefined': 'undefined',
    'the name of the algorithm': algorithm,
    'the secret with a line feed': `${SECRET}\n`,
    'the secret without its last character': SECRET.slice(0, -1),
    'the secret in lower case': SECRET.toLowerCase(),
    'the secret in quotes': `"${SECRET}"`,
    'the secret in hexadecimal': Buffer.from(SECRET).toString('hex'),
    'the secret in base64': Buffer.from(SECRET).toString('base64'),
    'what the secret would be in base64': Buffer.from(SECRET, 'base64'),
    'its half': SECRET.slice(0, 32),
  };

  return familiesOf(joined(input, good), BAD_SIGNATURE, {
    'a code that is truncated as in other protocols (RFC 2104 section 5)': {
      'to half': good.subarray(0, half),
      'to 128 bits': good.subarray(0, 16),
      'to 96 bits': good.subarray(0, 12),
      'to 80 bits': good.subarray(0, 10),
      'to half, and filled with zeros': concat(good.subarray(0, half), Buffer.alloc(half)),
    },
    'a code of another hash function': {
      ...otherCodes,
      ...(Object.fromEntries(fitted) as Record<string, Buffer>),
    },
    'a code under a well-known key, or almost the right one (R4)': mapped(otherKeys, (key) =>
      mac(hash, key, input),
    ),
    'a digest without a key': {
      'of the text': digest(hash, input),
      'of the secret': digest(hash, SECRET),
      'of the secret and the text': digest(hash, SECRET, input),
      'of the text and the secret': digest(hash, input, SECRET),
      'with the text for a key and the secret for a text': mac(hash, input, SECRET),
    },
    'a code in another encoding': {
      'in hexadecimal': Buffer.from(good.toString('hex')),
      'in upper-case hexadecimal': Buffer.from(good.toString('hex').toUpperCase()),
      'in base64 twice': Buffer.from(good.toString('base64')),
      'in base64url twice': Buffer.from(good.toString('base64url')),
      'as UTF-8': Buffer.from(good.toString('latin1')),
    },
  });
}
