import { constants, createHash, privateEncrypt, sign } from 'node:crypto';
import type { Algorithm } from '../../../../src/index.js';
import {
  attackedKeys,
  BAD_SIGNATURE,
  byName,
  bytesOf,
  concat,
  familiesOf,
  type Family,
  inputOf,
  joined,
  mapped,
  numberOf,
} from '../../../support/mutations.js';

type PssAlgorithm = Extract<Algorithm, `PS${string}`>;

const BYTES = 256;
const HASHES = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-256', 'sha3-256'];

/** EMSA-PSS (RFC 8017 section 9.1.1) for 2048 bits, with replaceable parts. */
interface Encoding {
  readonly hash: string;
  /** Of the text alone. */
  readonly textHash?: string;
  readonly maskHash?: string;
  readonly salt?: Buffer;
  readonly zeros?: number;
  readonly separator?: number;
  /** Replaces the first byte of the padding. */
  readonly padding?: number;
  readonly trailer?: number;
  /** Keeps the bit above the modulus. */
  readonly highBit?: boolean;
}

function digest(hash: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const state = createHash(hash);
  for (const part of parts) state.update(part);
  return state.digest();
}

/** A salt that is the same in every run. */
function saltOf(length: number, name = 0): Buffer {
  return mask('sha512', Buffer.from(`salt ${name}`), length);
}

/** MGF1 (RFC 8017 section B.2.1). */
function mask(hash: string, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; Buffer.concat(blocks).length < length; counter++) {
    blocks.push(digest(hash, seed, bytesOf(BigInt(counter), 4)));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function encoded(input: string, parts: Encoding): Buffer {
  const { hash, textHash = hash, maskHash = hash } = parts;
  const { separator = 1, trailer = 0xbc, zeros = 8 } = parts;
  const { salt = saltOf(digest(hash).length), padding = 0, highBit = false } = parts;
  const sealOf = digest(hash, Buffer.alloc(zeros), digest(textHash, input), salt);
  const data = Buffer.alloc(BYTES - sealOf.length - 1);
  data.writeUInt8(padding, 0);
  data.writeUInt8(separator, data.length - salt.length - 1);
  salt.copy(data, data.length - salt.length);
  const masking = mask(maskHash, sealOf, data.length);
  const masked = Buffer.from(data.map((byte, at) => byte ^ (masking[at] as number)));
  const first = masked.readUInt8(0);
  masked.writeUInt8(highBit ? first | 0x80 : first & 0x7f, 0);
  return concat(masked, sealOf, Buffer.of(trailer));
}

function sealed(algorithm: Algorithm, block: Buffer): Buffer {
  const { signing: key } = attackedKeys(algorithm);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
}

export function rsaPssAttacks(algorithm: PssAlgorithm): readonly Family[] {
  const input = inputOf(algorithm);
  const hash = `sha${algorithm.slice(2)}`;
  const length = digest(hash).length;
  const good = sealed(algorithm, encoded(input, { hash }));
  const { signing: key, verifying } = attackedKeys(algorithm);
  const modulus = numberOf(Buffer.from(String(verifying.export({ format: 'jwk' }).n), 'base64url'));
  const sum = numberOf(good) + modulus;
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const signed = (saltLength: number) =>
    sign(hash, Buffer.from(input), { key, padding, saltLength });
  const blocks = (variants: Readonly<Record<string, Partial<Encoding>>>) =>
    mapped(variants, (parts) => sealed(algorithm, encoded(input, { hash, ...parts })));
  const withOtherHashes = (parts: (name: string) => Partial<Encoding>) =>
    blocks(
      byName(
        HASHES.filter((name) => name !== hash),
        parts,
      ),
    );

  // The twin is built in the same way, without a defect.
  return familiesOf(joined(input, good), BAD_SIGNATURE, {
    'a salt of another length than the hash (RFC 7518 section 3.5)': blocks({
      'no salt': { salt: Buffer.alloc(0) },
      'one byte': { salt: saltOf(1) },
      '20 bytes': { salt: saltOf(20) },
      'a byte less': { salt: saltOf(length - 1) },
      'a byte more': { salt: saltOf(length + 1) },
      'twice as many': { salt: saltOf(length * 2) },
      'as many as there is room for': { salt: saltOf(BYTES - length - 2) },
    }),
    'a salt of another length, as Node itself signs it': {
      none: signed(0),
      all: signed(constants.RSA_PSS_SALTLEN_MAX_SIGN),
    },
    'another hash function throughout': withOtherHashes((name) => ({
      hash: name,
      salt: saltOf(length),
    })),
    'another hash function for the mask': withOtherHashes((name) => ({ maskHash: name })),
    'another hash function for the text': withOtherHashes((name) => ({ textHash: name })),
    'another hash function for all but the mask': withOtherHashes((name) => ({
      hash: name,
      salt: saltOf(length),
      maskHash: hash,
    })),
    'a block with a part that is another one': blocks({
      'a trailer of another standard': { trailer: 0xcc },
      'a trailer of zero': { trailer: 0 },
      'a trailer one off': { trailer: 0xbd },
      'a padding that is not all zeros': { padding: 1 },
      'a zero between padding and salt': { separator: 0 },
      'a two between padding and salt': { separator: 2 },
      'an odd one between padding and salt': { separator: 0x81 },
      'no zeros before the digest': { zeros: 0 },
      'a zero too few before the digest': { zeros: 7 },
    }),
    'a bit set above the modulus': { 'the highest one': highest(algorithm, input, hash, modulus) },
    'a number that has the same remainder, or the opposite one': {
      'the signature plus the modulus': bytesOf(
        sum,
        Math.max(BYTES, Math.ceil(sum.toString(16).length / 2)),
      ),
      'the modulus less the signature': bytesOf(modulus - numberOf(good), BYTES),
      'the modulus': bytesOf(modulus, BYTES),
      'the modulus less one': bytesOf(modulus - 1n, BYTES),
      'the encoded digest itself': encoded(input, { hash }),
    },
  });
}

/** With the first salt under which the block is still below the modulus. */
function highest(algorithm: Algorithm, input: string, hash: string, modulus: bigint): Buffer {
  for (let name = 0; ; name++) {
    const salt = saltOf(digest(hash).length, name);
    const block = encoded(input, { hash, salt, highBit: true });
    if (numberOf(block) < modulus) return sealed(algorithm, block);
  }
}
