import type { Awaitable } from '../contracts/awaitable.js';

/** Calls many times before the first answer is awaited; the answers are in the order of the calls. */
export function parallel<T>(count: number, call: (index: number) => Awaitable<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, async (_, index) => call(index)));
}
