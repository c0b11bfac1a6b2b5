import { expect } from '@jest/globals';
import { inspect } from 'node:util';
import { JwtExtendedConfigError } from '../../../src/errors/config.error.js';

/** How much of a key may stand in a message by chance: "PRIVATE KEY" and "prime256v1" do. */
const LONGEST_CHANCE = 14;

/** The message of the mistake that `act` is; fails if it is none, or if anything of the key is in it. */
export function mistakeOf(act: () => unknown, ...keyTexts: readonly string[]): string {
  const error = caughtFrom(act);
  expect(error).toBeInstanceOf(JwtExtendedConfigError);
  expectNothingOf(keyTexts, inspect(error, { depth: 5 }).split('\n    at ')[0] ?? '');
  return (error as JwtExtendedConfigError).message;
}

/** Fails if any longer piece of the keys stands in the text. */
export function expectNothingOf(keyTexts: readonly string[], text: string): void {
  for (const keyText of keyTexts) {
    for (let at = 0; at + LONGEST_CHANCE <= keyText.length; at++) {
      const piece = keyText.slice(at, at + LONGEST_CHANCE);
      if (!isArmour(piece) && text.includes(piece)) throw new Error('a message holds key text');
    }
  }
}

function isArmour(piece: string): boolean {
  return /BEGIN|END|---|KEY/.test(piece);
}

function caughtFrom(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}
