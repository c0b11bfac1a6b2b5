import { LET_IN, type Refusal, type Row } from './tokens.js';

type ByTitle = Readonly<Record<string, unknown>>;

/** Rows of tokens that are refused for one reason, by what is wrong with them. */
export function refuses(reason: Refusal, presented: ByTitle): Row[] {
  return Object.entries(presented).map(([what, token]) => [`refuses ${what}`, token, reason]);
}

/** Rows of tokens that are accepted, by what is special about them. */
export function accepts(presented: ByTitle): Row[] {
  return Object.entries(presented).map(([what, token]) => [`accepts ${what}`, token, LET_IN]);
}

/** Tokens that differ in one value, by that value. */
export function eachOf<T, R>(
  what: string,
  values: readonly T[],
  make: (value: T) => R,
): Record<string, R> {
  return Object.fromEntries(
    values.map((value) => [`${what} ${String(JSON.stringify(value)).slice(0, 20)}`, make(value)]),
  );
}
