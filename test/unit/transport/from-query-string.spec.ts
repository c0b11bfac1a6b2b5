import { describe, expect, it } from '@jest/globals';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import { fromQueryString } from '../../../src/http/token-locations.js';

const MISSING = { missing: "Missing 'jwt' query paramater" };

function read(query: unknown): unknown {
  return fromQueryString({ headers: {}, query }, resolveOptions({}));
}

describe('fromQueryString', () => {
  it.each([
    [{ jwt: 'x' }, { encoded: 'x', location: 'query_string' }],
    [{ jwt: ['x', 'x'] }, { encoded: 'x', location: 'query_string' }],
    [{ jwt: '' }, MISSING],
    [{ jwt: [] }, MISSING],
    [{ jwt: ['', ''] }, MISSING],
    [{ jwt: [5, 5] }, MISSING],
    [{ jwt: { x: 'x' } }, MISSING],
    [{ jwt: 5 }, MISSING],
    [{ jwt: null }, MISSING],
    [Object.create({ jwt: 'x' }) as object, MISSING],
    [{}, MISSING],
    ['jwt=x', MISSING],
    [null, MISSING],
    [undefined, MISSING],
  ])('reads text of its own only from what a parser made: %j (R50)', (query, found) => {
    expect(read(query)).toEqual(found);
  });

  it.each([[['x', 'y']], [['x', '']], [['x', ['x']]], [[{ a: 'x' }, { a: 'x' }]]])(
    'refuses a list of values that are not all the same text: %j (R50)',
    (jwt) => {
      expect(() => read({ jwt })).toThrow("Multiple values for query parameter 'jwt'");
    },
  );
});
