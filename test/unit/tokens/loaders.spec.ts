import { describe, expect, it } from '@jest/globals';
import { GoneException } from '@nestjs/common';
import type { Token } from '../../../src/index.js';
import { LoaderCalls, loaderFault } from '../../../src/tokens/loaders.js';
import { rejectionOf } from '../../support/tokens.js';

const TOKEN = {} as Token;

describe('A loader that must give a boolean', () => {
  it.each([true, false])('can give %s', async (answer) => {
    const calls = new LoaderCalls({ isTokenRevoked: () => Promise.resolve(answer) }, 50);

    expect(await calls.askBoolean('isTokenRevoked', TOKEN, {})).toBe(answer);
  });

  it.each([undefined, null, 0, 1, '', 'false', 'true', {}, [], NaN])(
    'fails with 503 if it gives %j (R56)',
    async (answer) => {
      const calls = new LoaderCalls({ isTokenRevoked: () => answer as boolean }, 50);

      expect(await rejectionOf(calls.askBoolean('isTokenRevoked', TOKEN, {}))).toMatchObject({
        code: 'CHECK_UNAVAILABLE',
        cause: { message: 'loaders.isTokenRevoked must give true or false' },
      });
    },
  );
});

describe('A loader that the options lack', () => {
  const calls = new LoaderCalls({}, 50);

  it('is not reported by has', () => {
    expect(calls.has('userLookup')).toBe(false);
  });

  it('gives undefined', async () => {
    expect(await calls.ask('userLookup', TOKEN, {})).toBeUndefined();
  });
});

describe('The error for a loader that fails (R77)', () => {
  it('is its own HTTP error', () => {
    const gone = new GoneException();

    expect(loaderFault(gone)).toBe(gone);
  });

  it.each([new Error('x'), new TypeError('x'), new RangeError('x'), new SyntaxError('x'), 'x', 5])(
    'is 503 with the cause %p for any other error',
    (fault) => {
      const error = loaderFault(fault);

      expect(error.getStatus()).toBe(503);
      expect(error.message).toBe('Token could not be checked');
      expect(error.cause).toBe(fault);
    },
  );
});
