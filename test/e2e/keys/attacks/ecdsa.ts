import { createECDH, createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { Algorithm, JsonWebKey } from '../../../../src/index.js';
import {
  attackedKeys,
  bytesOf,
  der,
  type Family,
  inputOf,
  joined,
  numberOf,
  signatureOf,
  tokensWith,
} from '../../../support/mutations.js';

type EcAlgorithm = Extract<Algorithm, `ES${string}`>;

/** A curve: its names, the bytes of a coordinate, its field and the order of its group (SP 800-186 section 3.2.1). */
interface Curve {
  readonly name: string;
  readonly jwk: string;
  readonly bytes: number;
  readonly field: bigint;
  readonly order: bigint;
}

const CURVES: Readonly<Record<EcAlgorithm, Curve>> = {
  ES256: {
    name: 'prime256v1',
    jwk: 'P-256',
    bytes: 32,
    field: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    order: BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'),
  },
  ES384: {
    name: 'secp384r1',
    jwk: 'P-384',
    bytes: 48,
    field: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    order: BigInt(
      '0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
    ),
  },
  ES512: {
    name: 'secp521r1',
    jwk: 'P-521',
    bytes: 66,
    field: 2n ** 521n - 1n,
    order:
      2n ** 521n -
      2n ** 264n +
      BigInt('0xfa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409'),
  },
};

/** A signature's two numbers (FIPS 186-5 section 6.4.1). */
type Numbers = readonly [r: bigint, s: bigint];

function numbersOf(signature: Buffer): Numbers {
  const half = signature.length / 2;
  return [numberOf(signature.subarray(0, half)), numberOf(signature.subarray(half))];
}

function fixed(numbers: Numbers, { bytes }: Curve): Buffer {
  return Buffer.concat(numbers.map((number) => bytesOf(number, bytes)));
}

/** A non-negative INTEGER of DER, with a leading zero if it would look negative. */
function integer(number: bigint, zeros = 0): Buffer {
  const hex = number.toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  const sign = bytes.readUInt8(0) >= 0x80 ? 1 : 0;
  return der(0x02, Buffer.alloc(sign + zeros), bytes);
}

/** By Fermat's little theorem. */
function inverse(number: bigint, modulus: bigint): bigint {
  let [result, base, exponent] = [1n, number % modulus, modulus - 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % modulus;
    base = (base * base) % modulus;
  }
  return result;
}

function hashNumber(input: string, algorithm: EcAlgorithm): bigint {
  return numberOf(
    createHash(`sha${algorithm.slice(2)}`)
      .update(input)
      .digest(),
  );
}

/** The x of a multiple of the curve's base point. */
function multiple(factor: bigint, { name, bytes }: Curve): bigint {
  const ecdh = createECDH(name);
  ecdh.setPrivateKey(bytesOf(factor, bytes));
  return numberOf(ecdh.getPublicKey().subarray(1, bytes + 1));
}

/** A signature with a chosen nonce. */
function signedWithNonce(nonce: bigint, input: string, algorithm: EcAlgorithm): Numbers {
  const curve = CURVES[algorithm];
  const { d = '' } = attackedKeys(algorithm).signing.export({ format: 'jwk' });
  const r = multiple(nonce, curve) % curve.order;
  const product = r * numberOf(Buffer.from(d, 'base64url'));
  const s = (inverse(nonce, curve.order) * (hashNumber(input, algorithm) + product)) % curve.order;
  return [r, s];
}

/** The private key under which a signature of the text has this s, with the x of the base point as its r. */
function keySigningAs(s: bigint, input: string, algorithm: EcAlgorithm): JsonWebKey {
  const curve = CURVES[algorithm];
  const { order, bytes } = curve;
  const r = multiple(1n, curve) % order;
  const difference = (((s - hashNumber(input, algorithm)) % order) + order) % order;
  const d = bytesOf((difference * inverse(r, order)) % order, bytes);
  const ecdh = createECDH(curve.name);
  ecdh.setPrivateKey(d);
  const point = ecdh.getPublicKey();
  const text = (part: Buffer) => part.toString('base64url');
  const x = text(point.subarray(1, bytes + 1));
  return { kty: 'EC', crv: curve.jwk, x, y: text(point.subarray(bytes + 1)), d: text(d) };
}

export function ecdsaAttacks(algorithm: EcAlgorithm): readonly Family[] {
  const curve = CURVES[algorithm];
  const { bytes, order, field } = curve;
  const input = inputOf(algorithm);
  const { signing } = attackedKeys(algorithm);
  const [r, s] = numbersOf(signatureOf(input, algorithm));
  const largest = 2n ** BigInt(bytes * 8) - 1n;
  /** The twin is built from the valid numbers in the same way. */
  const numbers = (pairs: Readonly<Record<string, Numbers>>) => ({
    twin: joined(input, fixed([r, s], curve)),
    forged: tokensWith(
      input,
      Object.fromEntries(Object.entries(pairs).map(([what, pair]) => [what, fixed(pair, curve)])),
    ),
  });

  return [
    [
      'zero for r or s',
      () => numbers({ 'for both': [0n, 0n], 'for r': [0n, s], 'for s': [r, 0n] }),
    ],
    [
      'the order of the group, or one beside it',
      () =>
        numbers({
          'for both': [order, order],
          'for r': [order, s],
          'for s': [r, order],
          'less one for both': [order - 1n, order - 1n],
          'less one for r': [order - 1n, s],
          'less one for s': [r, order - 1n],
          'plus one for both': [order + 1n, order + 1n],
          'plus one for r': [order + 1n, s],
          'plus one for s': [r, order + 1n],
          'for r, and zero for s': [order, 0n],
          'for s, and zero for r': [0n, order],
        }),
    ],
    [
      'numbers that satisfy careless equations',
      () =>
        numbers({
          'one and one': [1n, 1n],
          'one and zero': [1n, 0n],
          'zero and one': [0n, 1n],
          'the prime of the field for r': [field, s],
          'the prime of the field for both': [field, field],
          'the prime of the field less one for r': [field - 1n, s],
          'the largest there is for r': [largest, s],
          'the largest there is for s': [r, largest],
          'the largest there is for both': [largest, largest],
          "the base point's x for both": [multiple(1n, curve), multiple(1n, curve)],
          'half the order': [order / 2n, order / 2n],
        }),
    ],
    [
      'r and s in other roles',
      () =>
        numbers({
          exchanged: [s, r],
          'r twice': [r, r],
          's twice': [s, s],
          'r for its negative': [order - r, s],
          'both for their negatives': [order - r, order - s],
          's for its inverse': [r, inverse(s, order)],
        }),
    ],
    [
      'r and s in other lengths',
      () => ({
        twin: joined(input, fixed([r, s], curve)),
        forged: tokensWith(input, {
          'a zero in front of each': fixed([r, s], { ...curve, bytes: bytes + 1 }),
          'a zero behind each': Buffer.concat([
            bytesOf(r << 8n, bytes + 1),
            bytesOf(s << 8n, bytes + 1),
          ]),
          'r alone': bytesOf(r, bytes),
          's alone': bytesOf(s, bytes),
          'r, s and s': Buffer.concat([r, s, s].map((number) => bytesOf(number, bytes))),
          'as long as those of the next curve': fixed([r, s], { ...curve, bytes: 72 }),
          'as text in hexadecimal': Buffer.from(fixed([r, s], curve).toString('hex')),
          'without the leading zero of r': withoutLeadingZero(algorithm, 0),
        }),
      }),
    ],
    [
      'DER, which is not the form in tokens (RFC 7518 section 3.4)',
      () => {
        const sequence = der(0x30, integer(r), integer(s));
        const whole = sign(`sha${algorithm.slice(2)}`, Buffer.from(input), signing);
        return {
          twin: joined(input, fixed([r, s], curve)),
          forged: tokensWith(input, {
            'as Node signs it': whole,
            'of the twin': sequence,
            'with a zero too many in r': der(0x30, integer(r, 1), integer(s)),
            'with its length in the long form': Buffer.concat([
              Buffer.of(0x30, 0x82, 0, sequence.length - 2),
              sequence.subarray(2),
            ]),
            'without its length': Buffer.concat([
              Buffer.of(0x30, 0x80),
              integer(r),
              integer(s),
              Buffer.alloc(2),
            ]),
            'with zeros behind': Buffer.concat([sequence, Buffer.alloc(8)]),
            'cut to the right length': sequence.subarray(0, bytes * 2),
            'of zero and zero': der(0x30, integer(0n), integer(0n)),
            'of zero and zero, filled up to the right length': Buffer.concat([
              der(0x30, integer(0n), integer(0n)),
              Buffer.alloc(bytes * 2 - 8),
            ]),
          }),
        };
      },
    ],
    [
      'the digest of another hash function',
      () => {
        const hashes = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3-256'];
        const others = hashes.filter((hash) => hash !== `sha${algorithm.slice(2)}`);
        const signatures = others.map((hash) => [
          hash,
          sign(hash, Buffer.from(input), { key: signing, dsaEncoding: 'ieee-p1363' }),
        ]);
        return {
          twin: joined(input, signatureOf(input, algorithm)),
          forged: tokensWith(input, Object.fromEntries(signatures) as Record<string, Buffer>),
        };
      },
    ],
    [
      'the signature of another token with the same nonce',
      () => {
        const other = signedWithNonce(7n, inputOf(algorithm, {}, { sub: 'bob' }), algorithm);
        return {
          twin: joined(input, fixed(signedWithNonce(7n, input, algorithm), curve)),
          forged: tokensWith(input, { 'with its r and s': fixed(other, curve) }),
        };
      },
    ],
  ];
}

/** A valid signature in which one number begins with a zero, as in one of 256; on P-521, in almost every one. */
function withLeadingZero(algorithm: EcAlgorithm, index: 0 | 1): Buffer {
  const input = inputOf(algorithm);
  const { bytes } = CURVES[algorithm];
  for (;;) {
    const signature = signatureOf(input, algorithm);
    if (signature[index * bytes] === 0) return signature;
  }
}

function withoutLeadingZero(algorithm: EcAlgorithm, index: 0 | 1): Buffer {
  const signature = withLeadingZero(algorithm, index);
  const { bytes } = CURVES[algorithm];
  const at = index * bytes;
  return Buffer.concat([signature.subarray(0, at), signature.subarray(at + 1)]);
}

/** Signatures that look odd and are valid. */
export function oddSignatures(
  algorithm: EcAlgorithm,
): readonly (readonly [what: string, make: () => Buffer])[] {
  const curve = CURVES[algorithm];
  const input = inputOf(algorithm);
  return [
    ['r begins with a zero', () => withLeadingZero(algorithm, 0)],
    ['s begins with a zero', () => withLeadingZero(algorithm, 1)],
    ['the nonce is one', () => fixed(signedWithNonce(1n, input, algorithm), curve)],
    [
      'the nonce is the largest',
      () => fixed(signedWithNonce(curve.order - 1n, input, algorithm), curve),
    ],
    [
      's is its mirror image, which can be made without the key (F12)',
      () => {
        const [r, s] = numbersOf(signatureOf(input, algorithm));
        return fixed([r, curve.order - s], curve);
      },
    ],
  ];
}

/** Keys under which the token's signature has an extreme s, that signature, and another one, which is invalid. */
export function extremeSignatures(algorithm: EcAlgorithm) {
  const curve = CURVES[algorithm];
  const input = inputOf(algorithm);
  const r = multiple(1n, curve) % curve.order;
  const values = { one: 1n, two: 2n, 'the largest': curve.order - 1n };
  return Object.entries(values).map(([what, s]) => {
    const key = keySigningAs(s, input, algorithm);
    const privateKey = createPrivateKey({ key, format: 'jwk' });
    const publicKey = createPublicKey(privateKey);
    const options = { secret: undefined, privateKey, publicKey, algorithm };
    return { what, options, valid: fixed([r, s], curve), invalid: fixed([r, 3n], curve) };
  });
}
