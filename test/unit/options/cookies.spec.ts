import { describe, expect, it } from '@jest/globals';
import { mistakeOf, resolve, withOption } from './mistake-of.js';

const NAMES = [
  'cookies.accessName',
  'cookies.refreshName',
  'csrf.accessCookieName',
  'csrf.refreshCookieName',
];
const PATHS = [
  'cookies.accessPath',
  'cookies.refreshPath',
  'csrf.accessCookiePath',
  'csrf.refreshCookiePath',
];

describe.each(NAMES)('%s', (path) => {
  it.each([
    ['', "''"],
    ['a b', "'a b'"],
    ['a;b', "'a;b'"],
    ['a,b', "'a,b'"],
    ['a=b', "'a=b'"],
    ['a\r\nSet-Cookie: x', 'a string of 16 characters'],
  ])('may not be %j', (value, given) => {
    expect(mistakeOf(withOption(path, value))).toBe(
      `${path} was given ${given}; give a cookie name without blanks, ';', ',' or '=' (RFC 6265 section 4.1.1)`,
    );
  });

  it('is a string', () => {
    expect(mistakeOf(withOption(path, null))).toBe(`${path} was given null; give a string`);
  });
});

describe.each(PATHS)('%s', (path) => {
  it.each([
    ['', "''"],
    ['api', "'api'"],
    ['/a;Domain=x', "'/a;Domain=x'"],
    ['/a\n', 'a string of 3 characters'],
    ['/é', 'a string of 2 characters'],
  ])('may not be %j', (value, given) => {
    expect(mistakeOf(withOption(path, value))).toBe(
      `${path} was given ${given}; give a path that starts with '/', in ASCII, without ';' or control characters`,
    );
  });

  it('is a string', () => {
    expect(mistakeOf(withOption(path, 1))).toBe(`${path} was given 1; give a string`);
  });
});

describe('cookies', () => {
  it('have names and paths of their own', () => {
    const { carriers } = resolve({
      cookies: { accessName: 'a', refreshName: 'r', accessPath: '/api', refreshPath: '/auth' },
      csrf: {
        accessCookieName: 'ca',
        refreshCookieName: 'cr',
        accessCookiePath: '/x',
        refreshCookiePath: '/y',
      },
    });
    expect(carriers.access).toMatchObject({
      cookie: { name: 'a', path: '/api' },
      csrfCookie: { name: 'ca', path: '/x' },
    });
    expect(carriers.refresh).toMatchObject({
      cookie: { name: 'r', path: '/auth' },
      csrfCookie: { name: 'cr', path: '/y' },
    });
  });

  it.each([
    [
      { cookies: { accessName: 'x', refreshName: 'x' } },
      'cookies.refreshName',
      'cookies.accessName',
    ],
    [
      { cookies: { accessName: 'x' }, csrf: { accessCookieName: 'x' } },
      'csrf.accessCookieName',
      'cookies.accessName',
    ],
    [
      { cookies: { refreshName: 'x' }, csrf: { accessCookieName: 'x' } },
      'csrf.accessCookieName',
      'cookies.refreshName',
    ],
    [
      { csrf: { accessCookieName: 'x', refreshCookieName: 'x' } },
      'csrf.refreshCookieName',
      'csrf.accessCookieName',
    ],
  ])('may not share a name: %j', (options, later, earlier) => {
    expect(mistakeOf(options)).toBe(
      `${later} was given 'x', as was ${earlier}; give each cookie a name of its own`,
    );
  });
});

describe('cookies.domain', () => {
  it.each([
    ['example.com', 'example.com'],
    ['.example.com', 'example.com'],
    ['localhost', 'localhost'],
    ['a-b.example', 'a-b.example'],
    ['127.0.0.1', '127.0.0.1'],
  ])('may be %j', (domain, resolved) => {
    expect(resolve({ cookies: { domain } }).cookies.domain).toBe(resolved);
  });

  it.each([
    ['', "''"],
    ['.', "'.'"],
    ['..example.com', "'..example.com'"],
    ['https://example.com', "'https://example.com'"],
    ['example.com:3000', "'example.com:3000'"],
    ['example.com/', "'example.com/'"],
    ['-a.example', "'-a.example'"],
    ['a_b.example', "'a_b.example'"],
    ['a; Secure', "'a; Secure'"],
    ['bücher.example', 'a string of 14 characters'],
    [`${'a'.repeat(64)}.example`, 'a string of 72 characters'],
    [`${'a.'.repeat(127)}aa`, 'a string of 256 characters'],
  ])('may not be %j', (domain, given) => {
    expect(mistakeOf({ cookies: { domain } })).toBe(
      `cookies.domain was given ${given}; give a host name such as 'example.com', without scheme, port or path`,
    );
  });

  it('is a string', () => {
    expect(mistakeOf({ cookies: { domain: null } })).toBe(
      'cookies.domain was given null; give a string',
    );
  });
});

describe('cookies.sameSite', () => {
  it.each(['strict', 'lax', 'none'] as const)('may be %s', (sameSite) => {
    expect(resolve({ cookies: { sameSite } }).cookies.sameSite).toBe(sameSite);
  });

  it.each([
    ['Lax', "'Lax'"],
    [null, 'null'],
    [false, 'false'],
  ])('may not be %j', (sameSite, given) => {
    expect(mistakeOf({ cookies: { sameSite } })).toBe(
      `cookies.sameSite was given ${given}; give one of 'strict', 'lax', 'none'`,
    );
  });

  it("may not be 'none' without secure", () => {
    expect(mistakeOf({ cookies: { sameSite: 'none', secure: false } })).toBe(
      "cookies.sameSite was given 'none' while cookies.secure is false; " +
        'browsers refuse such cookies: set cookies.secure to true',
    );
  });
});

describe('the prefixes of cookie names', () => {
  it('are accepted where their promise is kept', () => {
    const cookies = { accessName: '__Host-a', refreshName: '__Secure-r', refreshPath: '/auth' };
    expect(resolve({ cookies }).carriers.access.cookie.name).toBe('__Host-a');
    expect(() =>
      resolve({ cookies: { refreshName: '__Secure-r', domain: 'example.com' } }),
    ).not.toThrow();
  });

  it.each([
    [
      { cookies: { accessName: '__Host-a', secure: false } },
      "cookies.accessName was given '__Host-a' while cookies.secure is false; such a prefix demands cookies.secure: true",
    ],
    [
      { cookies: { refreshName: '__Secure-r', secure: false } },
      "cookies.refreshName was given '__Secure-r' while cookies.secure is false; such a prefix demands cookies.secure: true",
    ],
    [
      { cookies: { refreshName: '__host-r', refreshPath: '/auth' } },
      "cookies.refreshName was given '__host-r' while cookies.refreshPath is '/auth'; " +
        "the prefix __Host- demands cookies.refreshPath: '/'",
    ],
    [
      { csrf: { accessCookieName: '__Host-c', accessCookiePath: '/x' } },
      "csrf.accessCookieName was given '__Host-c' while csrf.accessCookiePath is '/x'; " +
        "the prefix __Host- demands csrf.accessCookiePath: '/'",
    ],
    [
      { cookies: { domain: 'example.com' }, csrf: { refreshCookieName: '__Host-c' } },
      "csrf.refreshCookieName was given '__Host-c' while cookies.domain is set; " +
        'the prefix __Host- demands no cookies.domain',
    ],
  ])('are refused where a browser would drop the cookie: %j', (options, message) => {
    expect(mistakeOf(options)).toBe(message);
  });
});
