import { WELL_KNOWN_SECRETS } from './well-known-secrets.js';

const COPY_BITS = 10;
const WORD_BITS = 6;
const RUN_BITS = 8;
const SEPARATOR_BITS = 1;
const SEPARATORS = new Set(' -_.,:;!/');

const MIN_COPY = 3;
const MIN_RUN = 4;

/**
 * What lies further back or ahead changes no verdict, and keeps a huge secret from costing seconds.
 */
const WINDOW = 128;

/** A part of the secret and what it costs to describe it. */
type Piece = readonly [length: number, bits: number];

const WORDS: ReadonlySet<string> = new Set(WELL_KNOWN_SECRETS);
const LONGEST_WORD = Math.max(...WELL_KNOWN_SECRETS.map((word) => word.length));

/**
 * About how many bits it takes to describe the secret to somebody who knows the well-known ones:
 * six for a word, ten for a piece that stood there before, eight for a run such as `4567`, one for
 * what separates words, and for any other character as many as tell it from the other characters of
 * the secret. Padding costs next to nothing that way, and of a random secret hardly anything is
 * saved.
 */
export function guessingBits(secret: Buffer): number {
  const text = secret.toString('latin1').toLowerCase().slice(0, WINDOW);
  const characterBits = Math.log2(new Set(text).size);
  // What the cheapest description of the first so many characters takes.
  const bits = [0, ...Array<number>(text.length).fill(Infinity)];
  for (let at = 0; at < text.length; at++) {
    for (const [length, cost] of piecesAt(text, at, characterBits)) {
      const end = at + length;
      bits[end] = Math.min(bits[end] as number, (bits[at] as number) + cost);
    }
  }
  return bits[text.length] as number;
}

function* piecesAt(text: string, at: number, characterBits: number): Generator<Piece> {
  yield [1, SEPARATORS.has(text.charAt(at)) ? SEPARATOR_BITS : characterBits];
  for (let length = 1; length <= LONGEST_WORD; length++) {
    if (WORDS.has(text.slice(at, at + length))) yield [length, WORD_BITS];
  }
  const copied = copyLength(text, at);
  for (let length = MIN_COPY; length <= copied; length++) yield [length, COPY_BITS];
  const run = runLength(text, at);
  for (let length = MIN_RUN; length <= run; length++) yield [length, RUN_BITS];
}

/**
 * How much of what follows stood in the text before; a copy may run into itself, as in `abcabcabc`.
 */
function copyLength(text: string, at: number): number {
  let longest = 0;
  for (let from = 0; from < at && at + longest < text.length; from++) {
    let length = 0;
    while (at + length < text.length && text[from + length] === text[at + length]) length++;
    longest = Math.max(longest, length);
  }
  return longest;
}

/** How far characters go on by the same step of one, up or down, or repeat; after 9 comes 0. */
function runLength(text: string, at: number): number {
  const step = stepAt(text, at);
  let length = 1;
  while (Math.abs(step) <= 1 && stepAt(text, at + length - 1) === step) length++;
  return length;
}

function stepAt(text: string, at: number): number {
  if (text[at] === '9' && text[at + 1] === '0') return 1;
  return text.charCodeAt(at + 1) - text.charCodeAt(at);
}
