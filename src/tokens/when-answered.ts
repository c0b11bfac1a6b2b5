import type { Awaitable } from '../contracts/awaitable.js';

/** Whether an answer is yet to come. */
export function isPending<T>(answer: Awaitable<T>): answer is Promise<T> {
  const isObject = typeof answer === 'object' || typeof answer === 'function';
  return isObject && answer !== null && 'then' in answer;
}

/** Goes on with an answer: at once where it is there, since a promise costs more than most look-ups. */
export function whenAnswered<T, R>(
  answer: Awaitable<T>,
  goOn: (answer: T) => Awaitable<R>,
): Awaitable<R> {
  return isPending(answer) ? answer.then(goOn) : goOn(answer);
}
