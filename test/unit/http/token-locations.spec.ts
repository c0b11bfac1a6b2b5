import { describe, expect, it, jest } from '@jest/globals';
import { extractToken } from '../../../src/http/extract-token.js';
import { fromHeader, fromJson, fromQueryString } from '../../../src/http/token-locations.js';
import { requireToken68 } from '../../../src/tokens/compact-jws.js';
import type { JwtExtendedOptions } from '../../../src/index.js';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import { policy } from '../../support/transport.js';

describe('The Authorization header', () => {
  function read(authorization: string | string[], options: JwtExtendedOptions = {}): unknown {
    const { malformed, ...found } = {
      malformed: '',
      ...fromHeader({ headers: { authorization } }, resolveOptions(options)),
    };
    if ('encoded' in found) requireToken68(found.encoded, malformed);
    return found;
  }

  const MEGABYTE = 1_000_000;
  /** The largest value that `maxTokenLength` allows. */
  const LONGEST = 1024 * 1024;

  it.each([
    ['letters', 'A'],
    ['spaces', ' '],
    ['commas', ','],
    ['tabs', '\t'],
    ['words', 'A '],
    ['fields', 'A,'],
    ['schemes', 'Bearer '],
    ['credentials', 'Bearer x,'],
  ])('refuses 1 MB of %s without parsing it (R7, F1, F26)', (_, text) => {
    const header = `Bearer ${text.repeat(MEGABYTE / text.length)}`;
    expect(() => read(header)).toThrow('Token is too long');
    expect(() => read(header, { headerType: '' })).toThrow('Token is too long');
  });

  // A regular expression that starts again at each character would take minutes for these.
  it.each([
    ['letters without a blank', 'A'.repeat(MEGABYTE), 'missing'],
    ['spaces', ' '.repeat(MEGABYTE), 'missing'],
    ['commas and one letter', `${','.repeat(MEGABYTE)}A`, 'missing'],
    ['words', 'A '.repeat(MEGABYTE / 2), 'missing'],
    ['fields', 'Bearer x,'.repeat(MEGABYTE / 10), 'missing'],
    ['spaces before a letter', `Bearer${' '.repeat(MEGABYTE)}a`, 'encoded'],
    ['a token', `Bearer ${'a'.repeat(MEGABYTE)}`, 'encoded'],
    [
      'a token and commas',
      `${','.repeat(MEGABYTE / 2)}Bearer a${','.repeat(MEGABYTE / 2)}`,
      'encoded',
    ],
  ])('takes linear time for 1 MB of %s (R38, R72, F1, F26)', (_, header, found) => {
    expect(read(header, { maxTokenLength: LONGEST })).toHaveProperty(found);
  });

  it.each([
    ['a token with a wrong end', `Bearer ${'a'.repeat(MEGABYTE)}!`],
    ['padding', `Bearer ${'='.repeat(MEGABYTE)}`],
    ['padding within a token', `Bearer a${'='.repeat(MEGABYTE)}a`],
    ['tokens', `Bearer ${'a '.repeat(MEGABYTE / 2)}`],
  ])('takes linear time to refuse 1 MB of %s (R38, R72)', (_, header) => {
    expect(() => read(header, { maxTokenLength: LONGEST })).toThrow(
      "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'",
    );
  });

  it.each(['Bearer\u000bx', 'Bearer\u2003x', 'Bearer\nx', 'Bearer\u0000x', '\u0130Bearer x'])(
    'finds no scheme in %j (R38, F2)',
    (header) => {
      expect(read(header)).toEqual({
        missing:
          "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'",
      });
    },
  );

  it.each(['Bearer x\n', 'Bearer x\u2028', 'Bearer x\u000b', 'Bearer \ufeffx', 'Bearer x\u0000'])(
    'finds no token in %j (R38, F2)',
    (header) => {
      expect(() => read(header)).toThrow('Bad Authorization header.');
    },
  );

  it('finds the token in a header that came as a list', () => {
    expect(read(['Basic YTpi', 'Bearer x'])).toEqual({ encoded: 'x', location: 'headers' });
    expect(read(['Bearer x', 'Bearer y'])).toHaveProperty('missing');
    expect(read([])).toEqual({ missing: 'Missing Authorization Header' });
  });
});

describe('A JSON body', () => {
  const NO_JSON = { missing: 'Invalid content-type. Must be application/json.' };
  const NO_KEY = { missing: 'Missing "access_token" key in json data.' };

  function read(type: string | string[] | undefined, body: unknown): unknown {
    return fromJson({ headers: { 'content-type': type }, body }, policy(), resolveOptions({}));
  }

  it.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json;charset=utf-8',
    'application/json ; charset=utf-8; x="y"',
    'application/problem+json',
    'application/vnd.api+json; version=1',
    'application/vnd.a-b_c.v1+x+json',
  ])('reads a parsed body of type %s', (type) => {
    expect(read(type, { access_token: 'x' })).toEqual({ encoded: 'x', location: 'json' });
  });

  it.each([
    undefined,
    '',
    'json',
    'text/json',
    'text/plain',
    'application/jsonp',
    'application/json5',
    'application/x-json',
    'application/+json',
    'application/json, text/plain',
    'text/plain; application/json',
    ' text/application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=application/json',
  ])('reads no body of type %j (R49)', (type) => {
    expect(read(type, { access_token: 'x' })).toEqual(NO_JSON);
  });

  // A regular expression that starts again at each character would take minutes for these.
  it.each([
    ['suffixes', `application/${'a+'.repeat(500_000)}`],
    ['blanks', `application/json${' '.repeat(1_000_000)}x`],
  ])('takes linear time for a type of 1 MB of %s (R72)', (_, type) => {
    expect(read(type, { access_token: 'x' })).toEqual(NO_JSON);
  });

  it.each([
    [undefined],
    [null],
    ['{"access_token":"x"}'],
    [Buffer.from('{"access_token":"x"}')],
    [5],
    [['access_token']],
    [Object.assign(['x'], { access_token: 'x' })],
    [Object.create({ access_token: 'x' }) as object],
    [{ access_token: '' }],
  ])('finds nothing if the body is not an object with that own key: %j (R49)', (body) => {
    expect(read('application/json', body)).toEqual(NO_KEY);
  });
});

describe('The query string', () => {
  const MISSING = { missing: "Missing 'jwt' query paramater" };

  function read(query: unknown): unknown {
    return fromQueryString({ headers: {}, query }, resolveOptions({}));
  }

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
  ])('reads only own text members of a parsed query: %j (R50)', (query, found) => {
    expect(read(query)).toEqual(found);
  });

  it.each([[['x', 'y']], [['x', '']], [['x', ['x']]], [[{ a: 'x' }, { a: 'x' }]]])(
    'refuses a list of values that are not all the same text: %j (R50)',
    (jwt) => {
      expect(() => read({ jwt })).toThrow("Multiple values for query parameter 'jwt'");
    },
  );
});

describe('Several locations', () => {
  it('are read up to the first that holds a token', () => {
    const request = { method: 'GET', headers: { 'x-token': 'x' } };
    const first = jest.fn(() => null);
    const second = jest.fn(() => 'x');
    const third = jest.fn(() => 'y');
    const options = resolveOptions({ locations: [first, 'headers', second, third] });
    const found = extractToken(request, policy(), options);
    expect(found).toEqual({ encoded: 'x', location: 'custom' });
    expect([first, second, third].map(({ mock }) => mock.calls)).toEqual([
      [[request]],
      [[request]],
      [],
    ]);
  });
});
