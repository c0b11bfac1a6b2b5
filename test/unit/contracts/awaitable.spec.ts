import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import { thenOrNow, withDeadline } from '../../../src/contracts/awaitable.js';
import { rejectionOf } from '../../support/tokens.js';

describe('What goes on with an answer', () => {
  const own = globalThis.Promise;
  afterEach(() => {
    globalThis.Promise = own;
  });

  it('goes on at once if it is no promise', () => {
    expect(thenOrNow(5, (answer) => answer + 1)).toBe(6);
  });

  it('waits for a promise, even if the application has another global Promise', async () => {
    const pending = (async () => 5)();
    globalThis.Promise = runInNewContext('Promise') as PromiseConstructor;
    const goOn = jest.fn((answer: number) => answer + 1);
    const answer = thenOrNow(pending, goOn);

    expect(goOn).not.toHaveBeenCalled();
    expect(await answer).toBe(6);
  });
});

describe('A deadline (R28)', () => {
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it.each([0, '', false, null, undefined, 'x', { a: 1 }])(
    'returns %j, which is no promise, at once',
    (answer) => {
      const setTimer = jest.spyOn(globalThis, 'setTimeout');

      expect(withDeadline(answer, 1000, 'who')).toBe(answer);
      expect(setTimer).not.toHaveBeenCalled();
    },
  );

  it('gives an answer that comes in time, and leaves no timer', async () => {
    jest.useFakeTimers();

    expect(await withDeadline(Promise.resolve(5), 1000, 'who')).toBe(5);
    await Promise.resolve();

    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits for any object with a then method', async () => {
    const thenable = { then: (resolve: (value: number) => void) => resolve(5) };

    expect(await withDeadline(thenable as unknown as Promise<number>, 1000, 'who')).toBe(5);
  });

  it('passes a rejection on, and an error that a then method throws', async () => {
    const failure = new Error('x');
    const thenable = {
      then() {
        throw failure;
      },
    };

    for (const failing of [Promise.reject(failure), thenable as unknown as Promise<never>])
      expect(await rejectionOf(withDeadline(failing, 1000, 'who') as Promise<never>)).toBe(failure);
  });
});
