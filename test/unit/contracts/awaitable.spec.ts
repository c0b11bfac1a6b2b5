import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { withDeadline } from '../../../src/contracts/awaitable.js';
import { rejectionOf } from '../../support/tokens.js';

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
