import { expect } from '@jest/globals';
import { inspect } from 'node:util';
import { JwtExtendedConfigError } from '../../../src/errors/config.error.js';

/** Shorter pieces of a key may be in a message by chance, such as "PRIVATE KEY" and "prime256v1". */
const LONGEST_CHANCE = 14;

/** The message of the config error that `act` throws; fails if it throws none, or if it contains a part of a key. */
export function mistakeOf(act: () => unknown, ...keyTexts: readonly string[]): string {
  const error = caughtFrom(act);
  expect(error).toBeInstanceOf(JwtExtendedConfigError);
  expectNothingOf(keyTexts, inspect(error, { depth: 5 }).split('\n    at ')[0] ?? '');
  return (error as JwtExtendedConfigError).message;
}

/** Fails if the text contains a longer piece of a key. */
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

/** The rows of a table that lists mistakes under their message. */
export function mistakesOf(
  table: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): [what: string, given: unknown, message: string][] {
  return Object.entries(table).flatMap(([message, mistakes]) =>
    Object.entries(mistakes).map(([what, given]): [string, unknown, string] => [
      what,
      given,
      message,
    ]),
  );
}
