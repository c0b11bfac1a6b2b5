import { describe, expect, it, jest } from '@jest/globals';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import { MissingTokenError, TokenCheckUnavailableError } from '../../../src/errors/token-errors.js';
import { extractToken } from '../../../src/http/extract-token.js';
import { policy } from '../../support/transport.js';

const request = { method: 'GET', headers: { 'x-token': 'x' } };

describe('extractToken', () => {
  it('stops at the first location that holds a token', () => {
    const first = jest.fn(() => null);
    const second = jest.fn(() => 'x');
    const third = jest.fn(() => 'y');
    const options = resolveOptions({ locations: [first, 'headers', second, third] });
    expect(extractToken(request, policy(), options)).toEqual({ encoded: 'x', location: 'custom' });
    expect([first, second, third].map(({ mock }) => mock.calls)).toEqual([
      [[request]],
      [[request]],
      [],
    ]);
  });

  it('looks where the route says, and nowhere else', () => {
    const configured = jest.fn(() => 'x');
    const options = resolveOptions({ locations: [configured] });
    const own = policy({ locations: ['headers'] });
    expect(() => extractToken(request, own, options)).toThrow(
      new MissingTokenError('Missing Authorization Header'),
    );
    expect(configured).not.toHaveBeenCalled();
  });

  it('keeps what an extractor threw for the operator, and from the client', () => {
    const cause = new Error('postgres://user:password@host is down');
    const fail = () => {
      throw cause;
    };
    const options = resolveOptions({ locations: [fail] });
    const attempt = () => extractToken(request, policy(), options);
    expect(attempt).toThrow(TokenCheckUnavailableError);
    expect(attempt).toThrow(
      expect.objectContaining({ message: 'Token could not be checked', cause }),
    );
  });
});
