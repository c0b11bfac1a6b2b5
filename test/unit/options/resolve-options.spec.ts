import { Logger } from '@nestjs/common';
import { describe, expect, it, jest } from '@jest/globals';
import type { Token } from '../../../src/contracts/token.js';
import { LOADER_ROWS, RESPONSE_CALLBACK_ROWS } from '../../../src/options/callbacks.js';
import { KEY_ROWS } from '../../../src/options/key-options.js';
import { RESERVED_CLAIMS } from '../../../src/options/token-options.js';
import {
  DEVELOPMENT,
  type Environment,
  environments,
  PRODUCTION,
} from '../../support/environment.js';
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
  return { add: jest.fn(), replace: jest.fn(), get: jest.fn(), delete: jest.fn() };
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
        scopeClaim: 'scope',
        acceptForeignTokens: false,
        encodeIssuer: undefined,
        decodeIssuer: undefined,
        encodeAudience: undefined,
        decodeAudience: undefined,
        maxTokenLength: 8192,
        verificationCache: true,
        encodeCsrf: true,
      },
      locations: ['headers'],
      header: {
        ...{ name: 'Authorization', lowerCaseName: 'authorization' },
        ...{ type: 'Bearer', prefix: 'Bearer ' },
        malformed: "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'",
      },
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
        partitioned: false,
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
        profile: 'flask',
        realm: undefined,
        callbacks: {},
      },
      blocklist: {
        isOn: true,
        store: undefined,
        checks: new Set(['access', 'refresh']),
        timeoutMs: 1000,
        onStoreError: 'deny',
      },
      issuers: [],
      rotation: { graceMs: 10_000 },
      sessions: { lifetime: undefined, list: false, max: 100 },
      events: undefined,
      login: undefined,
      loaders: {},
      loaderTimeoutMs: 5000,
      clock: expect.any(Function),
      report: true,
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
    [{}, { graceMs: 10_000 }],
    [{ grace: 0 }, { graceMs: 0 }],
    [{ grace: '30s' }, { graceMs: 30_000 }],
  ])('resolve the rotation %j to %j', (rotation, resolved) => {
    expect(resolve({ rotation }).rotation).toEqual(resolved);
  });

  it.each<[given: object, resolved: object]>([
    [{}, { lifetime: undefined, list: false, max: 100 }],
    [{ list: true }, { lifetime: undefined, list: true, max: 100 }],
    [
      { lifetime: '90d', list: true, max: 5 },
      { lifetime: 90 * 86_400, list: true, max: 5 },
    ],
  ])('resolve the sessions %j to %j', (sessions, resolved) => {
    expect(resolve({ sessions }).sessions).toEqual(resolved);
  });

  it('refuse a largest number of sessions without a list', () => {
    expect(mistakeOf({ sessions: { max: 5 } })).toBe(
      'sessions.max was given without a list to count; set sessions.list to true, too',
    );
  });

  it('take no blocklist for stateless tokens, but then neither rotation nor a list of sessions', () => {
    expect(resolve({ blocklist: false }).blocklist).toMatchObject({ isOn: false });
    const fix = 'beside blocklist: false; use Redis, SQL or the memory store as blocklist.store';
    expect(mistakeOf({ blocklist: false, rotation: {} })).toBe(`rotation was given ${fix}`);
    expect(mistakeOf({ blocklist: false, sessions: { list: true } })).toBe(
      `sessions.list was given ${fix}`,
    );
  });

  it('refuse a rotation if the store cannot claim a token or count sessions', () => {
    const store = storeWith();
    const loose = { ...store, isAtomic: false };
    const fix = 'use Redis, SQL or the memory store as blocklist.store';
    expect(mistakeOf({ blocklist: { store: loose }, rotation: {} })).toBe(
      `rotation was given beside a store whose add and replace are not atomic; ${fix}`,
    );
    expect(mistakeOf({ blocklist: { store }, sessions: { list: true } })).toBe(
      `sessions.list was given beside a store that keeps no sessions; ${fix}`,
    );
    expect(resolve({ blocklist: { store: loose } }).blocklist.store).toBe(loose);
  });

  it('say how refusals look', () => {
    const keys = { errorMessageKey: 'message', errorCodeKey: 'code' };
    const given = { ...keys, profile: 'rfc6750', realm: 'My "API"' };
    expect(resolve(given).responses).toEqual({ ...given, callbacks: {} });
  });

  it.each(['errorMessageKey', 'errorCodeKey'])("refuse %s beside the profile 'nest'", (name) => {
    expect(mistakeOf({ [name]: 'msg', profile: 'nest' })).toBe(
      `${name} was given 'msg' beside profile 'nest', whose bodies are { statusCode, message, error }; ` +
        `leave out ${name}, or choose another profile`,
    );
  });

  it("refuse a refusal's code and message in one member", () => {
    expect(mistakeOf({ errorCodeKey: 'msg' })).toBe(
      "errorCodeKey was given 'msg', as was errorMessageKey; give the code a member of its own",
    );
  });

  it('keep a clock, and refuse one that throws with its error as the cause', () => {
    const now = new Date(0);
    const clock = () => now;
    expect(resolve({ clock }).clock()).toBe(now);

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
    const held = Object.entries(group === 'loaders' ? loaders : responses.callbacks);
    expect(held.map(([key, call]) => [key, (call as () => unknown)()])).toEqual([[name, 'answer']]);
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
  const anyFunction: unknown = expect.any(Function);

  it('is absent unless it is given', () => {
    expect(resolve({}).login).toBeUndefined();
    expect(resolve({ login: undefined }).login).toBeUndefined();
  });

  it('takes functions, and the names of the members of a body', () => {
    const names = { usernameKey: 'email', passwordKey: 'secret', fields: ['username'] };
    const given = { ...names, authenticate, pairOptions: () => ({}), respond: () => 5 };
    const functions = { authenticate: anyFunction, pairOptions: anyFunction, respond: anyFunction };
    expect(resolve({ login: given }).login).toEqual({ ...names, ...functions });
    expect(resolve({ login: { authenticate } }).login).toEqual({
      authenticate: anyFunction,
      usernameKey: 'username',
      passwordKey: 'password',
      fields: [],
      pairOptions: undefined,
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
  const enter = environments();
  const warn = jest.spyOn(Logger.prototype, 'warn');

  function warningsOf(options: object, environment: Environment): unknown[] {
    warn.mockReset();
    enter(environment);
    resolve(options);
    return warn.mock.calls.map(([message]) => message);
  }

  const STAGING: Environment = { NODE_ENV: 'staging' };
  const SERVING = [PRODUCTION, DEVELOPMENT, STAGING, {}];
  const TESTS: readonly Environment[] = [
    { NODE_ENV: 'test' },
    { ...PRODUCTION, JEST_WORKER_ID: '1' },
    { ...DEVELOPMENT, VITEST: 'true' },
  ];
  const FULLY_OPEN = { csrf: { protect: false }, cookies: { sameSite: 'none' } };

  it.each([
    [
      { locations: ['headers', 'query_string'] },
      "locations has 'query_string': tokens in URLs end in access logs, browser history and Referer headers; " +
        'leave it out, and name it in @JwtRequired({ locations }) of the routes that cannot do without',
    ],
    [
      { blocklist: { onStoreError: 'allow' } },
      "blocklist.onStoreError is 'allow': revoked tokens are let in while the store does not answer",
    ],
    [
      { leeway: 301 },
      'leeway is more than 300 seconds: every token is accepted for that long after it has expired',
    ],
    [
      { locations: ['cookies'], ...FULLY_OPEN },
      "csrf.protect is false while cookies.sameSite is 'none': any web site can act in the name of your users; " +
        "leave csrf.protect out, or set cookies.sameSite to 'lax'",
    ],
    [
      { locations: ['cookies'], csrf: { methods: ['get'] } },
      'csrf.methods lacks POST, PUT, PATCH, DELETE: with a token in a cookie these methods need no CSRF value, so that ' +
        'another web site may act in the name of your users; leave csrf.methods out, or add them',
    ],
    [
      { issuers: [{ issuer: 'https://id.example', audience: 'api' }] },
      'leeway is 0 beside issuers: a new token is refused if the clock of its issuer is ahead of this one; ' +
        "set leeway, such as '30s'",
    ],
  ])('is logged once, unless tests run: %j', (options, warning) => {
    for (const environment of SERVING) expect(warningsOf(options, environment)).toEqual([warning]);
    for (const environment of TESTS) expect(warningsOf(options, environment)).toEqual([]);
  });

  it.each([
    [{}],
    [{ leeway: 300 }],
    [{ locations: ['cookies'] }],
    [{ cookies: { secure: false } }],
    [{ locations: ['cookies'], csrf: { protect: false } }],
    [{ locations: ['cookies'], cookies: { sameSite: 'none' } }],
    [FULLY_OPEN],
    [{ csrf: { methods: ['GET'] } }],
    [{ locations: ['cookies'], csrf: { protect: false, methods: ['GET'] } }],
    [{ locations: ['cookies'], csrf: { methods: ['POST', 'PUT', 'PATCH', 'DELETE', 'GET'] } }],
  ])('is not logged for %j', (options) => {
    for (const environment of [DEVELOPMENT, ...TESTS])
      expect(warningsOf(options, environment)).toEqual([]);
  });

  it.each([
    [
      { locations: ['cookies'], cookies: { secure: false } },
      'cookies.secure is false: tokens in cookies also travel over plain HTTP, where anyone on the way reads them',
    ],
    [
      { accessTokenExpires: false },
      'accessTokenExpires is false: a stolen access token opens every route for ever',
    ],
    [
      { refreshTokenExpires: false },
      'refreshTokenExpires is false: a stolen refresh token buys new access tokens for ever',
    ],
  ])('is logged unless NODE_ENV is development or test: %j', (options, warning) => {
    for (const environment of [PRODUCTION, STAGING, {}])
      expect(warningsOf(options, environment)).toEqual([warning]);
    for (const environment of [DEVELOPMENT, ...TESTS])
      expect(warningsOf(options, environment)).toEqual([]);
  });

  it('is not logged with report: false', () => {
    const options = { leeway: '10m', locations: ['query_string'], accessTokenExpires: false };
    expect(warningsOf(options, PRODUCTION)).toHaveLength(3);
    expect(warningsOf({ ...options, report: false }, PRODUCTION)).toEqual([]);
  });

  it('names the module', () => {
    warningsOf({ leeway: '10m' }, PRODUCTION);
    expect(warn.mock.contexts[0]).toMatchObject({ context: 'JwtExtendedModule' });
  });

  it('is not logged for options that are refused', () => {
    expect(() => warningsOf({ leeway: '10m', clock: 5 }, PRODUCTION)).toThrow('clock');
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('The token options', () => {
  it.each<[options: object, resolved: object]>([
    [{ accessTokenExpires: false }, { expires: { access: false, refresh: 2_592_000 } }],
    [{ refreshTokenExpires: false }, { expires: { access: 900, refresh: false } }],
    [{ leeway: '2m' }, { leeway: 120 }],
    [{ notBeforeDelta: '2m' }, { notBeforeDelta: 120 }],
    [{ identityClaim: 'sub' }, { identityClaim: 'sub' }],
    [{ identityClaim: 'user_id' }, { identityClaim: 'user_id' }],
    [{ userClaimsKey: 'user_claims' }, { userClaimsKey: 'user_claims' }],
    [{ requiredClaims: ['exp', 'roles'] }, { requiredClaims: ['exp', 'roles'] }],
    [{ decodeIssuer: 'me' }, { decodeIssuer: ['me'] }],
    [{ decodeAudience: ['one', 'two'] }, { decodeAudience: ['one', 'two'] }],
    [{ encodeIssuer: 'me' }, { encodeIssuer: 'me' }],
    [{ encodeAudience: 'one' }, { encodeAudience: 'one' }],
    [{ encodeAudience: ['one'] }, { encodeAudience: ['one'] }],
    [{ maxTokenLength: 256 }, { maxTokenLength: 256 }],
    [{ maxTokenLength: 1_048_576 }, { maxTokenLength: 1_048_576 }],
    [{ csrf: { protect: true } }, { encodeCsrf: true }],
    [{ csrf: { protect: false } }, { encodeCsrf: false }],
  ])('resolve %j to %j', (options, resolved) => {
    expect(resolve(options).token).toMatchObject(resolved);
  });

  it('hold no other option', () => {
    expect(resolve({ secret: 'canary' }).token).not.toHaveProperty('secret');
  });
});

describe('The reserved claims', () => {
  it('are the claims that the library itself writes and reads', () => {
    const claims = 'iat nbf exp jti type fresh csrf sub iss aud sid auth_time grant';
    expect([...RESERVED_CLAIMS]).toEqual(claims.split(' '));
  });

  it.each([...RESERVED_CLAIMS].filter((claim) => claim !== 'sub'))(
    'cannot hold the identity: %s',
    (claim) => {
      expect(mistakeOf({ identityClaim: claim })).toBe(
        `identityClaim was given '${claim}'; it has a meaning of its own: use 'sub', or a name of yours`,
      );
    },
  );

  it.each([...RESERVED_CLAIMS])('cannot nest custom claims: %s', (claim) => {
    expect(mistakeOf({ userClaimsKey: claim })).toBe(
      `userClaimsKey was given '${claim}'; it has a meaning of its own: use a name such as user_claims`,
    );
  });

  it('include the identity claim, which cannot nest custom claims', () => {
    expect(mistakeOf({ userClaimsKey: 'identity', identityClaim: 'identity' })).toBe(
      "userClaimsKey was given 'identity'; it has a meaning of its own: use a name such as user_claims",
    );
  });
});

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

  it.each([
    [{ sameSite: 'none' }, "cookies.sameSite was given 'none'"],
    [{ partitioned: true }, 'cookies.partitioned was given true'],
  ])('refuse %j without Secure', (cookies, given) => {
    expect(mistakeOf({ cookies: { ...cookies, secure: false } })).toBe(
      `${given} while cookies.secure is false; browsers refuse such cookies: set cookies.secure to true`,
    );
  });

  it.each([
    [{ accessName: '__Host-a', refreshName: '__Secure-r', refreshPath: '/auth' }],
    [{ refreshName: '__Secure-r', domain: 'example.com' }],
    [{ accessName: '__Http-a', refreshName: '__Secure-r', domain: 'example.com' }],
    [{ accessName: '__Host-Http-a', refreshName: '__Secure-r' }],
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
      { cookies: { accessName: '__Http-a', secure: false } },
      `cookies.accessName was given '__Http-a' while ${insecure}`,
    ],
    ...['__Http-c', '__Host-Http-c'].map((accessCookieName) => [
      { csrf: { accessCookieName } },
      `csrf.accessCookieName was given '${accessCookieName}'; such a prefix demands HttpOnly, and scripts read this cookie`,
    ]),
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
  ] as [object, string][])(
    'are refused if a browser would drop the cookie for its prefix: %j',
    (options, message) => {
      expect(mistakeOf(options)).toBe(message);
    },
  );
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
