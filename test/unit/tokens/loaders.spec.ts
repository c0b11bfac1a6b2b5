import { describe, expect, it } from '@jest/globals';
import { GoneException } from '@nestjs/common';
import type { Token } from '../../../src/index.js';
import { LoaderCalls, loaderFault } from '../../../src/tokens/loaders.js';
import { rejectionOf } from '../../support/tokens.js';

const TOKEN = {} as Token;

describe('A loader that says yes or no', () => {
  it.each([true, false])('is taken at its word when it says %s', async (answer) => {
    const calls = new LoaderCalls({ isTokenRevoked: () => Promise.resolve(answer) }, 50);

    expect(await calls.askBoolean('isTokenRevoked', TOKEN, {})).toBe(answer);
  });

  it.each([undefined, null, 0, 1, '', 'false', 'true', {}, [], NaN])(
    'says nothing when it says %j (R56)',
    async (answer) => {
      const calls = new LoaderCalls({ isTokenRevoked: () => answer as boolean }, 50);

      expect(await rejectionOf(calls.askBoolean('isTokenRevoked', TOKEN, {}))).toMatchObject({
        code: 'CHECK_UNAVAILABLE',
        cause: { message: 'loaders.isTokenRevoked must give true or false' },
      });
    },
  );
});

describe('A loader that is not there', () => {
  const calls = new LoaderCalls({}, 50);

  it('is known not to be', () => {
    expect(calls.has('userLookup')).toBe(false);
  });

  it('answers nothing', async () => {
    expect(await calls.ask('userLookup', TOKEN, {})).toBeUndefined();
  });
});

describe('What becomes of a fault (R77)', () => {
  it('keeps an HTTP error as it is', () => {
    const gone = new GoneException();

    expect(loaderFault(gone)).toBe(gone);
  });

  it.each([new Error('x'), new TypeError('x'), new RangeError('x'), new SyntaxError('x'), 'x', 5])(
    'is 503 for %p, with that as the cause',
    (fault) => {
      const error = loaderFault(fault);

      expect(error.getStatus()).toBe(503);
      expect(error.message).toBe('Token could not be checked');
      expect(error.cause).toBe(fault);
    },
  );
});
