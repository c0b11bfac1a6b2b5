import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import {
  attackedKeys,
  BAD_SIGNATURE,
  byName,
  concat,
  familiesOf,
  type Family,
  inputOf,
  joined,
  mapped,
  signatureOf,
  withByte,
} from '../../../support/mutations.js';
import { NODE_TAKES_SMALL_ORDER } from '../../../support/keys.js';

/** The order of the group (RFC 8032 section 5.1). */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const IDENTITY = `01${'00'.repeat(31)}`;

/** Points that eight additions bring back to zero, also with the sign bit, and written as p, p + 1 and so on. */
const SMALL_POINTS: Readonly<Record<string, string>> = {
  'of order 2': `ec${'ff'.repeat(30)}7f`,
  'of order 4': '00'.repeat(32),
  'of order 4, the other one': `${'00'.repeat(31)}80`,
  'of order 8': '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'of order 8, the second one': '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'of order 8, the third one': 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'of order 8, the fourth one': 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'of order 4, written as p': `ed${'ff'.repeat(30)}7f`,
  'of order 4, written as p with a sign': `ed${'ff'.repeat(30)}ff`,
  'of order 1, written as p + 1': `ee${'ff'.repeat(30)}7f`,
  'of order 1, written as p + 1 with a sign': `ee${'ff'.repeat(30)}ff`,
  'of order 1, written with a sign': `01${'00'.repeat(30)}80`,
  'of order 2, written with a sign': `ec${'ff'.repeat(30)}ff`,
};

function numberOf(littleEndian: Buffer): bigint {
  return BigInt(`0x${Buffer.from(littleEndian).reverse().toString('hex')}`);
}

function bytesOf(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(64, '0'), 'hex').reverse();
}

function memberOf(key: KeyObject, name: 'x' | 'd'): Buffer {
  return Buffer.from(String(key.export({ format: 'jwk' })[name]), 'base64url');
}

/** The S for an R whose logarithm is zero; it needs the private key (RFC 8032 section 5.1.6). */
function matching(point: Buffer, input: string, { signing, verifying } = attackedKeys('EdDSA')) {
  const scalar = createHash('sha512').update(memberOf(signing, 'd')).digest().subarray(0, 32);
  scalar.writeUInt8(scalar.readUInt8(0) & 0xf8, 0);
  scalar.writeUInt8((scalar.readUInt8(31) & 0x3f) | 0x40, 31);
  const challenge = createHash('sha512').update(point).update(memberOf(verifying, 'x'));
  const factor = numberOf(challenge.update(input).digest());
  return concat(point, bytesOf((factor * numberOf(scalar)) % ORDER));
}

export function eddsaAttacks(): readonly Family[] {
  const { signing, verifying } = attackedKeys('EdDSA');
  const input = inputOf('EdDSA');
  const good = signatureOf(input, 'EdDSA');
  const [r, s] = [good.subarray(0, 32), good.subarray(32)];
  const twin = joined(input, good);
  const small = (make: (point: Buffer) => Buffer) =>
    mapped(SMALL_POINTS, (hex) => make(Buffer.from(hex, 'hex')));
  const withS = (number: bigint) => concat(r, bytesOf(number));
  const mirrored = withByte(r, 31, (byte) => byte ^ 0x80);
  const hashed = (hash: string) => createHash(hash).update(input).digest();
  const ofEd448 = sign(null, Buffer.from(input), generateKeyPairSync('ed448').privateKey);
  const times = Array.from({ length: 14 }, (_, index) => `the order ${index + 1} times more`);

  return [
    ...familiesOf(twin, BAD_SIGNATURE, {
      'an S beyond the order of the group, which would make several signatures from one': {
        ...byName(times, (name) => withS(numberOf(s) + ORDER * BigInt(times.indexOf(name) + 1))),
        'its highest bit set': withS(numberOf(s) | (1n << 255n)),
        'its second highest bit set': withS(numberOf(s) | (1n << 254n)),
        'its third highest bit set': withS(numberOf(s) | (1n << 253n)),
        'the order itself': withS(ORDER),
        'the largest there is': withS(2n ** 256n - 1n),
      },
      'an S that is another number': {
        zero: withS(0n),
        one: withS(1n),
        'one more': withS((numberOf(s) + 1n) % ORDER),
        'its negative': withS(ORDER - numberOf(s)),
        'the order less one': withS(ORDER - 1n),
        'its bytes backwards': concat(r, Buffer.from(s).reverse()),
      },
      'an R of small order, or not in canonical form, with the S of the twin': small((point) =>
        concat(point, s),
      ),
      'an R of small order, or not in canonical form, with an S of zero': small((point) =>
        concat(point, Buffer.alloc(32)),
      ),
      'an R that is another point': {
        'its mirror image': concat(mirrored, s),
        'its mirror image, with the negative S': concat(mirrored, bytesOf(ORDER - numberOf(s))),
        'the public key': concat(memberOf(verifying, 'x'), s),
        'not a point': concat(Buffer.alloc(32, 0x02), s),
        'S in its place': concat(s, r),
      },
      'a signature of a digest, or of another curve': {
        'of its SHA-512': sign(null, hashed('sha512'), signing),
        'of its SHA-256': sign(null, hashed('sha256'), signing),
        'of Ed448': ofEd448,
        'of Ed448, cut to the right length': ofEd448.subarray(0, 64),
      },
    }),
    ...familiesOf(
      // With zero itself, in its canonical form, the equation holds: a holder of the private key may sign like this.
      NODE_TAKES_SMALL_ORDER ? joined(input, matching(Buffer.from(IDENTITY, 'hex'), input)) : twin,
      BAD_SIGNATURE,
      {
        'an R of small order with the S of zero, which a cofactored verifier would accept': small(
          (point) => matching(point, input),
        ),
      },
    ),
  ];
}
