import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../options/key-options.js';
import { traitsOf } from './algorithms.js';

/**
 * A secret with fewer bits can be guessed, whatever its length. Random secrets of 32 hexadecimal characters are
 * estimated at 116 to 124 bits, so none of them is called weak.
 */
const MIN_ENTROPY_BITS = 75;

/** What makes a secret weak for these algorithms (RFC 7518 section 3.2), in words that follow "is". */
export function findSecretWeakness(
  secret: KeyObject,
  algorithms: readonly Algorithm[],
): string | undefined {
  const bytes = secret.export();
  for (const algorithm of algorithms) {
    const traits = traitsOf(algorithm);
    const needed = traits.family === 'HMAC' ? traits.minimumBytes : 0;
    if (bytes.length < needed)
      return `too short: ${bytes.length} bytes, and ${algorithm} needs at least ${needed}`;
  }
  if (estimateEntropyBits(bytes) >= MIN_ENTROPY_BITS) return undefined;
  return 'easy to guess: well-known words, repetition or filler';
}

/** Secrets from tutorials, READMEs and `.env.example` files, and the words that they are made of; in lower case. */
export const WELL_KNOWN_SECRETS: readonly string[] = `
  secret secrets supersecret super_secret topsecret top_secret mysecret my_secret notsecret
  verysecret secretkey secret_key mysecretkey my_secret_key your_secret your_secret_key yoursecret
  yoursecretkey your-256-bit-secret your-384-bit-secret your-512-bit-secret 256-bit-secret
  jwt_secret jwtsecret jwt_secret_key jwtsecretkey jwt_key jwt_token jwt_private_key token_secret
  tokensecret app_secret appsecret auth_secret authsecret access_secret refresh_secret
  access_token_secret refresh_token_secret session_secret client_secret shared_secret shhhh shhhhh
  keyboard cat hush s3cr3t s3cret secr3t p4ssw0rd passw0rd p@ssw0rd p@ssword pa55word password
  passwords passphrase changeme change_me changeit change_it change_this changethis replaceme
  replace_me replace_this fixme todo example sample default dummy placeholder undefined null none
  true false object qwerty qwertyuiop qwertz azerty asdf asdfgh asdfghjkl zxcvbn zxcvbnm letmein
  iloveyou welcome admin administrator root toor guest user username test tester testing testtest
  foobar foobarbaz barbaz hello world helloworld hello_world lorem ipsum dolor amet abcdef
  deadbeef cafebabe badc0ffee c0ffee trustno1 monkey dragon master sunshine football baseball
  princess shadow superman batman nest nestjs node nodejs express flask django python typescript
  javascript docker kubernetes company access refresh token tokens authentication authorization
  auth bearer signing signature hmac sha256 hs256 hs384 hs512 private public encryption random
  string value text characters character bytes minimum least this that very long longer super safe
  secure strong hard guess please your with from should keep must need never changed own only
  really some thing change replace production development staging local localhost prod debug demo
  server service backend frontend project application website jwt key app api dev env for and not
  the use you has web bit 256 384 512 123 1234 2023 2024 2025 2026 my is in be to of at on or it
  an
`
  .trim()
  .split(/\s+/);

const COPY_BITS = 10;
const WORD_BITS = 6;
const RUN_BITS = 8;
const SEPARATOR_BITS = 1;
const SEPARATORS = new Set(' -_.,:;!/');

const MIN_COPY = 3;
const MIN_RUN = 4;

/** Only the beginning is estimated: more would not change the result, and would cost seconds for a huge secret. */
const WINDOW = 128;

/** A part of the secret, and the bits that it takes to describe it. */
type Piece = readonly [length: number, bits: number];

const WORDS: ReadonlySet<string> = new Set(WELL_KNOWN_SECRETS);
const LONGEST_WORD = Math.max(...WELL_KNOWN_SECRETS.map((word) => word.length));

/**
 * Roughly the bits that it takes to describe the secret to an attacker who knows the well-known ones: 6 for a word, 10
 * for the repetition of an earlier part, 8 for a run such as `4567`, 1 for a separator, and for any other character as
 * many as distinguish the characters of the secret. So padding adds almost nothing, and a random secret loses almost
 * nothing.
 */
function estimateEntropyBits(secret: Buffer): number {
  const text = secret.toString('latin1').toLowerCase().slice(0, WINDOW);
  const characterBits = Math.log2(new Set(text).size);
  // By length: the bits of the cheapest description of so many characters.
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

/** How many of the next characters repeat an earlier part; a copy may overlap itself, as in `abcabcabc`. */
function copyLength(text: string, at: number): number {
  let longest = 0;
  for (let from = 0; from < at && at + longest < text.length; from++) {
    let length = 0;
    while (at + length < text.length && text[from + length] === text[at + length]) length++;
    longest = Math.max(longest, length);
  }
  return longest;
}

/** How many of the next characters go up or down by one each, or repeat; 0 follows 9. */
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
