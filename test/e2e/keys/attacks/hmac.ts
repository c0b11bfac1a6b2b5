import { createHash, createHmac } from 'node:crypto';
import type { Algorithm } from '../../../../src/index.js';
import { SECRET } from '../../../support/forge.js';
import {
  type Family,
  inputOf,
  joined,
  signatureOf,
  tokensWith,
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
  const good = signatureOf(input, algorithm);
  const others = HASHES.filter((name) => name !== hash);
  const of = (signatures: Readonly<Record<string, Buffer>>) => ({
    twin: joined(input, mac(hash, SECRET, input)),
    forged: tokensWith(input, signatures),
  });

  return [
    [
      'a code that is truncated as in other protocols (RFC 2104 section 5)',
      () =>
        of({
          'to half': good.subarray(0, good.length / 2),
          'to 128 bits': good.subarray(0, 16),
          'to 96 bits': good.subarray(0, 12),
          'to 80 bits': good.subarray(0, 10),
          'to half, and filled with zeros': Buffer.concat([
            good.subarray(0, good.length / 2),
            Buffer.alloc(good.length / 2),
          ]),
        }),
    ],
    [
      'a code of another hash function',
      () => {
        const codes = others.map((name) => [name, mac(name, SECRET, input)] as const);
        const fitted = codes.map(([name, code]) => [
          `${name}, made to fit`,
          Buffer.concat([code, Buffer.alloc(64)]).subarray(0, good.length),
        ]);
        return of(Object.fromEntries([...codes, ...fitted]) as Record<string, Buffer>);
      },
    ],
    [
      'a code under a well-known key, or almost the right one (R4)',
      () => {
        const keys: Record<string, string | Buffer> = {
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
        const codes = Object.entries(keys).map(([what, key]) => [what, mac(hash, key, input)]);
        return of(Object.fromEntries(codes) as Record<string, Buffer>);
      },
    ],
    [
      'a digest without a key',
      () =>
        of({
          'of the text': digest(hash, input),
          'of the secret': digest(hash, SECRET),
          'of the secret and the text': digest(hash, SECRET, input),
          'of the text and the secret': digest(hash, input, SECRET),
          'with the text for a key and the secret for a text': mac(hash, input, SECRET),
        }),
    ],
    [
      'a code in another encoding',
      () =>
        of({
          'in hexadecimal': Buffer.from(good.toString('hex')),
          'in upper-case hexadecimal': Buffer.from(good.toString('hex').toUpperCase()),
          'in base64 twice': Buffer.from(good.toString('base64')),
          'in base64url twice': Buffer.from(good.toString('base64url')),
          'as UTF-8': Buffer.from(good.toString('latin1')),
        }),
    ],
  ];
}
