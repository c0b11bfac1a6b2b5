import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Token } from '../../../src/contracts/token.js';
import { LOADER_ROWS, RESPONSE_CALLBACK_ROWS } from '../../../src/options/callbacks.js';
import { mistakeOf, resolve, withOption } from './mistake-of.js';

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

  it('freezes no object of the application', () => {
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
    const store = { add: jest.fn(), raise: jest.fn(), get: jest.fn(), delete: jest.fn() };
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

const QUERY_STRING =
  "locations has 'query_string': tokens in URLs end in access logs, browser history and Referer headers";
const ALLOW =
  "blocklist.onStoreError is 'allow': revoked tokens are let in while the store does not answer";
const LEEWAY =
  'leeway is more than 300 seconds: every token is accepted for that long after it has expired';
const INSECURE =
  'cookies.secure is false: tokens in cookies also travel over plain HTTP, where anyone on the way reads them';
const CSRF =
  "csrf.protect is false while cookies.sameSite is 'none': any web site can act in the name of your users";
const ACCESS = 'accessTokenExpires is false: a stolen access token opens every route for ever';
const REFRESH =
  'refreshTokenExpires is false: a stolen refresh token buys new access tokens for ever';

describe('The warnings about weak options', () => {
  const NODE_ENV = process.env.NODE_ENV;
  const warn = jest.spyOn(Logger.prototype, 'warn');

  beforeEach(() => {
    warn.mockReset();
  });
  afterEach(() => {
    process.env.NODE_ENV = NODE_ENV;
  });

  function warningsOf(options: object, environment: string): unknown[] {
    process.env.NODE_ENV = environment;
    resolve(options);
    return warn.mock.calls.map(([message]) => message);
  }

  describe.each(['production', 'test'])('in the environment %s', (environment) => {
    it.each([
      [{ locations: ['headers', 'query_string'] }, QUERY_STRING],
      [{ blocklist: { onStoreError: 'allow' } }, ALLOW],
      [{ leeway: 301 }, LEEWAY],
    ])('warns once about %j', (options, warning) => {
      expect(warningsOf(options, environment)).toEqual([warning]);
    });

    it.each([
      [{}],
      [{ leeway: 300 }],
      [{ locations: ['cookies'] }],
      [{ cookies: { secure: false } }],
      [{ locations: ['cookies'], csrf: { protect: false } }],
      [{ locations: ['cookies'], cookies: { sameSite: 'none' } }],
      [{ csrf: { protect: false }, cookies: { sameSite: 'none' } }],
    ])('does not warn about %j', (options) => {
      expect(warningsOf(options, environment)).toEqual([]);
    });
  });

  describe.each([
    [{ locations: ['cookies'], cookies: { secure: false } }, [INSECURE]],
    [{ locations: ['cookies'], csrf: { protect: false }, cookies: { sameSite: 'none' } }, [CSRF]],
    [{ accessTokenExpires: false }, [ACCESS]],
    [{ refreshTokenExpires: false }, [REFRESH]],
  ])('%j', (options, warnings) => {
    it('causes one warning in production', () => {
      expect(warningsOf(options, 'production')).toEqual(warnings);
    });

    it('causes no warning elsewhere', () => {
      expect(warningsOf(options, 'development')).toEqual([]);
    });
  });

  describe('the logger', () => {
    it('names the module', () => {
      warningsOf({ leeway: '10m' }, 'test');
      expect(warn.mock.contexts[0]).toMatchObject({ context: 'JwtExtendedModule' });
    });

    it('logs no warning for options that are refused', () => {
      expect(() => warningsOf({ leeway: '10m', clock: 5 }, 'test')).toThrow('clock');
      expect(warn).not.toHaveBeenCalled();
    });
  });
});
