import type { Algorithm } from '../../../../src/index.js';
import { segment } from '../../../support/forge.js';
import {
  attackedKeys,
  BAD_SIGNATURE,
  BAD_SPELLING,
  concat,
  familiesOf,
  type Family,
  inputOf,
  joined,
  mapped,
  signatureOf,
  withByte,
} from '../../../support/mutations.js';
import { withUnusedBits } from '../../../support/tokens.js';

/** Changes that are possible on the signature of any algorithm. */
export function signatureAttacks(algorithm: Algorithm): readonly Family[] {
  const input = inputOf(algorithm);
  const [header = '', payload = ''] = input.split('.');
  const good = signatureOf(input, algorithm);
  const twin = joined(input, good);
  const [front, back] = [good.subarray(0, good.length / 2), good.subarray(good.length / 2)];
  const zero = Buffer.alloc(1);
  const otherTexts = {
    "of another user's token": inputOf(algorithm, {}, { sub: 'bob' }),
    'of a token that expires later': inputOf(algorithm, {}, { exp: 2_000_000_000 }),
    'of a token with another header': inputOf(algorithm, { kid: 'other' }),
    'of the same claims in another order': reordered(algorithm),
    'of the header alone': header,
    'of the payload alone': payload,
    'of the text with a dot behind it': `${input}.`,
    'of the text without its dot': input.replace('.', ''),
    'of what the text spells': Buffer.from(input, 'base64url').toString('latin1'),
  };

  return [
    ...familiesOf(twin, BAD_SIGNATURE, {
      'a signature that was cut short (R14)': {
        'to nothing': Buffer.alloc(0),
        'to its first byte': good.subarray(0, 1),
        'to its first half': front,
        'to its second half': back,
        'by its first byte': good.subarray(1),
        'by its last byte': good.subarray(0, -1),
      },
      'a signature that was lengthened (R14)': {
        'by a zero in front': concat(zero, good),
        'by a zero behind': concat(good, zero),
        'by a zero in the middle': concat(front, zero, back),
        'by zeros on both sides': concat(zero, good, zero),
        'by a line feed': concat(good, Buffer.from('\n')),
        'by itself': concat(good, good),
        'to a kilobyte': concat(good, Buffer.alloc(1024 - good.length)),
      },
      'bytes of the right length that are not a signature': {
        zeros: Buffer.alloc(good.length),
        ones: Buffer.alloc(good.length, 0xff),
        'the number one': concat(Buffer.alloc(good.length - 1), Buffer.of(1)),
        'the signature backwards': Buffer.from(good).reverse(),
        'its halves exchanged': concat(back, front),
        'its complement': Buffer.from(good.map((byte) => byte ^ 0xff)),
      },
      'a signature with one bit flipped': flipped(good),
      "another token's signature": mapped(otherTexts, (text) => signatureOf(text, algorithm)),
      "another key's signature": {
        'of the same kind': signatureOf(input, algorithm, attackedKeys(algorithm, 'other').signing),
      },
    }),
    ...familiesOf(twin, BAD_SPELLING, {
      'any spelling of the signature except the canonical one (R9)': spellings(algorithm),
    }),
    ...familiesOf(twin, 'Not enough segments', {
      'a token without its signature and the dot before it (R8)': {
        'header and payload': input,
        'payload and signature': twin.slice(twin.indexOf('.') + 1),
        'payload alone': payload,
        'nothing at all': '',
      },
    }),
    ...familiesOf(twin, 'Invalid payload padding', {
      'a token with a fourth part (R8)': {
        'that is empty': `${twin}.`,
        'that is text': `${twin}.foo`,
        'that is the signature again': `${twin}.${good.toString('base64url')}`,
      },
    }),
  ];
}

/** Every bit of the first and the last byte, and of those in the middle. */
function flipped(good: Buffer): Record<string, Buffer> {
  const half = good.length / 2;
  const flips = [0, half - 1, half, good.length - 1].flatMap((at) =>
    Array.from({ length: 8 }, (_, bit) => [
      `bit ${bit} of byte ${at}`,
      withByte(good, at, (byte) => byte ^ (1 << bit)),
    ]),
  );
  return Object.fromEntries(flips) as Record<string, Buffer>;
}

/** A valid signature in every spelling that lenient decoders accept (RFC 7515 section 2). */
function spellings(algorithm: Algorithm): Record<string, string> {
  const [input, text] = withBothSpecialCharacters(algorithm);
  const missing = (4 - (text.length % 4)) % 4;
  const middle = text.length / 2;
  const inserted = (what: string) => text.slice(0, middle) + what + text.slice(middle);
  const spelt: Record<string, string> = {
    'with padding': text.padEnd(text.length + (missing || 4), '='),
    'with a sign of padding too many': `${text}${'='.repeat(missing + 1)}`,
    'with padding in front': `=${text}`,
    'in the other alphabet': text.replaceAll('-', '+').replaceAll('_', '/'),
    'with a plus for a minus': text.replaceAll('-', '+'),
    'with a slash for an underscore': text.replaceAll('_', '/'),
    'with spaces in front': `    ${text}`,
    'with a space behind': `${text} `,
    'with a line feed behind': `${text}\n`,
    'broken into lines': inserted('\r\n'),
    'with a tab within': inserted('\t'),
    'with a question mark within': inserted('?'),
    'with number signs behind': `${text}####`,
    'with a NUL behind': `${text}\0`,
    'with a letter of another script': inserted('а'),
    'in a length that base64url does not have': `${text.slice(0, text.length - (text.length % 4))}A`,
  };
  // If all bits of the last character are used, it has only one spelling.
  if (missing > 0) spelt['with unused bits set'] = withUnusedBits(text);
  return mapped(spelt, (signature) => `${input}.${signature}`);
}

/** A text whose signature contains a minus and an underscore, as one of a few does. */
function withBothSpecialCharacters(algorithm: Algorithm): readonly [input: string, text: string] {
  for (let attempt = 0; ; attempt++) {
    const input = inputOf(algorithm, {}, { attempt });
    const text = signatureOf(input, algorithm).toString('base64url');
    if (text.includes('-') && text.includes('_')) return [input, text];
  }
}

function reordered(algorithm: Algorithm): string {
  const [header = '', payload = ''] = inputOf(algorithm).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  return `${header}.${segment(Object.fromEntries(Object.entries(claims).reverse()))}`;
}
