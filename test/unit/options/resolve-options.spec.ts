import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Token } from '../../../src/contracts/token.js';
import { LOADER_ROWS, RESPONSE_CALLBACK_ROWS } from '../../../src/options/callbacks.js';
import { KEY_ROWS } from '../../../src/options/key-options.js';
import { mistakeOf, resolve, withOption } from './mistake-of.js';

/** The default names by which a token and its CSRF value are found. */
function carrierOf(type: 'access' | 'refresh'): object {
  return {
    jsonKey: `${type}_token`,
    cookie: { name: `${type}_token_cookie`, path: '/' },
    csrfCookie: { name: `csrf_${type}_token`, path: '/' },
    csrfHeaderName: 'X-CSRF-TOKEN',
    csrfHeaderLowerCaseName: 'x-csrf-token',
    csrfFieldName: 'csrf_token',
  };
}

function storeWith() {
  return { add: jest.fn(), raise: jest.fn(), get: jest.fn(), delete: jest.fn() };
}

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
        decodeIssuer: undefined,
        encodeAudience: undefined,
        decodeAudience: undefined,
        maxTokenLength: 8192,
        encodeCsrf: true,
      },
      locations: ['headers'],
      header: { name: 'Authorization', lowerCaseName: 'authorization', type: 'Bearer' },
      queryString: { name: 'jwt', valuePrefix: '' },
      cookies: {
        accessName: 'access_token_cookie',
        refreshName: 'refresh_token_cookie',
        accessPath: '/',
        refreshPath: '/',
        domain: undefined,
        secure: true,
        sameSite: 'lax',
        session: true,
        renewWithin: undefined,
      },
      csrf: {
        protect: true,
        accessHeaderName: 'X-CSRF-TOKEN',
        refreshHeaderName: 'X-CSRF-TOKEN',
        inCookies: true,
        accessCookieName: 'csrf_access_token',
        refreshCookieName: 'csrf_refresh_token',
        accessCookiePath: '/',
        refreshCookiePath: '/',
        checkForm: false,
        accessFieldName: 'csrf_token',
        refreshFieldName: 'csrf_token',
        exemptMethods: new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']),
      },
      carriers: { access: carrierOf('access'), refresh: carrierOf('refresh') },
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
      events: undefined,
      login: undefined,
      loaders: {},
      loaderTimeoutMs: 5000,
      clock: expect.any(Function),
    });
  });

  it('takes the time of the system if no clock is given', () => {
    const before = Date.now();
    const now = resolve({}).clock().getTime();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('leaves the key options to the keys module', () => {
    const keys = Object.fromEntries(Object.keys(KEY_ROWS).map((name, at) => [name, at]));
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
    ['undefined', undefined],
    ['null', null],
    ['an array', [{}]],
    ['a string of 13 characters', 'canary-secret'],
    ['a function', () => ({})],
    ['an object of type Map', new Map()],
    ['an object of type Promise', Promise.resolve({}), ' (await the promise first)'],
  ])('refuses %s in place of the options', (kind, options, hint = '') => {
    expect(mistakeOf(options)).toBe(
      `JwtExtendedModule was given ${kind}; give an object of options${hint}`,
    );
  });

  it('freezes what it returns, all the way down', () => {
    const resolved = resolve({ requiredClaims: ['exp'], encodeAudience: ['a', 'b'] });
    const { token, cookies, csrf, carriers, blocklist, loaders, locations } = resolved;
    const parts = [
      ...[resolved, token, token.expires, token.requiredClaims, token.encodeAudience, locations],
      ...[resolved.header, resolved.queryString, resolved.responses.callbacks, blocklist, loaders],
      ...[cookies, csrf, carriers.access.cookie, carriers.refresh.csrfCookie],
    ];
    expect(parts.filter((part) => !Object.isFrozen(part))).toEqual([]);
  });

  it('freezes no object of the application', () => {
    const store = Object.assign(storeWith(), { entries: [] });
    const extractor = () => null;
    const options = {
      locations: ['headers', extractor],
      requiredClaims: ['exp'],
      cookies: { secure: true },
      loaders: { userLookup: () => null },
      blocklist: { store },
      events: { emit: jest.fn() },
    };
    const resolved = resolve(options);
    expect(resolved.blocklist.store).toBe(store);
    expect(resolved.events).toBe(options.events);
    const own = [options, store, store.entries, extractor, ...Object.values(options)];
    expect(own.filter((part) => Object.isFrozen(part))).toEqual([]);
  });

  it('does not follow the options when they change later', () => {
    const options = { requiredClaims: ['exp'], decodeIssuer: ['me'], locations: ['headers'] };
    const resolved = resolve(options);
    for (const list of Object.values(options)) list.push('json');
    expect(resolved.token.requiredClaims).toEqual(['exp']);
    expect(resolved.token.decodeIssuer).toEqual(['me']);
    expect(resolved.locations).toEqual(['headers']);
  });
});

describe('The options outside of tokens and cookies', () => {
  it.each([
    ['500ms', 500],
    ['1.5s', 1500],
    [2, 2000],
    ['2147483647ms', 2_147_483_647],
  ])('take the time-out %j for %d milliseconds', (value, milliseconds) => {
    expect(resolve({ loaderTimeout: value }).loaderTimeoutMs).toBe(milliseconds);
    expect(resolve({ blocklist: { timeout: value } }).blocklist.timeoutMs).toBe(milliseconds);
  });

  it.each([[[]], [['access']], [['refresh', 'access']]])('take blocklist.checks %j', (checks) => {
    expect([...resolve({ blocklist: { checks } }).blocklist.checks]).toEqual(checks);
  });

  it.each<[given: object, resolved: object]>([
    [{}, { graceMs: 10_000, sessionLifetime: undefined, maxSessions: undefined }],
    [{ grace: 0 }, { graceMs: 0, sessionLifetime: undefined, maxSessions: undefined }],
    [
      { grace: '30s', sessionLifetime: '90d', maxSessions: 5 },
      { graceMs: 30_000, sessionLifetime: 90 * 86_400, maxSessions: 5 },
    ],
  ])('resolve the rotation %j to %j', (rotation, resolved) => {
    expect(resolve({ rotation }).rotation).toEqual(resolved);
  });

  it('refuse a rotation if the store cannot claim a token or count sessions', () => {
    const store = storeWith();
    const loose = { ...store, isAtomic: false };
    const fix = 'use Redis, SQL or the memory store as blocklist.store';
    expect(mistakeOf({ blocklist: { store: loose }, rotation: {} })).toBe(
      `rotation was given beside a store whose add is not atomic; ${fix}`,
    );
    expect(mistakeOf({ blocklist: { store }, rotation: { maxSessions: 1 } })).toBe(
      `rotation.maxSessions was given beside a store that keeps no sessions; ${fix}`,
    );
    expect(resolve({ blocklist: { store: loose } }).blocklist.store).toBe(loose);
  });

  it('say how refusals look', () => {
    const given = {
      errorMessageKey: 'message',
      errorCodeKey: 'code',
      statusProfile: 'rfc6750',
      realm: 'My "API"',
    };
    expect(resolve(given).responses).toEqual({ ...given, callbacks: {} });
  });

  it("refuse a refusal's code and message in one member", () => {
    expect(mistakeOf({ errorCodeKey: 'msg' })).toBe(
      "errorCodeKey was given 'msg', as was errorMessageKey; give the code a member of its own",
    );
  });

  it('keep a clock, and refuse one that throws with its error as the cause', () => {
    const clock = () => new Date(0);
    expect(resolve({ clock }).clock).toBe(clock);

    const cause = new Error('stopped');
    const broken = () => {
      throw cause;
    };
    expect(mistakeOf({ clock: broken })).toBe(
      'clock was given a function that throws; return a valid Date, as () => new Date() does',
    );
    expect(() => resolve({ clock: broken })).toThrow(expect.objectContaining({ cause }));
  });
});

describe('The callbacks', () => {
  const names = [
    ...Object.keys(LOADER_ROWS).map((name) => `loaders.${name}`),
    ...Object.keys(RESPONSE_CALLBACK_ROWS).map((name) => `responses.${name}`),
  ];

  it.each(names)('hold %s alone if no other is given', (path) => {
    const { loaders, responses } = resolve(withOption(path, () => 'answer'));
    const [group, name] = path.split('.') as [string, string];
    const callbacks = (group === 'loaders' ? loaders : responses.callbacks) as Record<
      string,
      () => unknown
    >;
    expect(Object.keys(callbacks)).toEqual([name]);
    expect(callbacks[name]?.()).toBe('answer');
  });

  it('may be methods of a class with private members', async () => {
    class Loaders {
      readonly #users = new Map([['1', 'Ada']]);
      userLookup({ identity }: Token) {
        return this.#users.get(identity);
      }
    }
    const { userLookup } = resolve({ loaders: new Loaders() }).loaders;
    expect(await userLookup?.({ identity: '1' } as Token, {})).toBe('Ada');
  });
});

describe('The option login', () => {
  const authenticate = () => 'alice';

  it('is absent unless it is given', () => {
    expect(resolve({}).login).toBeUndefined();
    expect(resolve({ login: undefined }).login).toBeUndefined();
  });

  it('takes functions, and the names of the members of a body', () => {
    const given = { authenticate, usernameKey: 'email', passwordKey: 'secret', respond: () => 5 };
    expect(resolve({ login: given }).login).toEqual({
      authenticate: expect.any(Function),
      usernameKey: 'email',
      passwordKey: 'secret',
      respond: expect.any(Function),
    });
    expect(resolve({ login: { authenticate } }).login).toMatchObject({
      usernameKey: 'username',
      passwordKey: 'password',
      respond: undefined,
    });
  });

  it('may be an object with a prototype, on which its functions are called', () => {
    const login = Object.assign(Object.create({ name: 'alice' }) as object, {
      authenticate(this: { name: string }) {
        return this.name;
      },
    });
    expect(resolve({ login }).login?.authenticate('a', 'b')).toBe('alice');
  });

  it('is refused with one member for username and password, or with an unknown name', () => {
    expect(mistakeOf({ login: { authenticate, passwordKey: 'username' } })).toBe(
      "login.passwordKey was given 'username', as was login.usernameKey; give each a member of its own",
    );
    expect(mistakeOf({ login: { authenticate, responds: () => 5 } })).toBe(
      'login.responds is not an option; did you mean login.respond?',
    );
  });
});

describe('A warning about a weak option', () => {
  const NODE_ENV = process.env.NODE_ENV;
  const warn = jest.spyOn(Logger.prototype, 'warn');

  afterEach(() => {
    process.env.NODE_ENV = NODE_ENV;
  });

  function warningsOf(options: object, environment: string): unknown[] {
    warn.mockReset();
    process.env.NODE_ENV = environment;
    resolve(options);
    return warn.mock.calls.map(([message]) => message);
  }

  const FULLY_OPEN = { csrf: { protect: false }, cookies: { sameSite: 'none' } };

  it.each([
    [
      { locations: ['headers', 'query_string'] },
      "locations has 'query_string': tokens in URLs end in access logs, browser history and Referer headers",
    ],
    [
      { blocklist: { onStoreError: 'allow' } },
      "blocklist.onStoreError is 'allow': revoked tokens are let in while the store does not answer",
    ],
    [
      { leeway: 301 },
      'leeway is more than 300 seconds: every token is accepted for that long after it has expired',
    ],
  ])('is logged once in every environment: %j', (options, warning) => {
    expect(warningsOf(options, 'production')).toEqual([warning]);
    expect(warningsOf(options, 'test')).toEqual([warning]);
  });

  it.each([
    [{}],
    [{ leeway: 300 }],
    [{ locations: ['cookies'] }],
    [{ cookies: { secure: false } }],
    [{ locations: ['cookies'], csrf: { protect: false } }],
    [{ locations: ['cookies'], cookies: { sameSite: 'none' } }],
    [FULLY_OPEN],
  ])('is not logged for %j', (options) => {
    expect(warningsOf(options, 'production')).toEqual([]);
    expect(warningsOf(options, 'test')).toEqual([]);
  });

  it.each([
    [
      { locations: ['cookies'], cookies: { secure: false } },
      'cookies.secure is false: tokens in cookies also travel over plain HTTP, where anyone on the way reads them',
    ],
    [
      { locations: ['cookies'], ...FULLY_OPEN },
      "csrf.protect is false while cookies.sameSite is 'none': any web site can act in the name of your users",
    ],
    [
      { accessTokenExpires: false },
      'accessTokenExpires is false: a stolen access token opens every route for ever',
    ],
    [
      { refreshTokenExpires: false },
      'refreshTokenExpires is false: a stolen refresh token buys new access tokens for ever',
    ],
  ])('is logged only in production: %j', (options, warning) => {
    expect(warningsOf(options, 'production')).toEqual([warning]);
    expect(warningsOf(options, 'development')).toEqual([]);
  });

  it('names the module', () => {
    warningsOf({ leeway: '10m' }, 'test');
    expect(warn.mock.contexts[0]).toMatchObject({ context: 'JwtExtendedModule' });
  });

  it('is not logged for options that are refused', () => {
    expect(() => warningsOf({ leeway: '10m', clock: 5 }, 'test')).toThrow('clock');
    expect(warn).not.toHaveBeenCalled();
  });
});
