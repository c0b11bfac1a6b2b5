import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type {
  EndpointOptions,
  JwtExtendedOptions,
  TokenExtractor,
  TokenLocation,
} from '../../../src/index.js';
import { TokenService } from '../../../src/index.js';
import { ADAPTERS, type AppParts, type RunningApp } from '../../support/app.js';
import { Browser } from '../../support/browser.js';
import { CountingStore } from '../../support/counting-store.js';
import { ALICE, Users } from '../../support/endpoints.js';
import { environments, PRODUCTION } from '../../support/environment.js';
import { accessClaims, Clock, forgeToken } from '../../support/forge.js';
import { mistakeAtStart } from '../../support/routes.js';
import { namesIn } from '../../support/sliding.js';
import { claimsOf } from '../../support/tokens.js';
import {
  carrying,
  csrfFailed,
  EchoController,
  invalid,
  missing,
  refusal,
  said,
  welcome,
} from '../../support/transport.js';
import { ALL_COOKIES, login, shown, start, uncached } from './endpoint-apps.js';

const DONE = { status: 200, body: { msg: 'Successfully logged out' } };
const REVOKED = refusal(401, 'TOKEN_REVOKED', 'Token has been revoked');
const EXPIRED = refusal(401, 'TOKEN_EXPIRED', 'Token has expired');
const WRONG_TYPE = refusal(422, 'TOKEN_WRONG_TYPE', 'Only refresh tokens are allowed');
const ACCESS_COOKIES = ['access_token_cookie', 'csrf_access_token'];
const REFRESH_COOKIES = ['refresh_token_cookie', 'csrf_refresh_token'];
const REFRESH_CSRF = { csrf: 'csrf_refresh_token' };
const NO_CSRF = csrfFailed('Missing CSRF token');
const JWT: unknown = expect.stringMatching(/^eyJ/);

type Deliver = NonNullable<Extract<EndpointOptions['login'], object>['deliver']>;

const SPLIT: EndpointOptions = {
  login: { deliver: { access: 'body', refresh: 'cookie' } },
  refresh: true,
  logout: true,
};
const enter = environments();
const bodyIn = (body: unknown) => body as Readonly<Record<string, string>>;

describe.each(ADAPTERS)(
  'The access token in the body and the refresh token in a cookie, on %s,',
  (adapter) => {
    it.each<[what: string, options: JwtExtendedOptions, prefix: string]>([
      ['with the default locations', {}, ''],
      ['with cookies among the locations', { locations: ['headers', 'cookies'] }, ''],
      ['below a global prefix', { cookies: { refreshPath: '/api/auth' } }, '/api'],
    ])('work from end to end %s', async (_what, options, prefix) => {
      const clock = new Clock();
      const app = await start(adapter, {
        options: { ...options, clock: clock.now },
        extras: { endpoints: SPLIT },
        configure: (nest) => nest.setGlobalPrefix(prefix),
      });
      const browser = new Browser(app);
      const visit = async (token?: string) =>
        said(await app.send('GET', `${prefix}/room`, { token }));

      const first = await browser.send('POST', `${prefix}/auth`, { json: ALICE });
      expect(first.status).toBe(200);
      expect(first.body).toEqual({ access_token: JWT });
      expect(namesIn(first.cookies)).toEqual(REFRESH_COOKIES);
      expect(first.cookies[0]).toContain('HttpOnly');
      const { access_token: before = '' } = bodyIn(first.body);
      expect(await visit(before)).toEqual(welcome('headers'));

      clock.forward(900);
      expect(await visit(before)).toEqual(EXPIRED);
      const spent = browser.cookie('refresh_token_cookie') ?? '';
      const second = await browser.send('POST', `${prefix}/auth/refresh`, {
        ...REFRESH_CSRF,
        token: before,
      });
      expect(second.body).toEqual({ access_token: JWT });
      expect(shown(second)).toMatchObject({
        status: 200,
        caching: 'no-store',
        cookies: REFRESH_COOKIES,
      });
      expect(browser.cookie('refresh_token_cookie')).not.toBe(spent);
      const { access_token: access = '' } = bodyIn(second.body);
      expect(await visit(access)).toEqual(welcome('headers'));

      const refresh = browser.cookie('refresh_token_cookie') ?? '';
      const csrf = browser.cookie('csrf_refresh_token') ?? '';
      const end = await browser.send('POST', `${prefix}/auth/logout`, {
        ...REFRESH_CSRF,
        token: access,
      });
      expect(said(end)).toEqual(DONE);
      expect(browser.cookies).toEqual([]);

      expect(await visit(access)).toEqual(REVOKED);
      browser.keep('refresh_token_cookie', refresh);
      browser.keep('csrf_refresh_token', csrf);
      const again = await browser.send('POST', `${prefix}/auth/refresh`, REFRESH_CSRF);
      expect(shown(again)).toEqual(uncached(REVOKED));
      const leave = await browser.send('POST', `${prefix}/auth/logout`, { token: access });
      expect(shown(leave)).toEqual(uncached(REVOKED));
    });

    describe('once the page has lost the access token,', () => {
      let app: RunningApp;
      let browser: Browser;

      beforeAll(async () => {
        app = await start(adapter, { extras: { endpoints: SPLIT } });
      });
      const enter = async () => {
        browser = new Browser(app);
        const { body } = await browser.send('POST', '/auth', { json: ALICE });
        return bodyIn(body).access_token ?? '';
      };

      it('let the refresh cookie log out, with its CSRF value only', async () => {
        const access = await enter();
        expect(shown(await browser.send('POST', '/auth/logout'))).toEqual(uncached(NO_CSRF));
        expect(said(await browser.send('POST', '/auth/logout', REFRESH_CSRF))).toEqual(DONE);
        expect(browser.cookies).toEqual([]);
        expect(said(await app.send('GET', '/room', { token: access }))).toEqual(REVOKED);
      });

      it('need the CSRF value of the refresh cookie for a refresh, too', async () => {
        const access = await enter();
        for (const token of [undefined, access])
          expect(shown(await browser.send('POST', '/auth/refresh', { token }))).toEqual(
            uncached(NO_CSRF),
          );
        expect((await browser.send('POST', '/auth/refresh', REFRESH_CSRF)).status).toBe(200);
      });

      it.each<[what: string, headers: () => Record<string, string>]>([
        ['without a CSRF value', () => ({})],
        ['with a wrong CSRF value', () => ({ 'x-csrf-token': 'x' })],
      ])('keep the cookie at a logout by the access token %s', async (_what, headers) => {
        const token = await enter();
        const answer = await browser.send('POST', '/auth/logout', { token, headers: headers() });
        expect(shown(answer)).toEqual(uncached(DONE));
        expect(shown(await browser.send('POST', '/auth/refresh', REFRESH_CSRF))).toEqual(
          uncached(REVOKED),
        );
      });

      it("keep the cookie of another session, also with that one's CSRF value", async () => {
        const token = await enter();
        await enter();
        const answer = await browser.send('POST', '/auth/logout', { ...REFRESH_CSRF, token });
        expect(shown(answer)).toEqual(uncached(DONE));
        expect((await browser.send('POST', '/auth/refresh', REFRESH_CSRF)).status).toBe(200);
      });

      it('put no refresh token of a header over the cookie of another session, nor without its CSRF value', async () => {
        await enter();
        const token = browser.cookie('refresh_token_cookie') ?? '';
        const alone = await app.send('POST', '/auth/refresh', { token });
        expect(namesIn(alone.cookies)).toEqual(REFRESH_COOKIES);
        await enter();
        const kept = browser.cookie('refresh_token_cookie');
        for (const csrf of [REFRESH_CSRF, {}]) {
          const answer = await browser.send('POST', '/auth/refresh', { ...csrf, token });
          expect(answer).toMatchObject({ status: 200, cookies: [] });
          expect(answer.body).toEqual({ access_token: JWT, refresh_token: JWT });
        }
        expect(browser.cookie('refresh_token_cookie')).toBe(kept);
      });

      it.each([undefined, true])(
        'mark only the refresh token as one of a cookie, so that no access token is renewed there (remember: %j)',
        async (remember) => {
          const { authenticate } = new Users();
          const own = await start(adapter, {
            options: {
              locations: ['headers', 'cookies'],
              sessions: { lifetime: '1d' },
              login: { authenticate, pairOptions: () => ({ remember }) },
            },
            extras: { endpoints: SPLIT },
          });
          const page = new Browser(own);
          const answers = [
            await page.send('POST', '/auth', { json: ALICE }),
            await page.send('POST', '/auth/refresh', REFRESH_CSRF),
          ];
          const token = page.cookie('refresh_token_cookie') ?? '';
          expect(claimsOf(token).grant).toMatchObject({ cookie: true });
          for (const { body } of answers) {
            const { access_token: access = '' } = bodyIn(body);
            expect(claimsOf(access).grant).toEqual(remember && { remember });
            expect(said(await own.send('GET', '/room', { token: access }))).toEqual(
              welcome('headers'),
            );
          }
        },
      );

      it('never accept the refresh token as an access token, in the cookie or in the header', async () => {
        await enter();
        const refresh = browser.cookie('refresh_token_cookie') ?? '';
        const places: Record<string, string>[] = [
          { authorization: `Bearer ${refresh}` },
          { cookie: `access_token_cookie=${refresh}` },
        ];
        for (const headers of places)
          expect((await app.send('GET', '/room', { headers })).status).not.toBe(200);
      });
    });
  },
);

describe.each(ADAPTERS)('endpoints.login.deliver on %s', (adapter) => {
  const BOTH: Deliver = { access: 'cookie', refresh: 'cookie' };
  const NEITHER: Deliver = { access: 'body', refresh: 'body' };
  const all = (deliver?: Deliver): EndpointOptions => ({ ...SPLIT, login: { deliver } });

  it.each<[Deliver | undefined, first: TokenLocation, body: string[], cookies: string[]]>([
    [undefined, 'headers', ['access_token', 'refresh_token'], []],
    [undefined, 'cookies', ['msg'], ALL_COOKIES],
    [{}, 'cookies', ['msg'], ALL_COOKIES],
    [BOTH, 'headers', ['msg'], ALL_COOKIES],
    [NEITHER, 'cookies', ['access_token', 'refresh_token'], []],
    [{ refresh: 'cookie' }, 'headers', ['access_token'], REFRESH_COOKIES],
    [{ access: 'body' }, 'cookies', ['access_token'], REFRESH_COOKIES],
    [{ access: 'cookie' }, 'headers', ['refresh_token'], ACCESS_COOKIES],
    [{ refresh: 'body' }, 'cookies', ['refresh_token'], ACCESS_COOKIES],
  ])(
    'of %j, while the first location is %s, sends %j and sets %j',
    async (deliver, first, body, cookies) => {
      const others = (['headers', 'cookies'] as const).filter((each) => each !== first);
      const app = await start(adapter, {
        options: { locations: [first, ...others] },
        extras: { endpoints: all(deliver) },
      });
      const answer = await app.send('POST', '/auth', { json: ALICE });
      expect([answer.status, Object.keys(bodyIn(answer.body)), namesIn(answer.cookies)]).toEqual([
        200,
        body,
        cookies,
      ]);
    },
  );

  const extractor: TokenExtractor = (request: { headers: Record<string, string> }) =>
    request.headers['x-token'] ?? null;
  const LOCATIONS = ['headers', 'json', 'query_string', extractor, 'cookies'] as const;
  const NAMES = ['headers', 'json', 'query_string', 'cookies', 'custom'] as const;

  /** The members of the body and the cookies of a refresh with a token in each location. */
  async function refreshedFrom(deliver: Deliver | undefined, first?: TokenLocation) {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const locations = first ? [first, ...LOCATIONS.filter((each) => each !== first)] : LOCATIONS;
    const app = await start(adapter, {
      options: { locations },
      extras: { endpoints: all(deliver) },
    });
    const tokens = app.get(TokenService);
    const seen: Record<string, string> = {};
    for (const location of NAMES) {
      const { refreshToken } = await tokens.createTokenPair('alice');
      const { search, sent } = carrying(location, refreshToken, 'refresh');
      const csrf = { 'x-csrf-token': String(claimsOf(refreshToken).csrf) };
      const answer = await app.send('POST', `/auth/refresh${search}`, {
        ...sent,
        headers: { ...sent.headers, ...csrf },
      });
      seen[location] = [...Object.keys(bodyIn(answer.body)), ...namesIn(answer.cookies)].join(' ');
    }
    return seen;
  }

  const BODY = 'access_token refresh_token';
  const COOKIES = ['msg', ...ALL_COOKIES].join(' ');

  it('sends tokens back the way they came, without it', async () => {
    const expected = {
      headers: BODY,
      json: BODY,
      query_string: BODY,
      custom: BODY,
      cookies: COOKIES,
    };
    expect(await refreshedFrom(undefined)).toEqual(expected);
    expect(await refreshedFrom(undefined, 'cookies')).toEqual(expected);
  });

  it('holds at a refresh, but a token from a URL or an extractor never sets a cookie', async () => {
    const split = ['access_token', ...REFRESH_COOKIES].join(' ');
    expect(await refreshedFrom({ access: 'body', refresh: 'cookie' })).toEqual({
      ...{ headers: split, json: split, cookies: split },
      ...{ query_string: BODY, custom: BODY },
    });
    expect(await refreshedFrom(NEITHER)).toMatchObject({ headers: BODY, cookies: BODY });
  });
});

describe.each(ADAPTERS)('An access token beside a refresh token on %s', (adapter) => {
  const clock = new Clock();
  let app: RunningApp;

  beforeAll(async () => {
    const locations = ['headers', 'cookies', 'json'] as const;
    const controllers = [EchoController];
    app = await start(adapter, { controllers, options: { locations, clock: clock.now } });
  });

  const BAD_HEADERS: Record<string, (app: RunningApp) => Promise<string> | string> = {
    'a refresh token that has expired': (own) =>
      own.get(TokenService).createRefreshToken('alice', { expiresIn: -1 }),
    'a refresh token of another key': () =>
      forgeToken(accessClaims({ type: 'refresh' }), undefined, 'x'.repeat(64)),
    'a token without a type': () => forgeToken(accessClaims({ type: undefined })),
    'a token of another type': () => forgeToken(accessClaims({ type: 'Access' })),
    'text that is no token': () => 'a.b.c',
    'text that is no token but says its type': () =>
      `${Buffer.from('{"type":"access"}').toString('base64url')}.b.c`,
  };

  /** The headers of a refresh cookie with its CSRF value. */
  const cookieOf = (refresh: string) => ({
    cookie: `refresh_token_cookie=${refresh}`,
    'x-csrf-token': String(claimsOf(refresh).csrf),
  });
  const refreshing = async (authorization: string, cookies = {}) => {
    const { refresh } = await login(app);
    const headers = { ...cookieOf(refresh), ...cookies, authorization };
    return app.send('POST', '/auth/refresh', { headers });
  };

  it.each<[what: string, access: () => Promise<string> | string]>([
    ['is good', async () => (await login(app)).access],
    ['has expired', () => app.get(TokenService).createAccessToken('alice', { expiresIn: -1 })],
    ['is of another key', () => forgeToken(accessClaims(), undefined, 'x'.repeat(64))],
  ])('does not stand in the way of a refresh cookie if it %s', async (_what, access) => {
    const answer = await refreshing(`Bearer ${await access()}`);
    const body = { msg: 'Successfully refreshed' };
    expect(said(answer)).toEqual({ status: 200, body });
  });

  it('does not stand in the way on a route of the application with RefreshGuard', async () => {
    const { access, refresh } = await login(app);
    const cookies = { headers: cookieOf(refresh), token: access };
    expect(said(await app.send('GET', '/refresh', cookies))).toEqual(welcome('cookies'));
    const bare = { headers: { cookie: `refresh_token_cookie=${refresh}` }, token: access };
    expect(said(await app.send('POST', '/refresh', bare))).toEqual(NO_CSRF);
    expect(said(await app.send('GET', '/refresh', { token: access }))).toEqual(WRONG_TYPE);
  });

  it('counts as before where an access token is asked for, and a refresh token never falls through', async () => {
    const { access, refresh } = await login(app);
    const headers = { cookie: `access_token_cookie=${access}` };
    expect((await app.send('GET', '/access', { headers, token: refresh })).status).toBe(422);
  });

  it('does not stand in the way of a refresh token in the JSON body', async () => {
    const { access, refresh } = await login(app);
    const json = { refresh_token: refresh };
    const answer = await app.send('POST', '/auth/refresh', { token: access, json });
    expect([answer.status, answer.cookies]).toEqual([200, []]);
  });

  it('needs the CSRF value of the cookie like any other request', async () => {
    const { access } = await login(app);
    const csrf = { 'x-csrf-token': '' };
    expect(shown(await refreshing(`Bearer ${access}`, csrf))).toEqual(uncached(NO_CSRF));
    const wrong = { 'x-csrf-token': String(claimsOf(access).csrf) };
    expect(said(await refreshing(`Bearer ${access}`, wrong))).toEqual(
      csrfFailed('CSRF double submit tokens do not match'),
    );
  });

  it('is refused in the place of a refresh token: in its cookie, and in its member of the body', async () => {
    const { access, refresh } = await login(app);
    const locations = ['cookies', 'json', 'headers'] as const;
    const own = await start(adapter, { options: { locations, clock: clock.now } });
    const cookies = { headers: cookieOf(access), token: refresh };
    expect(said(await own.send('POST', '/auth/refresh', cookies))).toEqual(WRONG_TYPE);
    const json = { refresh_token: access };
    const body = { json, token: refresh };
    expect(said(await own.send('POST', '/auth/refresh', body))).toEqual(WRONG_TYPE);
  });

  it('is refused for its type if there is no refresh token', async () => {
    const { access } = await login(app);
    expect(said(await app.send('POST', '/auth/refresh', { token: access }))).toEqual(WRONG_TYPE);
  });

  it.each(Object.entries(BAD_HEADERS))(
    'is the only token that is passed over: %s in the header is refused',
    async (_what, make) => {
      expect((await refreshing(`Bearer ${await make(app)}`)).status).not.toBe(200);
    },
  );

  it.each(['Bearer', 'Bearer a b'])('does not excuse a bad header: %s', async (header) => {
    expect(said(await refreshing(header))).toEqual(
      invalid("Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"),
    );
  });
});

describe.each(ADAPTERS)('The locations of an endpoint on %s', (adapter) => {
  const cookiesOnly: EndpointOptions = {
    login: { deliver: { refresh: 'cookie' } },
    refresh: { locations: ['cookies'] },
    logout: { locations: ['cookies'] },
  };

  it('are the only ones that count there', async () => {
    const app = await start(adapter, { extras: { endpoints: cookiesOnly } });
    const browser = new Browser(app);
    const { body } = await browser.send('POST', '/auth', { json: ALICE });
    const { access_token: access = '' } = bodyIn(body);
    const refresh = browser.cookie('refresh_token_cookie');

    for (const path of ['/auth/refresh', '/auth/logout']) {
      const type = path === '/auth/refresh' ? 'refresh' : 'access';
      expect(said(await app.send('POST', path, { token: refresh }))).toEqual(
        missing(`Missing cookie "${type}_token_cookie"`),
      );
      const sent = { ...REFRESH_CSRF, token: 'a.b.c' };
      expect((await browser.send('POST', path, sent)).status).toBe(200);
    }
    expect(browser.cookies).toEqual([]);
    expect(said(await app.send('GET', '/room', { token: access }))).toEqual(REVOKED);
  });

  it('do not count at other routes', async () => {
    const app = await start(adapter, { extras: { endpoints: cookiesOnly } });
    const { accessToken } = await app.get(TokenService).createTokenPair('alice');
    const headers = { cookie: `access_token_cookie=${accessToken}` };
    expect(said(await app.send('GET', '/room', { headers }))).toEqual(
      missing('Missing Authorization Header'),
    );
  });
});

describe('A contradiction between deliver and locations', () => {
  const { authenticate } = new Users();
  const adding = (missing: string, type: string, place: string, other: string) =>
    `the login sends the ${type} token ${place}: add ${missing}, or set endpoints.login.deliver.${type} to '${other}'`;
  const noCookies = (type: string) =>
    `an array without 'cookies'; ${adding("'cookies'", type, 'in a cookie', 'body')}`;
  const onlyCookies = (type: string) =>
    `'cookies' alone; ${adding("'headers'", type, 'in the body', 'cookie')}`;

  it.each<[deliver: Deliver, locations: TokenLocation[], more: EndpointOptions, message: string]>([
    [{ access: 'cookie' }, ['headers'], {}, `locations was given ${noCookies('access')}`],
    [{ access: 'body' }, ['cookies'], {}, `locations was given ${onlyCookies('access')}`],
    [
      { refresh: 'cookie' },
      ['headers'],
      { refresh: { locations: ['headers', 'json'] } },
      `endpoints.refresh.locations was given ${noCookies('refresh')}`,
    ],
    [
      { refresh: 'body' },
      ['cookies'],
      { refresh: true },
      `locations was given ${onlyCookies('refresh')}`,
    ],
    [
      {},
      ['headers'],
      { refresh: { locations: ['cookies'] } },
      `endpoints.refresh.locations was given ${onlyCookies('refresh')}`,
    ],
    [
      {},
      ['cookies'],
      { refresh: { locations: ['headers'] } },
      `endpoints.refresh.locations was given ${noCookies('refresh')}`,
    ],
    [
      {},
      ['headers'],
      { logout: { locations: ['cookies'] } },
      `endpoints.logout.locations was given ${onlyCookies('refresh')}`,
    ],
  ])('is found at start: %j with %j and %j', async (deliver, locations, more, message) => {
    const parts: AppParts = {
      options: { locations, login: { authenticate } },
      extras: { endpoints: { login: { deliver }, ...more } },
    };
    expect(await mistakeAtStart('express', parts)).toMatchObject({
      name: 'JwtExtendedConfigError',
      message,
    });
  });

  it('is none if the module has no login endpoint, whose tokens it would not know', async () => {
    const endpoints: EndpointOptions = { refresh: { locations: ['cookies'] } };
    const app = await start('express', { options: { login: undefined }, extras: { endpoints } });
    const { refreshToken } = await app.get(TokenService).createTokenPair('alice');
    const headers = {
      cookie: `refresh_token_cookie=${refreshToken}`,
      'x-csrf-token': String(claimsOf(refreshToken).csrf),
    };
    expect((await app.send('POST', '/auth/refresh', { headers })).cookies).toHaveLength(4);
  });

  it('is not a location that only an endpoint has, which is warned about if it is weak', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReset();
    enter(PRODUCTION);
    await start('express', {
      options: { cookies: { secure: false }, blocklist: { store: new CountingStore() } },
      extras: {
        endpoints: { ...SPLIT, logout: { locations: ['headers', 'cookies', 'query_string'] } },
      },
    });
    expect(warn.mock.calls.map(([message]) => message)).toEqual([
      'cookies.secure is false: tokens in cookies also travel over plain HTTP, where anyone on the way reads them',
      "endpoints.logout.locations has 'query_string': tokens in URLs end in access logs, browser history and Referer headers; " +
        'leave it out, and name it in @JwtRequired({ locations }) of the routes that cannot do without',
    ]);
  });
});

describe('A refresh token that a login delivers', () => {
  const unread = (way: string, from: string, missing: string) =>
    `endpoints.login.deliver.refresh is '${way}', and locations has no place for a refresh token from ${from}: only a route ` +
    `with locations of its own can refresh with it. Add endpoints.refresh, or ${missing} to locations`;
  const inCookie = { access: 'body', refresh: 'cookie' } as const;
  const inBody = { access: 'cookie', refresh: 'body' } as const;

  it.each<[deliver: Deliver, locations: TokenLocation[], more: EndpointOptions, warned: string[]]>([
    [inCookie, ['headers'], {}, [unread('cookie', 'a cookie', "'cookies'")]],
    [inCookie, ['headers'], { logout: true }, [unread('cookie', 'a cookie', "'cookies'")]],
    [inBody, ['cookies'], {}, [unread('body', 'the body', "'headers'")]],
    [inCookie, ['headers'], { refresh: true }, []],
    [inCookie, ['headers', 'cookies'], {}, []],
    [inBody, ['cookies', 'headers'], {}, []],
  ])('by %j should be read in %j, beside %j', async (deliver, locations, more, warned) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReset();
    const endpoints = { refresh: false, logout: false, ...more, login: { deliver } };
    await start('express', { options: { locations }, extras: { endpoints } });
    expect(warn.mock.calls.map(([message]) => message)).toEqual(warned);
  });
});
