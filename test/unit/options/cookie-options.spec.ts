import { describe, expect, it } from '@jest/globals';
import { mistakeOf, resolve, withOption } from './mistake-of.js';

describe('The names of a token in a request', () => {
  it('are those of the options, header names in lower case too', () => {
    const resolved = resolve({
      headerName: 'X-Auth',
      queryStringName: 'token',
      queryStringValuePrefix: 'Bearer ',
      jsonKey: 'a',
      refreshJsonKey: 'r',
      cookies: { accessName: 'ac', refreshName: 'rc', accessPath: '/api', refreshPath: '/auth' },
      csrf: {
        accessHeaderName: 'X-A',
        refreshHeaderName: 'X-R',
        accessFieldName: 'fa',
        refreshFieldName: 'fr',
        accessCookieName: 'ca',
        refreshCookieName: 'cr',
        accessCookiePath: '/x',
        refreshCookiePath: '/y',
      },
    });
    expect(resolved.header).toMatchObject({ name: 'X-Auth', lowerCaseName: 'x-auth' });
    expect(resolved.queryString).toEqual({ name: 'token', valuePrefix: 'Bearer ' });
    expect(resolved.carriers).toEqual({
      access: {
        jsonKey: 'a',
        cookie: { name: 'ac', path: '/api' },
        csrfCookie: { name: 'ca', path: '/x' },
        csrfHeaderName: 'X-A',
        csrfHeaderLowerCaseName: 'x-a',
        csrfFieldName: 'fa',
      },
      refresh: {
        jsonKey: 'r',
        cookie: { name: 'rc', path: '/auth' },
        csrfCookie: { name: 'cr', path: '/y' },
        csrfHeaderName: 'X-R',
        csrfHeaderLowerCaseName: 'x-r',
        csrfFieldName: 'fr',
      },
    });
  });

  it.each(['', 'JWT', 'bearer'])('include the scheme %j', (type) => {
    expect(resolve({ headerType: type }).header.type).toBe(type);
  });

  it('include locations in their order, which may be functions', () => {
    const locations = ['json', () => null, 'headers', 'cookies'];
    expect(resolve({ locations }).locations).toEqual(locations);
  });

  it.each([
    ['cookies.accessName', 'cookies.refreshName'],
    ['cookies.accessName', 'csrf.accessCookieName'],
    ['cookies.refreshName', 'csrf.accessCookieName'],
    ['csrf.accessCookieName', 'csrf.refreshCookieName'],
  ])('are refused if two cookies share one: %s and %s', (earlier, later) => {
    const first = withOption(earlier, 'x') as Record<string, object>;
    const second = withOption(later, 'x') as Record<string, object>;
    const [group] = Object.keys(second) as [string];

    expect(mistakeOf({ ...first, [group]: { ...first[group], ...second[group] } })).toBe(
      `${later} was given 'x', as was ${earlier}; give each cookie a name of its own`,
    );
  });
});

describe('The attributes of cookies', () => {
  it.each(['example.com', '.example.com', 'localhost', 'a-b.example', '127.0.0.1'])(
    'include the domain %j, without a dot before it',
    (domain) => {
      expect(resolve({ cookies: { domain } }).cookies.domain).toBe(domain.replace(/^\./, ''));
    },
  );

  it.each(['strict', 'lax', 'none'] as const)('include SameSite %s', (sameSite) => {
    expect(resolve({ cookies: { sameSite } }).cookies.sameSite).toBe(sameSite);
  });

  it("refuse SameSite 'none' without Secure", () => {
    expect(mistakeOf({ cookies: { sameSite: 'none', secure: false } })).toBe(
      "cookies.sameSite was given 'none' while cookies.secure is false; " +
        'browsers refuse such cookies: set cookies.secure to true',
    );
  });

  it.each([
    [{ accessName: '__Host-a', refreshName: '__Secure-r', refreshPath: '/auth' }],
    [{ refreshName: '__Secure-r', domain: 'example.com' }],
  ])('have what the prefixes of names demand: %j', (cookies) => {
    expect(resolve({ cookies }).carriers.refresh.cookie.name).toBe('__Secure-r');
  });

  const insecure = 'cookies.secure is false; such a prefix demands cookies.secure: true';

  it.each([
    [
      { cookies: { accessName: '__Host-a', secure: false } },
      `cookies.accessName was given '__Host-a' while ${insecure}`,
    ],
    [
      { cookies: { refreshName: '__Secure-r', secure: false } },
      `cookies.refreshName was given '__Secure-r' while ${insecure}`,
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
  ])('are refused if a browser would drop the cookie for its prefix: %j', (options, message) => {
    expect(mistakeOf(options)).toBe(message);
  });
});

describe('cookies.renewWithin', () => {
  it.each<[options: object, seconds: number | undefined]>([
    [{}, undefined],
    [{ cookies: { renewWithin: '5m' } }, 300],
    [{ cookies: { renewWithin: '5h' }, accessTokenExpires: false }, 18_000],
  ])('of %j is %p seconds', (options, seconds) => {
    expect(resolve(options).cookies.renewWithin).toBe(seconds);
  });

  it.each<[options: object, given: string]>([
    [{ cookies: { renewWithin: '15m' } }, '900 seconds, and access tokens live for 900'],
    [
      { cookies: { renewWithin: '6m' }, accessTokenExpires: '5m' },
      '360 seconds, and access tokens live for 300',
    ],
  ])('is refused if it is no shorter than the life of a token: %j', (options, given) => {
    expect(mistakeOf(options)).toBe(
      `cookies.renewWithin was given ${given}; give less than accessTokenExpires`,
    );
  });
});

describe('csrf.methods', () => {
  const SAFE = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];
  const UNSAFE = ['POST', 'PUT', 'PATCH', 'DELETE'];

  it.each([
    [UNSAFE, SAFE],
    [
      ['post', 'Put'],
      [...SAFE, 'PATCH', 'DELETE'],
    ],
    [['GET', ...UNSAFE], SAFE.slice(1)],
    [['PURGE'], [...SAFE, ...UNSAFE]],
  ])('protects %j and exempts %j', (methods, exempt) => {
    expect([...resolve({ csrf: { methods } }).csrf.exemptMethods]).toEqual(exempt);
  });

  it('may be empty if nothing is protected', () => {
    expect(resolve({ csrf: { protect: false, methods: [] } }).csrf.protect).toBe(false);
  });
});
