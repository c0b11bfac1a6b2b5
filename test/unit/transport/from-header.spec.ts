import { describe, expect, it } from '@jest/globals';
import type { JwtExtendedOptions } from '../../../src/index.js';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import { fromHeader } from '../../../src/http/token-locations.js';

function read(authorization: string | string[], options: JwtExtendedOptions = {}): unknown {
  return fromHeader({ headers: { authorization } }, resolveOptions(options));
}

const MEGABYTE = 1_000_000;
/** The most that `maxTokenLength` allows. */
const LONGEST = 1024 * 1024;

describe('fromHeader', () => {
  it.each([
    ['letters', 'A'],
    ['spaces', ' '],
    ['commas', ','],
    ['tabs', '\t'],
    ['words', 'A '],
    ['fields', 'A,'],
    ['schemes', 'Bearer '],
    ['credentials', 'Bearer x,'],
  ])('refuses 1 MB of %s unread (R7, F1, F26)', (_, text) => {
    const header = `Bearer ${text.repeat(MEGABYTE / text.length)}`;
    expect(() => read(header)).toThrow('Token is too long');
    expect(() => read(header, { headerType: '' })).toThrow('Token is too long');
  });

  // An expression that tries again from each character would take minutes over these.
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

  it.each([
    ['Bearer\u000bx', 'a vertical tab'],
    ['Bearer\u2003x', 'an em space'],
    ['Bearer\nx', 'a line feed'],
    ['Bearer\u0000x', 'a null character'],
    ['\u0130Bearer x', 'a letter that grows in lower case'],
  ])('finds no scheme in %j, with %s (R38, F2)', (header) => {
    expect(read(header)).toEqual({
      missing:
        "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'",
    });
  });

  it.each(['Bearer x\n', 'Bearer x\u2028', 'Bearer x\u000b', 'Bearer \ufeffx', 'Bearer x\u0000'])(
    'finds no token in %j (R38, F2)',
    (header) => {
      expect(() => read(header)).toThrow('Bad Authorization header.');
    },
  );

  it('gives the token of a header that came as a list', () => {
    expect(read(['Basic YTpi', 'Bearer x'])).toEqual({ encoded: 'x', location: 'headers' });
    expect(read(['Bearer x', 'Bearer y'])).toHaveProperty('missing');
    expect(read([])).toEqual({ missing: 'Missing Authorization Header' });
  });
});
