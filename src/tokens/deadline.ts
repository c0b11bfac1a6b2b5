import type { Awaitable } from '../contracts/awaitable.js';
import { isPending } from './when-answered.js';

/** Nobody answered in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Waits for an answer, but no longer than a deadline, whatever the one who was asked does. What comes too late is
 * dropped, a late failure too. An answer that is there at once costs no timer.
 */
export function withDeadline<T>(
  pending: Awaitable<T>,
  milliseconds: number,
  who: string,
): Awaitable<T> {
  if (!isPending(pending)) return pending;
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new DeadlineError(`${who} did not answer within ${milliseconds} ms`));
    }, milliseconds);
    void Promise.resolve(pending)
      .then(resolve, reject)
      .then(() => clearTimeout(timer));
  });
}
