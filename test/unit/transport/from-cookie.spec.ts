import { describe, expect, it } from '@jest/globals';
import type { HttpRequest } from '../../../src/index.js';
import { resolveOptions } from '../../../src/options/resolve-options.js';
import { fromCookie } from '../../../src/http/token-cookie.js';
import { policy } from '../../support/transport.js';

const NAME = 'access_token_cookie';
const MISSING = { missing: `Missing cookie "${NAME}"` };

function read(request: Partial<HttpRequest>): unknown {
  return fromCookie({ method: 'GET', headers: {}, ...request }, policy(), resolveOptions({}));
}

describe('fromCookie', () => {
  it.each([
    [{ [NAME]: 'x' }, { encoded: 'x', location: 'cookies' }],
    [{ [NAME]: '' }, MISSING],
    [{ [NAME]: undefined }, MISSING],
    [{ [NAME]: { x: 1 } }, MISSING],
    [{ [NAME]: ['x'] }, MISSING],
    [{ [NAME]: 5 }, MISSING],
    [Object.create({ [NAME]: 'x' }) as object, MISSING],
    [{}, MISSING],
    [[NAME], MISSING],
    ['x', MISSING],
    [null, MISSING],
    [undefined, MISSING],
  ])('reads what a plug-in parsed where there is no header: %j (R47, F18)', (cookies, found) => {
    expect(read({ cookies })).toEqual(found);
  });

  it('believes the header before a plug-in, which keeps one of two cookies only (R47)', () => {
    const cookies = { [NAME]: 'parsed' };
    expect(read({ headers: { cookie: `${NAME}=sent` }, cookies })).toEqual({
      encoded: 'sent',
      location: 'cookies',
    });
    expect(read({ headers: { cookie: '' }, cookies })).toEqual(MISSING);
    expect(() => read({ headers: { cookie: `${NAME}=a; ${NAME}=b` }, cookies })).toThrow(
      `Multiple values for cookie "${NAME}"`,
    );
  });

  it('reads a header that came as a list', () => {
    expect(read({ headers: { cookie: ['a=b', `${NAME}=x`] } })).toEqual({
      encoded: 'x',
      location: 'cookies',
    });
    expect(() => read({ headers: { cookie: [`${NAME}=x`, `${NAME}=y`] } })).toThrow(
      `Multiple values for cookie "${NAME}"`,
    );
  });

  it.each([
    ['a no-break space', '\u00a0'],
    ['a line feed', '\n'],
    ['a vertical tab', '\u000b'],
    ['a byte order mark', '\ufeff'],
    ['an em space', '\u2003'],
  ])('keeps %s: it is part of a name or a value (R47)', (_, space) => {
    expect(read({ headers: { cookie: `${space}${NAME}=x` } })).toEqual(MISSING);
    expect(read({ headers: { cookie: `${NAME}=x${space}` } })).toEqual({
      encoded: `x${space}`,
      location: 'cookies',
    });
  });

  it.each([
    ['"', '"'],
    ['""x""', '"x"'],
    ['"x', '"x'],
    ['x"', 'x"'],
  ])('takes one pair of quotes from %j', (value, encoded) => {
    expect(read({ headers: { cookie: `${NAME}=${value}` } })).toEqual({
      encoded,
      location: 'cookies',
    });
  });

  // Text that is tried again from each character would take minutes over these.
  it.each([
    ['separators', ';'.repeat(1_000_000)],
    ['equals signs', '='.repeat(1_000_000)],
    ['blanks', ' '.repeat(1_000_000)],
    ['blanks between letters', `a${' '.repeat(1_000_000)}b`],
    ['blanks in a value', `a=${' '.repeat(1_000_000)}b`],
    ['pairs', 'a=b; '.repeat(200_000)],
  ])('takes linear time for 1 MB of %s (R72)', (_, cookie) => {
    expect(read({ headers: { cookie } })).toEqual(MISSING);
  });
});
