import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../../options/key-ring-options.js';
import { traitsOf } from './algorithms.js';
import { guessingBits } from './guessing-bits.js';

/**
 * Below this a secret is found by guessing, however long it is. Random ones of 32 characters are
 * estimated at 120 bits in hexadecimal, give or take 4, so that none of them is ever called weak.
 */
const MIN_GUESSING_BITS = 75;

/**
 * What is wrong with a secret for these algorithms, in words to follow "is"; undefined if nothing
 * is. The longest secret that any of them demands counts (RFC 7518 section 3.2), in bytes.
 */
export function findSecretWeakness(
  secret: KeyObject,
  algorithms: readonly Algorithm[],
): string | undefined {
  const bytes = secret.export();
  for (const algorithm of algorithms) {
    const traits = traitsOf(algorithm);
    const needed = traits.family === 'HMAC' ? traits.minimumBytes : 0;
    if (bytes.length < needed) {
      return `too short: ${bytes.length} bytes, and ${algorithm} needs at least ${needed}`;
    }
  }
  if (guessingBits(bytes) >= MIN_GUESSING_BITS) return undefined;
  return 'easy to guess: well-known words, repetition or filler';
}
