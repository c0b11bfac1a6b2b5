import { describe, expect, it, jest } from '@jest/globals';
import { mistakeOf, resolve } from './mistake-of.js';

describe('resolveOptions', () => {
  it('fills in every default', () => {
    expect(resolve({ secret: 'unread here' })).toEqual({
      token: {
        expires: { access: 15 * 60, refresh: 30 * 24 * 60 * 60 },
        encodeNotBefore: true,
        notBeforeDelta: 0,
        leeway: 0,
        identityClaim: 'sub',
        verifySub: true,
        userClaimsKey: undefined,
        claimsInRefreshToken: true,
        requiredClaims: [],
        acceptForeignTokens: false,
        encodeIssuer: undefined,
        decodeIssuers: undefined,
        encodeAudience: undefined,
        decodeAudiences: undefined,
        maxTokenLength: 8192,
        encodeCsrf: true,
      },
      locations: ['headers'],
      header: { name: 'Authorization', lowerCaseName: 'authorization', type: 'Bearer' },
      queryString: { name: 'jwt', valuePrefix: '' },
      cookies: { domain: undefined, secure: true, sameSite: 'lax', session: true },
      csrf: {
        protect: true,
        inCookies: true,
        checkForm: false,
        exemptMethods: new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']),
      },
      carriers: {
        access: {
          jsonKey: 'access_token',
          cookie: { name: 'access_token_cookie', path: '/' },
          csrfCookie: { name: 'csrf_access_token', path: '/' },
          csrfHeaderName: 'X-CSRF-TOKEN',
          csrfHeaderLowerCaseName: 'x-csrf-token',
          csrfFieldName: 'csrf_token',
        },
        refresh: {
          jsonKey: 'refresh_token',
          cookie: { name: 'refresh_token_cookie', path: '/' },
          csrfCookie: { name: 'csrf_refresh_token', path: '/' },
          csrfHeaderName: 'X-CSRF-TOKEN',
          csrfHeaderLowerCaseName: 'x-csrf-token',
          csrfFieldName: 'csrf_token',
        },
      },
      responses: {
        errorMessageKey: 'msg',
        errorCodeKey: undefined,
        statusProfile: 'flask',
        realm: undefined,
        callbacks: {},
      },
      blocklist: {
        store: undefined,
        checks: new Set(['access', 'refresh']),
        timeoutMs: 1000,
        onStoreError: 'deny',
      },
      rotation: { graceMs: 10_000, sessionLifetime: undefined, maxSessions: undefined },
      loaders: {},
      loaderTimeoutMs: 5000,
      clock: expect.any(Function),
    });
  });

  it('tells the time by the system when no clock is given', () => {
    const before = Date.now();
    const now = resolve({}).clock().getTime();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('leaves the key options to the keys module', () => {
    const keys = {
      secret: 1,
      privateKey: 2,
      publicKey: 3,
      algorithm: 4,
      decodeAlgorithms: 5,
      allowWeakSecret: 6,
    };
    expect(() => resolve(keys)).not.toThrow();
  });

  it('takes undefined for an option that was not given', () => {
    const given = { leeway: undefined, cookies: { secure: undefined }, csrf: undefined };
    expect(resolve(given)).toEqual({ ...resolve({}), clock: expect.any(Function) });
  });

  it('reads the options of a class instance, getters included', () => {
    class Options {
      readonly headerType = 'JWT';
      get leeway() {
        return '10s';
      }
    }
    const resolved = resolve(new Options());
    expect(resolved.header.type).toBe('JWT');
    expect(resolved.token.leeway).toBe(10);
  });

  it.each([
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an array', [{}], 'an array'],
    ['a string', 'canary-secret', 'a string of 13 characters'],
    ['a function', () => ({}), 'a function'],
    ['a Map', new Map(), 'an object of type Map'],
  ])('refuses %s in place of the options', (_, options, kind) => {
    expect(mistakeOf(options)).toBe(
      `JwtExtendedModule was given ${kind}; give an object of options`,
    );
  });

  it('refuses a promise of options, and says to await it', () => {
    expect(mistakeOf(Promise.resolve({}))).toBe(
      'JwtExtendedModule was given an object of type Promise; ' +
        'give an object of options (await the promise first)',
    );
  });

  it.each(['cookies', 'csrf', 'blocklist', 'loaders', 'responses'])(
    'refuses a %s that is no object',
    (name) => {
      const fix = 'give an object of options';
      expect(mistakeOf({ [name]: null })).toBe(`${name} was given null; ${fix}`);
      expect(mistakeOf({ [name]: [] })).toBe(`${name} was given an empty array; ${fix}`);
      expect(mistakeOf({ [name]: 'canary' })).toBe(
        `${name} was given a string of 6 characters; ${fix}`,
      );
    },
  );

  it('freezes what it returns, all the way down', () => {
    const resolved = resolve({ requiredClaims: ['exp'], encodeAudience: ['a', 'b'] });
    const parts = [
      resolved,
      resolved.token,
      resolved.token.expires,
      resolved.token.requiredClaims,
      resolved.token.encodeAudience,
      resolved.locations,
      resolved.header,
      resolved.queryString,
      resolved.cookies,
      resolved.csrf,
      resolved.carriers.access.cookie,
      resolved.carriers.refresh.csrfCookie,
      resolved.responses.callbacks,
      resolved.blocklist,
      resolved.loaders,
    ];
    expect(parts.filter((part) => !Object.isFrozen(part))).toEqual([]);
  });

  it("freezes nothing of the application's own", () => {
    const store = {
      add: jest.fn(),
      raise: jest.fn(),
      get: jest.fn(),
      delete: jest.fn(),
      entries: [],
    };
    const extractor = () => null;
    const options = {
      locations: ['headers', extractor],
      requiredClaims: ['exp'],
      cookies: { secure: true },
      loaders: { userLookup: () => null },
      blocklist: { store },
    };
    const resolved = resolve(options);
    expect(resolved.blocklist.store).toBe(store);
    const own = [options, store, store.entries, extractor, ...Object.values(options)];
    expect(own.filter((part) => Object.isFrozen(part))).toEqual([]);
  });

  it('does not follow the options when they change later', () => {
    const options = { requiredClaims: ['exp'], decodeIssuer: ['me'], locations: ['headers'] };
    const resolved = resolve(options);
    for (const list of Object.values(options)) list.push('json');
    expect(resolved.token.requiredClaims).toEqual(['exp']);
    expect(resolved.token.decodeIssuers).toEqual(['me']);
    expect(resolved.locations).toEqual(['headers']);
  });
});
