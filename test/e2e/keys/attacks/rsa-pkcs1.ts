import { constants, createHash, privateEncrypt } from 'node:crypto';
import type { Algorithm } from '../../../../src/index.js';
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
  withByte,
} from '../../../support/mutations.js';

type RsaAlgorithm = Extract<Algorithm, `RS${string}`>;

/** The names of hash functions in a signature (RFC 8017 section 9.2, note 1). */
const OIDS: Readonly<Record<string, string>> = {
  md5: '2a864886f70d0205',
  sha1: '2b0e03021a',
  sha224: '608648016503040204',
  sha256: '608648016503040201',
  sha384: '608648016503040202',
  sha512: '608648016503040203',
  'sha512-256': '608648016503040206',
  'sha3-256': '608648016503040208',
};
const SEQUENCE = 0x30;
const OCTETS = 0x04;
const NULL = der(0x05);
const BYTES = 256;

function oid(hash: string): Buffer {
  return der(0x06, Buffer.from(OIDS[hash] as string, 'hex'));
}

function digest(hash: string, input: string): Buffer {
  return createHash(hash).update(input).digest();
}

/** EMSA-PKCS1-v1_5 (RFC 8017 section 9.2), with replaceable parts. */
function encoded(
  content: Buffer,
  { start = '0001', fill = 0xff, separator = '00', fillLength = -1, rest = Buffer.alloc(0) } = {},
): Buffer {
  const [head, stop] = [Buffer.from(start, 'hex'), Buffer.from(separator, 'hex')];
  const free = BYTES - head.length - stop.length - content.length - rest.length;
  const padding = Buffer.alloc(fillLength < 0 ? free : fillLength, fill);
  const block = Buffer.concat([head, padding, stop, content, rest]);
  return Buffer.concat([block, Buffer.alloc(BYTES - block.length)]);
}

/** The signature that becomes these bytes when it is raised to the public exponent. */
function sealed(algorithm: Algorithm, bytes: Buffer): Buffer {
  const { signing: key } = attackedKeys(algorithm);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, bytes);
}

/** A SEQUENCE, an OCTET STRING, and the sequence of a hash function's name and parameters. */
const sequence = (...parts: readonly Buffer[]) => der(SEQUENCE, ...parts);
const octets = (...parts: readonly Buffer[]) => der(OCTETS, ...parts);
const named = (hash: string, ...parameters: readonly Buffer[]) =>
  sequence(oid(hash), ...parameters);

export function rsaPkcs1Attacks(algorithm: RsaAlgorithm): readonly Family[] {
  const input = inputOf(algorithm);
  const hash = `sha${algorithm.slice(2)}`;
  const hashed = digest(hash, input);
  const value = octets(hashed);
  const identifier = named(hash, NULL);
  const info = sequence(identifier, value);
  const others = Object.keys(OIDS).filter((name) => name !== hash);
  const room = Buffer.alloc(BYTES - 3 - 8 - info.length, 0x5a);
  const block = encoded(info);
  const good = sealed(algorithm, block);
  const [number, modulus] = [numberOf(good), modulusOf(algorithm)];
  const blocks = (all: Readonly<Record<string, Buffer>>) =>
    mapped(all, (bytes) => sealed(algorithm, bytes));
  const infos = (all: Readonly<Record<string, Buffer>>) =>
    blocks(mapped(all, (bytes) => encoded(bytes)));
  const withParameters = (...parameters: readonly Buffer[]) =>
    sequence(named(hash, ...parameters), value);

  // The twin is built in the same way, without a defect.
  return familiesOf(joined(input, good), BAD_SIGNATURE, {
    'the digest of another hash function under its own name': infos(
      byName(others, (name) => sequence(named(name, NULL), octets(digest(name, input)))),
    ),
    'the right digest under the name of another hash function': infos(
      byName(others, (name) => sequence(named(name, NULL), value)),
    ),
    'the digest of another hash function under the name of the right one': infos(
      byName(others, (name) => sequence(identifier, octets(digest(name, input)))),
    ),
    'a digest without its algorithm': infos({
      'the digest alone': hashed,
      'the digest as an octet string': value,
      'the digest in a sequence': sequence(value),
      'an empty algorithm': sequence(sequence(), value),
      'the name without its sequence': sequence(oid(hash), NULL, value),
      'the text in place of its digest': Buffer.from(input.slice(0, 32)),
    }),
    'an algorithm with other parameters than NULL': infos({
      'no NULL at all': withParameters(),
      'two of them': withParameters(NULL, NULL),
      'an empty sequence': withParameters(sequence()),
      'an empty octet string': withParameters(octets()),
      'the number zero': withParameters(der(0x02, Buffer.of(0))),
      'a NULL with content': withParameters(der(0x05, Buffer.alloc(16, 7))),
      'a NULL full of garbage': withParameters(der(0x05, Buffer.alloc(120, 7))),
      'a NULL of length zero in the long form': withParameters(Buffer.of(5, 0x81, 0)),
    }),
    'lengths that DER does not write': infos(lengthsOf(hash, hashed)),
    'tags other than those of the standard': infos(retagged(info)),
    'a structure with something more or less in it': infos({
      'a NULL behind the digest': sequence(identifier, value, NULL),
      'an empty sequence in front': sequence(sequence(), identifier, value),
      'an end of contents behind': sequence(identifier, value, Buffer.alloc(2)),
      'a sequence around it': sequence(info),
      'the digest twice': sequence(identifier, value, value),
      'the algorithm twice': sequence(identifier, identifier, value),
      'the digest first': sequence(value, identifier),
      'no digest': sequence(identifier),
      'an empty digest': sequence(identifier, octets()),
      'a digest without its last byte': sequence(identifier, octets(hashed.subarray(0, -1))),
      'a digest with a byte more': sequence(identifier, octets(hashed, Buffer.of(0))),
      'a digest with a zero in front': sequence(identifier, octets(Buffer.of(0), hashed)),
      'an octet string within the octet string': sequence(identifier, octets(value)),
      'its last byte cut off': info.subarray(0, -1),
      'nothing at all': Buffer.alloc(0),
    }),
    'a padding that was shortened to make room': blocks({
      'for garbage behind the digest': encoded(info, { fillLength: 8, rest: room }),
      'for zeros behind the digest': encoded(info, { fillLength: 8 }),
      'for one byte behind the digest': encoded(info, { rest: Buffer.of(0) }),
      'for garbage in front of the digest': encoded(concat(room, info), { fillLength: 8 }),
      'for garbage within the sequence': encoded(
        sequence(identifier, value, octets(room.subarray(0, room.length - 8))),
      ),
      'until nothing of it was left': encoded(info, { fillLength: 0 }),
      'to one byte': encoded(info, { fillLength: 1 }),
      'by one byte, with a zero in front': encoded(info, { start: '000001' }),
    }),
    'a padding of other bytes': blocks({
      'the first byte is not zero': encoded(info, { start: '0101' }),
      'the type of block is 0': encoded(info, { start: '0000', fill: 0 }),
      'the type of block is 0, with normal padding': encoded(info, { start: '0000' }),
      'the type of block is that of encryption': encoded(info, { start: '0002' }),
      'the type of block is 255': encoded(info, { start: '00ff' }),
      'it is all zeros': encoded(info, { fill: 0 }),
      'it is random': encoded(info, { fill: 0x5a }),
      'its first byte is wrong': withByte(block, 2, () => 0xfe),
      'its first byte is zero': withByte(block, 2, () => 0),
      'its middle byte is wrong': withByte(block, 90, () => 0x7f),
      'its middle byte is zero': withByte(block, 90, () => 0),
      'its last byte is wrong': withByte(block, -info.length - 2, () => 0xfe),
      'its last byte is zero': withByte(block, -info.length - 2, () => 0),
      'no zero follows it': encoded(info, { separator: 'ff' }),
      'a one follows it': encoded(info, { separator: '01' }),
      'two zeros follow it': encoded(info, { separator: '0000' }),
    }),
    'a number that has the same remainder, or the opposite one': {
      'the signature plus the modulus': unsigned(number + modulus),
      'the signature plus twice the modulus': unsigned(number + 2n * modulus),
      'the modulus less the signature': bytesOf(modulus - number, BYTES),
      'the modulus': bytesOf(modulus, BYTES),
      'the modulus less one': bytesOf(modulus - 1n, BYTES),
      'the modulus plus one': bytesOf(modulus + 1n, BYTES),
      'the padded digest itself': block,
    },
  });
}

/** BER allows, and DER forbids, longer lengths than needed, and none at all (X.690 sections 8.1.3 and 10.1). */
function lengthsOf(hash: string, hashed: Buffer): Record<string, Buffer> {
  const [name, identifier, value] = [oid(hash), named(hash, NULL), octets(hashed)];
  const info = sequence(identifier, value);
  const end = Buffer.alloc(2);
  const long = (bytes: Buffer, ...zeros: number[]) =>
    concat(bytes.subarray(0, 1), Buffer.of(0x81 + zeros.length, ...zeros), bytes.subarray(1));
  const endless = (tag: number, ...parts: Buffer[]) => concat(Buffer.of(tag, 0x80), ...parts);
  const withLength = (...length: number[]) =>
    concat(Buffer.of(SEQUENCE, ...length), info.subarray(2));
  const pieces = [octets(hashed.subarray(0, 16)), octets(hashed.subarray(16)), end];
  return {
    'the long form for the whole': long(info),
    'the long form with a zero for the whole': long(info, 0),
    'the long form for the algorithm': sequence(long(identifier), value),
    'the long form for the name': sequence(sequence(long(name), NULL), value),
    'the long form for the digest': sequence(identifier, long(value)),
    'no length for the whole': endless(SEQUENCE, identifier, value, end),
    'no length and no end for the whole': endless(SEQUENCE, identifier, value),
    'no length for the algorithm': sequence(endless(SEQUENCE, name, NULL, end), value),
    'no length for a digest in pieces': sequence(identifier, endless(0x24, ...pieces)),
    'a length too long by one': withLength(info.length - 1),
    'a length too short by one': withLength(info.length - 3),
    'a length of zero': withLength(0),
    'a length of four gigabytes': withLength(0x84, 0xff, 0xff, 0xff, 0xff),
  };
}

/** Every tag of the structure, replaced by the next one, a constructed or primitive one, and one of another class. */
function retagged(info: Buffer): Record<string, Buffer> {
  const name = 5 + info.readUInt8(5) + 1;
  const places = {
    'the whole': 0,
    'the algorithm': 2,
    'the name': 4,
    'the parameters': name,
    'the digest': name + 2,
  };
  const changes = Object.entries(places).flatMap(([what, at]) =>
    [0x01, 0x20, 0x40, 0x80].map((bit) => {
      const bytes = withByte(info, at, (tag) => tag ^ bit);
      return [`tag ${bytes[at]} for ${what}`, bytes] as const;
    }),
  );
  return Object.fromEntries(changes);
}

function modulusOf(algorithm: Algorithm): bigint {
  const { n = '' } = attackedKeys(algorithm).verifying.export({ format: 'jwk' });
  return numberOf(Buffer.from(n, 'base64url'));
}

/** In as many bytes as needed, but no fewer than a signature has. */
function unsigned(number: bigint): Buffer {
  return bytesOf(number, Math.max(BYTES, Math.ceil(number.toString(16).length / 2)));
}
