/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** Whether a value is a promise, of any library: an application may have replaced the global `Promise`. */
export function isPromise<T>(answer: Awaitable<T>): answer is Promise<T> {
  const isObject = typeof answer === 'object' || typeof answer === 'function';
  return isObject && answer !== null && 'then' in answer;
}

/** Continues at once if the answer is not a promise, because a promise costs more than most look-ups. */
export function thenOrNow<T, R>(
  answer: Awaitable<T>,
  goOn: (answer: T) => Awaitable<R>,
): Awaitable<R> {
  return isPromise(answer) ? answer.then(goOn) : goOn(answer);
}

/** An answer did not come in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** Waits until a deadline. Later answers and failures are ignored. An answer that is not a promise needs no timer. */
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
