import { UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  BlocklistService,
  Fresh,
  FreshGuard,
  type HttpRequest,
  JwtOptional,
  JwtRequired,
  type JwtRequiredOptions,
  RefreshGuard,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp, type Sent } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import { askedBy, type RouteParts, routeAt, tokensOf } from '../../support/routes.js';

const ASKED: readonly [string, RouteParts, string][] = [
  ['nothing', { handler: [JwtRequired()] }, 'access token'],
  ['an empty object', { handler: [JwtRequired({})] }, 'access token'],
  ['its place on the class', { controller: [JwtRequired()] }, 'access token'],
  ['refresh', { handler: [JwtRequired({ refresh: true })] }, 'refresh token'],
  ['refresh: false', { handler: [JwtRequired({ refresh: false })] }, 'access token'],
  [
    'refresh and fresh: false',
    { handler: [JwtRequired({ refresh: true, fresh: false })] },
    'refresh token',
  ],
  ['fresh', { handler: [JwtRequired({ fresh: true })] }, 'fresh token'],
  ['fresh: false', { handler: [JwtRequired({ fresh: false })] }, 'access token'],
  ['fresh with an age', { handler: [JwtRequired({ fresh: { maxAge: '5m' } })] }, 'fresh token'],
  ['optional', { handler: [JwtRequired({ optional: true })] }, 'optional access token'],
  [
    'optional and fresh',
    { handler: [JwtRequired({ optional: true, fresh: true })] },
    'optional fresh token',
  ],
  [
    'optional and refresh',
    { handler: [JwtRequired({ optional: true, refresh: true })] },
    'optional refresh token',
  ],
  ['optional: false', { handler: [JwtRequired({ optional: false })] }, 'access token'],
  ['verifyType: false', { handler: [JwtRequired({ verifyType: false })] }, 'either token'],
  [
    'verifyType: false and refresh',
    { handler: [JwtRequired({ verifyType: false, refresh: true })] },
    'either token',
  ],
  ['verifyType: true', { handler: [JwtRequired({ verifyType: true })] }, 'access token'],
  [
    'verifyType: false on the class',
    { controller: [JwtRequired({ verifyType: false })] },
    'either token',
  ],
  [
    'verifyType: false further out than a guard',
    { controller: [JwtRequired({ verifyType: false })], handler: [UseGuards(AccessGuard)] },
    'access token',
  ],
  [
    'refresh inside of FreshGuard',
    { controller: [UseGuards(FreshGuard)], handler: [JwtRequired({ refresh: true })] },
    'refresh token',
  ],
  [
    'nothing, inside of RefreshGuard',
    { controller: [UseGuards(RefreshGuard)], handler: [JwtRequired()] },
    'access token',
  ],
  [
    'optional further out than @Fresh',
    { controller: [JwtRequired({ optional: true })], handler: [Fresh()] },
    'fresh token',
  ],
  ['@JwtOptional beside it', { handler: [JwtRequired(), JwtOptional()] }, 'optional access token'],
];

describe.each(ADAPTERS)('@JwtRequired on %s', (adapter) => {
  describe('as a guard', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: ASKED.map(([, parts], index) => routeAt(`route-${index}`, parts)),
      });
    });
    afterAll(() => app.close());

    it.each(ASKED.map(([title, , asked], index) => ({ title, asked, path: `/route-${index}` })))(
      'given $title asks: $asked',
      async ({ path, asked }) => {
        expect(await askedBy(app, path, await tokensOf(app))).toBe(asked);
      },
    );
  });

  describe('with locations', () => {
    const fromUpgrade = ({ headers }: HttpRequest) => headers['x-upgrade']?.toString() ?? null;
    const routes: Record<string, RouteParts> = {
      usual: { handler: [JwtRequired()] },
      cookies: { handler: [JwtRequired({ locations: ['cookies'] })] },
      query: { handler: [JwtRequired({ locations: ['query_string'] })] },
      extractor: { handler: [JwtRequired({ locations: [fromUpgrade] })] },
      several: { handler: [JwtRequired({ locations: [fromUpgrade, 'query_string'] })] },
      class: { controller: [JwtRequired({ locations: ['cookies'] })] },
      inner: {
        controller: [JwtRequired({ locations: ['cookies'] })],
        handler: [JwtRequired({ locations: ['query_string'] })],
      },
      inherited: {
        controller: [JwtRequired({ locations: ['cookies'] })],
        handler: [JwtRequired({ fresh: true })],
      },
      cookie: { handler: [JwtRequired({ locations: ['cookies'], cookieName: 'impersonation' })] },
      'refresh-cookie': {
        handler: [
          JwtRequired({ refresh: true, locations: ['cookies'], cookieName: 'impersonation' }),
        ],
      },
    };
    const access = forgeToken(accessClaims({ fresh: true }));
    const refresh = forgeToken(accessClaims({ type: 'refresh' }));
    const sent: Readonly<Record<string, Sent & { readonly query?: string }>> = {
      header: { token: access },
      cookie: {
        headers: { cookie: `access_token_cookie=${access}; refresh_token_cookie=${refresh}` },
      },
      upgrade: { headers: { 'x-upgrade': access } },
      query: { query: `?jwt=${access}` },
      impersonation: { headers: { cookie: `impersonation=${access}` } },
      'refresh impersonation': { headers: { cookie: `impersonation=${refresh}` } },
    };

    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: Object.entries(routes).map(([path, parts]) => routeAt(path, parts)),
      });
    });
    afterAll(() => app.close());

    it.each<[string, string[]]>([
      ['usual', ['header']],
      ['cookies', ['cookie']],
      ['query', ['query']],
      ['extractor', ['upgrade']],
      ['several', ['upgrade', 'query']],
      ['class', ['cookie']],
      ['inner', ['query']],
      ['inherited', ['cookie']],
      ['cookie', ['impersonation']],
      ['refresh-cookie', ['refresh impersonation']],
    ])('the route "%s" takes tokens from %j and from nowhere else', async (route, expected) => {
      const taken: string[] = [];
      for (const [name, { query = '', ...rest }] of Object.entries(sent)) {
        const { status } = await app.send('GET', `/${route}${query}`, rest);
        if (status === 200) taken.push(name);
      }
      expect(taken).toEqual(expected);
    });

    it('names the locations of the route where no token is found', async () => {
      const bodyOf = async (path: string) => {
        const { status, body } = await app.send('GET', path, { token: access });
        return { status, body };
      };
      expect(await bodyOf('/cookie')).toEqual({
        status: 401,
        body: { msg: 'Missing cookie "impersonation"' },
      });
      expect(await bodyOf('/extractor')).toEqual({ status: 401, body: { msg: 'Missing token' } });
      expect(await bodyOf('/several')).toEqual({
        status: 401,
        body: {
          msg: "Missing JWT in custom or query_string (Missing token; Missing 'jwt' query paramater)",
        },
      });
    });

    it('refuses a bad token of an extractor function like any other', async () => {
      const headers = { 'x-upgrade': 'a.b' };
      expect(await app.send('GET', `/several?jwt=${access}`, { headers })).toMatchObject({
        status: 422,
        body: { msg: 'Not enough segments' },
      });
    });
  });

  describe('with skipRevocationCheck', () => {
    const skipping = JwtRequired({ skipRevocationCheck: true });
    const routes: Record<string, RouteParts> = {
      usual: { handler: [JwtRequired()] },
      explicit: { handler: [JwtRequired({ skipRevocationCheck: false })] },
      skipping: { handler: [skipping] },
      class: { controller: [skipping] },
      outer: { controller: [skipping], handler: [UseGuards(AccessGuard)] },
    };

    let app: RunningApp;
    let token: string;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: Object.entries(routes).map(([path, parts]) => routeAt(path, parts)),
      });
      token = await app.get(TokenService).createAccessToken('alice');
      await app.get(BlocklistService).revoke(token);
    });
    afterAll(() => app.close());

    const passed = { status: 200, body: 'in' };
    const revoked = { status: 401, body: { msg: 'Token has been revoked' } };

    it.each([
      ['usual', revoked],
      ['explicit', revoked],
      ['skipping', passed],
      ['class', passed],
      ['outer', revoked],
    ])(
      'a revoked token on the route "%s" is answered as it should (R54)',
      async (path, expected) => {
        const { status, body } = await app.send('GET', `/${path}`, { token });
        expect({ status, body }).toEqual(expected);
      },
    );
  });
});

describe('@JwtRequired', () => {
  it.each<[unknown, string]>([
    [{ refresh: 'yes' }, '@JwtRequired.refresh was given'],
    [{ refresh: null }, '@JwtRequired.refresh was given'],
    [{ fresh: '5m' }, '@JwtRequired.fresh was given'],
    [{ fresh: null }, '@JwtRequired.fresh was given'],
    [{ fresh: { maxAge: '300' } }, '@JwtRequired.fresh.maxAge was given'],
    [{ fresh: {} }, '@JwtRequired.fresh.maxAge was given'],
    [{ optional: 1 }, '@JwtRequired.optional was given'],
    [{ locations: 'headers' }, '@JwtRequired.locations was given'],
    [{ locations: [] }, '@JwtRequired.locations was given an empty array'],
    [{ locations: ['header'] }, '@JwtRequired.locations[0] was given'],
    [{ locations: ['json', 'json'] }, '@JwtRequired.locations'],
    [{ verifyType: 'false' }, '@JwtRequired.verifyType was given'],
    [{ verifyType: null }, '@JwtRequired.verifyType was given'],
    [{ skipRevocationCheck: 0 }, '@JwtRequired.skipRevocationCheck was given'],
    [{ skipRevocationCheck: null }, '@JwtRequired.skipRevocationCheck was given'],
    [{ cookieName: 'a b' }, '@JwtRequired.cookieName was given'],
    [{ cookieName: 5 }, '@JwtRequired.cookieName was given'],
    [{ cookieName: '' }, '@JwtRequired.cookieName was given'],
    [{ refresh: true, fresh: true }, '@JwtRequired has both refresh and fresh'],
    [{ refresh: true, fresh: { maxAge: 5 } }, '@JwtRequired has both refresh and fresh'],
    [{ refesh: true }, '@JwtRequired.refesh is not an option; did you mean @JwtRequired.refresh?'],
    [{ constructor: true }, '@JwtRequired.constructor is not an option'],
    [null, '@JwtRequired'],
    ['refresh', '@JwtRequired'],
  ])('refuses %j when it is evaluated', (options, message) => {
    expect(() => JwtRequired(options as JwtRequiredOptions)).toThrow(
      expect.objectContaining({
        name: 'JwtExtendedConfigError',
        message: expect.stringContaining(message) as unknown,
      }),
    );
  });

  it('does not change its mind when its options are changed later', async () => {
    const options: { optional: boolean; locations: 'headers'[] } = {
      optional: false,
      locations: ['headers'],
    };
    const parts = { handler: [JwtRequired(options)] };
    options.optional = true;
    options.locations.length = 0;
    const app = await createApp('express', { controllers: [routeAt('/', parts)] });
    expect(await askedBy(app, '/')).toBe('access token');
    await app.close();
  });
});
