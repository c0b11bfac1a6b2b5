/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** Whether an answer is yet to come. */
export function isPromise<T>(answer: Awaitable<T>): answer is Promise<T> {
  const isObject = typeof answer === 'object' || typeof answer === 'function';
  return isObject && answer !== null && 'then' in answer;
}

/** Goes on with an answer: at once where it is there, since a promise costs more than most look-ups. */
export function thenOrNow<T, R>(
  answer: Awaitable<T>,
  goOn: (answer: T) => Awaitable<R>,
): Awaitable<R> {
  return isPromise(answer) ? answer.then(goOn) : goOn(answer);
}

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
  if (!isPromise(pending)) return pending;
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new DeadlineError(`${who} did not answer within ${milliseconds} ms`));
    }, milliseconds);
    void Promise.resolve(pending)
      .then(resolve, reject)
      .then(() => clearTimeout(timer));
  });
}
