import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Algorithm } from '../../../src/index.js';
import {
  claimsAtNow,
  describeTokens,
  forgeAs,
  invalid,
  keysOf,
  LET_IN,
  type Row,
  withSignature,
  withUnusedBits,
} from '../../support/tokens.js';

const REFUSED = invalid('Signature verification failed');
const ORDER_OF_P256 = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

/** What may be done to a signature without touching what is signed. */
function signaturesOf(algorithm: Algorithm): Row[] {
  const good = forgeAs(algorithm, claimsAtNow());
  const { signing: other } = keysOf(algorithm, 'other');
  const changed = (change: (signature: Buffer) => Buffer) => withSignature(good, change);
  const length = (bytes: number) => changed((signature) => signature.subarray(0, bytes));
  return [
    ['lets in the right one', good, LET_IN],
    ['refuses none at all', length(0), REFUSED],
    ['refuses one byte of it', length(1), REFUSED],
    ['refuses half of it', changed((bytes) => bytes.subarray(0, bytes.length / 2)), REFUSED],
    ['refuses it without its last byte', changed((bytes) => bytes.subarray(0, -1)), REFUSED],
    [
      'refuses it with a byte more',
      changed((bytes) => Buffer.concat([bytes, Buffer.alloc(1)])),
      REFUSED,
    ],
    ['refuses it twice over', changed((bytes) => Buffer.concat([bytes, bytes])), REFUSED],
    ['refuses nothing but zeros', changed((bytes) => Buffer.alloc(bytes.length)), REFUSED],
    ['refuses nothing but ones', changed((bytes) => Buffer.alloc(bytes.length, 0xff)), REFUSED],
    ['refuses it backwards', changed((bytes) => Buffer.from(bytes).reverse()), REFUSED],
    ['refuses that of another key', forgeAs(algorithm, claimsAtNow(), { key: other }), REFUSED],
    [
      'refuses another spelling of it (F12)',
      withUnusedBits(good),
      invalid('Invalid crypto padding'),
    ],
  ];
}

for (const algorithm of ['HS512', 'RS256', 'PS256', 'ES256', 'ES512'] as const) {
  // Of 64 and 256 bytes one character is left over, and has unused bits; a P-521 signature of 132 bytes fills them all.
  const rows = signaturesOf(algorithm).filter(
    ([what]) => algorithm !== 'ES512' || !what.includes('spelling'),
  );
  describeTokens(
    `A signature of ${algorithm} (R14)`,
    { isVariant: true, options: keysOf(algorithm).options },
    rows,
  );
}

describeTokens(
  'Another algorithm of the same key (R2)',
  { isVariant: true, options: keysOf('RS256').options },
  [
    [
      'refuses PS256',
      forgeAs('PS256', claimsAtNow()),
      invalid('The specified alg value is not allowed'),
    ],
    [
      'refuses RS384',
      forgeAs('RS384', claimsAtNow()),
      invalid('The specified alg value is not allowed'),
    ],
    [
      'refuses a signature of PS256 that calls itself RS256',
      forgeAs('PS256', claimsAtNow(), { header: { alg: 'RS256', typ: 'JWT' } }),
      REFUSED,
    ],
    [
      'refuses HMAC with the public key for a secret (R3)',
      forgeAs('HS256', claimsAtNow(), { key: publicKeyAsSecret() }),
      invalid('The specified alg value is not allowed'),
    ],
  ],
);

describeTokens(
  'Two algorithms that are both allowed',
  {
    isVariant: true,
    options: { ...keysOf('RS256').options, decodeAlgorithms: ['RS256', 'PS256'] },
  },
  [
    ['lets in RS256', forgeAs('RS256', claimsAtNow()), LET_IN],
    ['lets in PS256', forgeAs('PS256', claimsAtNow()), LET_IN],
    [
      'refuses PS384',
      forgeAs('PS384', claimsAtNow()),
      invalid('The specified alg value is not allowed'),
    ],
    [
      'refuses a signature of PS256 that calls itself RS256',
      forgeAs('PS256', claimsAtNow(), { header: { alg: 'RS256' } }),
      REFUSED,
    ],
  ],
);

describeTokens(
  'A signature of ES256 that was mirrored',
  { isVariant: true, options: keysOf('ES256').options },
  [
    [
      "is as good as the other, which is why nothing is remembered by a token's text (F12)",
      mirrored(),
      LET_IN,
    ],
  ],
);

/** With (r, n - s) for (r, s): the one other signature that anybody can make of a good one. */
function mirrored(): string {
  return withSignature(forgeAs('ES256', claimsAtNow()), (signature) => {
    const s = ORDER_OF_P256 - BigInt(`0x${signature.subarray(32).toString('hex')}`);
    return Buffer.concat([
      signature.subarray(0, 32),
      Buffer.from(s.toString(16).padStart(64, '0'), 'hex'),
    ]);
  });
}

function publicKeyAsSecret(): KeyObject {
  const pem = keysOf('RS256').verifying.export({ format: 'pem', type: 'spki' });
  return createSecretKey(Buffer.from(pem));
}
