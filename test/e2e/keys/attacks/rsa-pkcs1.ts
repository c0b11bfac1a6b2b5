import { constants, createHash, privateEncrypt } from 'node:crypto';
import type { Algorithm } from '../../../../src/index.js';
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

export function rsaPkcs1Attacks(algorithm: RsaAlgorithm): readonly Family[] {
  const input = inputOf(algorithm);
  const hash = `sha${algorithm.slice(2)}`;
  const hashed = digest(hash, input);
  const good = signatureOf(input, algorithm);
  const modulus = modulusOf(algorithm);
  const identifier = der(SEQUENCE, oid(hash), NULL);
  const info = der(SEQUENCE, identifier, der(OCTETS, hashed));
  const others = Object.keys(OIDS).filter((name) => name !== hash);

  /** The twin is rebuilt in the same way, without a defect. */
  const rebuilt = (blocks: Readonly<Record<string, Buffer>>) => ({
    twin: joined(input, sealed(algorithm, encoded(info))),
    forged: tokensWith(
      input,
      Object.fromEntries(
        Object.entries(blocks).map(([what, block]) => [what, sealed(algorithm, block)]),
      ),
    ),
  });
  const withInfo = (infos: Readonly<Record<string, Buffer>>) =>
    rebuilt(
      Object.fromEntries(Object.entries(infos).map(([what, other]) => [what, encoded(other)])),
    );
  const each = (make: (name: string) => Buffer) =>
    Object.fromEntries(others.map((name) => [name, make(name)]));

  return [
    [
      'the digest of another hash function under its own name',
      () =>
        withInfo(
          each((name) =>
            der(SEQUENCE, der(SEQUENCE, oid(name), NULL), der(OCTETS, digest(name, input))),
          ),
        ),
    ],
    [
      'the right digest under the name of another hash function',
      () =>
        withInfo(
          each((name) => der(SEQUENCE, der(SEQUENCE, oid(name), NULL), der(OCTETS, hashed))),
        ),
    ],
    [
      'the digest of another hash function under the name of the right one',
      () => withInfo(each((name) => der(SEQUENCE, identifier, der(OCTETS, digest(name, input))))),
    ],
    [
      'a digest without its algorithm',
      () =>
        withInfo({
          'the digest alone': hashed,
          'the digest as an octet string': der(OCTETS, hashed),
          'the digest in a sequence': der(SEQUENCE, der(OCTETS, hashed)),
          'an empty algorithm': der(SEQUENCE, der(SEQUENCE), der(OCTETS, hashed)),
          'the name without its sequence': der(SEQUENCE, oid(hash), NULL, der(OCTETS, hashed)),
          'the text in place of its digest': Buffer.from(input.slice(0, 32)),
        }),
    ],
    [
      'an algorithm with other parameters than NULL',
      () =>
        withInfo({
          'no NULL at all': der(SEQUENCE, der(SEQUENCE, oid(hash)), der(OCTETS, hashed)),
          'two of them': der(SEQUENCE, der(SEQUENCE, oid(hash), NULL, NULL), der(OCTETS, hashed)),
          'an empty sequence': withParameters(hash, hashed, der(SEQUENCE)),
          'an empty octet string': withParameters(hash, hashed, der(OCTETS)),
          'the number zero': withParameters(hash, hashed, der(0x02, Buffer.of(0))),
          'a NULL with content': withParameters(hash, hashed, der(0x05, Buffer.alloc(16, 7))),
          'a NULL full of garbage': withParameters(hash, hashed, der(0x05, Buffer.alloc(120, 7))),
          'a NULL of length zero in the long form': withParameters(
            hash,
            hashed,
            Buffer.of(5, 0x81, 0),
          ),
        }),
    ],
    ['lengths that DER does not write', () => withInfo(lengthsOf(hash, hashed, info, identifier))],
    ['tags other than those of the standard', () => withInfo(retagged(info))],
    [
      'a structure with something more or less in it',
      () =>
        withInfo({
          'a NULL behind the digest': der(SEQUENCE, identifier, der(OCTETS, hashed), NULL),
          'an empty sequence in front': der(
            SEQUENCE,
            der(SEQUENCE),
            identifier,
            der(OCTETS, hashed),
          ),
          'an end of contents behind': der(
            SEQUENCE,
            identifier,
            der(OCTETS, hashed),
            Buffer.alloc(2),
          ),
          'a sequence around it': der(SEQUENCE, info),
          'the digest twice': der(SEQUENCE, identifier, der(OCTETS, hashed), der(OCTETS, hashed)),
          'the algorithm twice': der(SEQUENCE, identifier, identifier, der(OCTETS, hashed)),
          'the digest first': der(SEQUENCE, der(OCTETS, hashed), identifier),
          'no digest': der(SEQUENCE, identifier),
          'an empty digest': der(SEQUENCE, identifier, der(OCTETS)),
          'a digest without its last byte': der(
            SEQUENCE,
            identifier,
            der(OCTETS, hashed.subarray(0, -1)),
          ),
          'a digest with a byte more': der(SEQUENCE, identifier, der(OCTETS, hashed, Buffer.of(0))),
          'a digest with a zero in front': der(
            SEQUENCE,
            identifier,
            der(OCTETS, Buffer.of(0), hashed),
          ),
          'an octet string within the octet string': der(
            SEQUENCE,
            identifier,
            der(OCTETS, der(OCTETS, hashed)),
          ),
          'its last byte cut off': info.subarray(0, -1),
          'nothing at all': Buffer.alloc(0),
        }),
    ],
    [
      'a padding that was shortened to make room',
      () => {
        const fillLength = 8;
        const room = Buffer.alloc(BYTES - 3 - fillLength - info.length, 0x5a);
        return rebuilt({
          'for garbage behind the digest': encoded(info, { fillLength, rest: room }),
          'for zeros behind the digest': encoded(info, { fillLength }),
          'for one byte behind the digest': encoded(info, { rest: Buffer.of(0) }),
          'for garbage in front of the digest': encoded(Buffer.concat([room, info]), {
            fillLength,
          }),
          'for garbage within the sequence': encoded(
            der(
              SEQUENCE,
              identifier,
              der(OCTETS, hashed),
              der(OCTETS, room.subarray(0, room.length - 8)),
            ),
          ),
          'until nothing of it was left': encoded(info, { fillLength: 0 }),
          'to one byte': encoded(info, { fillLength: 1 }),
          'by one byte, with a zero in front': encoded(info, { start: '000001' }),
        });
      },
    ],
    [
      'a padding of other bytes',
      () => {
        const block = encoded(info);
        const changed = (at: number, byte: number) => {
          const bytes = Buffer.from(block);
          bytes.writeUInt8(byte, at);
          return bytes;
        };
        return rebuilt({
          'the first byte is not zero': encoded(info, { start: '0101' }),
          'the type of block is 0': encoded(info, { start: '0000', fill: 0 }),
          'the type of block is 0, with normal padding': encoded(info, { start: '0000' }),
          'the type of block is that of encryption': encoded(info, { start: '0002' }),
          'the type of block is 255': encoded(info, { start: '00ff' }),
          'it is all zeros': encoded(info, { fill: 0 }),
          'it is random': encoded(info, { fill: 0x5a }),
          'its first byte is wrong': changed(2, 0xfe),
          'its first byte is zero': changed(2, 0),
          'its middle byte is wrong': changed(90, 0x7f),
          'its middle byte is zero': changed(90, 0),
          'its last byte is wrong': changed(BYTES - info.length - 2, 0xfe),
          'its last byte is zero': changed(BYTES - info.length - 2, 0),
          'no zero follows it': encoded(info, { separator: 'ff' }),
          'a one follows it': encoded(info, { separator: '01' }),
          'two zeros follow it': encoded(info, { separator: '0000' }),
        });
      },
    ],
    [
      'a number that has the same remainder, or the opposite one',
      () => ({
        twin: joined(input, good),
        forged: tokensWith(input, {
          'the signature plus the modulus': unsigned(numberOf(good) + modulus),
          'the signature plus twice the modulus': unsigned(numberOf(good) + 2n * modulus),
          'the modulus less the signature': bytesOf(modulus - numberOf(good), BYTES),
          'the modulus': bytesOf(modulus, BYTES),
          'the modulus less one': bytesOf(modulus - 1n, BYTES),
          'the modulus plus one': bytesOf(modulus + 1n, BYTES),
          'the padded digest itself': encoded(info),
        }),
      }),
    ],
  ];
}

function withParameters(hash: string, hashed: Buffer, parameters: Buffer): Buffer {
  return der(SEQUENCE, der(SEQUENCE, oid(hash), parameters), der(OCTETS, hashed));
}

/** BER allows, and DER forbids, longer lengths than needed, and none at all (X.690 sections 8.1.3 and 10.1). */
function lengthsOf(
  hash: string,
  hashed: Buffer,
  info: Buffer,
  identifier: Buffer,
): Record<string, Buffer> {
  const end = Buffer.alloc(2);
  const long = (value: Buffer, zeros = 0) =>
    Buffer.concat([
      value.subarray(0, 1),
      Buffer.of(0x81 + zeros, ...Array<number>(zeros).fill(0)),
      value.subarray(1),
    ]);
  const endless = (tag: number, ...parts: Buffer[]) =>
    Buffer.concat([Buffer.of(tag, 0x80), ...parts]);
  const octets = der(OCTETS, hashed);
  return {
    'the long form for the whole': long(info),
    'the long form with a zero for the whole': long(info, 1),
    'the long form for the algorithm': der(SEQUENCE, long(identifier), octets),
    'the long form for the name': der(SEQUENCE, der(SEQUENCE, long(oid(hash)), NULL), octets),
    'the long form for the digest': der(SEQUENCE, identifier, long(octets)),
    'no length for the whole': endless(SEQUENCE, identifier, octets, end),
    'no length and no end for the whole': endless(SEQUENCE, identifier, octets),
    'no length for the algorithm': der(SEQUENCE, endless(SEQUENCE, oid(hash), NULL, end), octets),
    'no length for a digest in pieces': der(
      SEQUENCE,
      identifier,
      endless(0x24, der(OCTETS, hashed.subarray(0, 16)), der(OCTETS, hashed.subarray(16)), end),
    ),
    'a length too long by one': Buffer.concat([
      Buffer.of(SEQUENCE, info.length - 1),
      info.subarray(2),
    ]),
    'a length too short by one': Buffer.concat([
      Buffer.of(SEQUENCE, info.length - 3),
      info.subarray(2),
    ]),
    'a length of zero': Buffer.concat([Buffer.of(SEQUENCE, 0), info.subarray(2)]),
    'a length of four gigabytes': Buffer.concat([
      Buffer.of(SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff),
      info.subarray(2),
    ]),
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
      const bytes = Buffer.from(info);
      bytes.writeUInt8(bytes.readUInt8(at) ^ bit, at);
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
