import { createECDH, createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { Algorithm, JsonWebKey } from '../../../../src/index.js';
import {
  attackedKeys,
  BAD_SIGNATURE,
  byName,
  bytesOf,
  concat,
  der,
  familiesOf,
  type Family,
  inputOf,
  joined,
  mapped,
  numberOf,
  signatureOf,
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
  const hash = createHash(`sha${algorithm.slice(2)}`);
  return numberOf(hash.update(input).digest());
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
  const text = Buffer.from(input);
  const { signing: key } = attackedKeys(algorithm);
  const hash = `sha${algorithm.slice(2)}`;
  const hashes = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3-256'];
  const [r, s] = numbersOf(signatureOf(input, algorithm));
  const base = multiple(1n, curve);
  const largest = 2n ** BigInt(bytes * 8) - 1n;
  const numbers = (pairs: Readonly<Record<string, Numbers>>) =>
    mapped(pairs, (pair) => fixed(pair, curve));
  const sequence = der(0x30, integer(r), integer(s));
  const zeros = der(0x30, integer(0n), integer(0n));
  const nonceOfBob = signedWithNonce(7n, inputOf(algorithm, {}, { sub: 'bob' }), algorithm);

  return [
    // The twin is built from the valid numbers in the same way.
    ...familiesOf(joined(input, fixed([r, s], curve)), BAD_SIGNATURE, {
      'zero for r or s': numbers({ 'for both': [0n, 0n], 'for r': [0n, s], 'for s': [r, 0n] }),
      'the order of the group, or one beside it': numbers({
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
      'numbers that satisfy careless equations': numbers({
        'one and one': [1n, 1n],
        'one and zero': [1n, 0n],
        'zero and one': [0n, 1n],
        'the prime of the field for r': [field, s],
        'the prime of the field for both': [field, field],
        'the prime of the field less one for r': [field - 1n, s],
        'the largest there is for r': [largest, s],
        'the largest there is for s': [r, largest],
        'the largest there is for both': [largest, largest],
        "the base point's x for both": [base, base],
        'half the order': [order / 2n, order / 2n],
      }),
      'r and s in other roles': numbers({
        exchanged: [s, r],
        'r twice': [r, r],
        's twice': [s, s],
        'r for its negative': [order - r, s],
        'both for their negatives': [order - r, order - s],
        's for its inverse': [r, inverse(s, order)],
      }),
      'r and s in other lengths': {
        'a zero in front of each': fixed([r, s], { ...curve, bytes: bytes + 1 }),
        'a zero behind each': concat(bytesOf(r << 8n, bytes + 1), bytesOf(s << 8n, bytes + 1)),
        'r alone': bytesOf(r, bytes),
        's alone': bytesOf(s, bytes),
        'r, s and s': concat(...[r, s, s].map((number) => bytesOf(number, bytes))),
        'as long as those of the next curve': fixed([r, s], { ...curve, bytes: 72 }),
        'as text in hexadecimal': Buffer.from(fixed([r, s], curve).toString('hex')),
        'without the leading zero of r': withLeadingZero(algorithm, 0).subarray(1),
      },
      'DER, which is not the form in tokens (RFC 7518 section 3.4)': {
        'as Node signs it': sign(hash, text, key),
        'of the twin': sequence,
        'with a zero too many in r': der(0x30, integer(r, 1), integer(s)),
        'with its length in the long form': concat(
          Buffer.of(0x30, 0x82, 0, sequence.length - 2),
          sequence.subarray(2),
        ),
        'without its length': concat(
          Buffer.of(0x30, 0x80),
          integer(r),
          integer(s),
          Buffer.alloc(2),
        ),
        'with zeros behind': concat(sequence, Buffer.alloc(8)),
        'cut to the right length': sequence.subarray(0, bytes * 2),
        'of zero and zero': zeros,
        'of zero and zero, filled up to the right length': concat(
          zeros,
          Buffer.alloc(bytes * 2 - 8),
        ),
      },
      'the digest of another hash function': byName(
        hashes.filter((name) => name !== hash),
        (name) => sign(name, text, { key, dsaEncoding: 'ieee-p1363' }),
      ),
    }),
    ...familiesOf(
      joined(input, fixed(signedWithNonce(7n, input, algorithm), curve)),
      BAD_SIGNATURE,
      {
        'the signature of another token with the same nonce': {
          'with its r and s': fixed(nonceOfBob, curve),
        },
      },
    ),
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

/** Signatures that look odd and are valid. */
export function oddSignatures(algorithm: EcAlgorithm): Record<string, () => Buffer> {
  const curve = CURVES[algorithm];
  const input = inputOf(algorithm);
  const withNonce = (nonce: bigint) => fixed(signedWithNonce(nonce, input, algorithm), curve);
  return {
    'r begins with a zero': () => withLeadingZero(algorithm, 0),
    's begins with a zero': () => withLeadingZero(algorithm, 1),
    'the nonce is one': () => withNonce(1n),
    'the nonce is the largest': () => withNonce(curve.order - 1n),
    's is its mirror image, which can be made without the key (F12)': () => {
      const [r, s] = numbersOf(signatureOf(input, algorithm));
      return fixed([r, curve.order - s], curve);
    },
  };
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
