import type { Awaitable } from '../contracts/awaitable.js';

/** Calls for each of many before the first answer is awaited; the answers are in the order of the calls. */
export function parallel<E, T>(
  all: readonly E[],
  call: (each: E, index: number) => Awaitable<T>,
): Promise<T[]> {
  return Promise.all(all.map(async (each, index) => call(each, index)));
}

/** As many numbers, from 0 on. */
export function upTo(count: number): number[] {
  return [...Array(count).keys()];
}
