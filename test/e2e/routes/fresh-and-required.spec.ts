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
import { createApp, type RunningApp, type Sent } from '../../support/app.js';
import { accessClaims, Clock, forgeToken, NOW } from '../../support/forge.js';
import { askedBy, routeAt, type RouteParts, tokensOf } from '../../support/routes.js';

describe('Freshness', () => {
  const guarded = UseGuards(AccessGuard);

  /** How old a login may be at most: on the route, in seconds; a route that does not care has `Infinity`. */
  const AGES: readonly [string, RouteParts, number][] = [
    ['@Fresh()', { handler: [guarded, Fresh()] }, Infinity],
    ['@Fresh(true)', { handler: [guarded, Fresh(true)] }, Infinity],
    ['{ maxAge: 60 }', { handler: [guarded, Fresh({ maxAge: 60 })] }, 60],
    ["{ maxAge: '5m' }", { handler: [guarded, Fresh({ maxAge: '5m' })] }, 300],
    ['FreshGuard beside it', { handler: [UseGuards(FreshGuard), Fresh({ maxAge: 60 })] }, 60],
    ['it on the class', { controller: [guarded, Fresh({ maxAge: 60 })] }, 60],
    ['@JwtRequired', { handler: [JwtRequired({ fresh: { maxAge: '1m' } })] }, 60],
    [
      'a longer one on the handler',
      { controller: [guarded, Fresh({ maxAge: 60 })], handler: [Fresh({ maxAge: 300 })] },
      60,
    ],
    [
      'a shorter one on the handler',
      { controller: [guarded, Fresh({ maxAge: 300 })], handler: [Fresh({ maxAge: 60 })] },
      60,
    ],
    [
      'one without an age further in',
      { controller: [guarded, Fresh({ maxAge: 60 })], handler: [Fresh()] },
      60,
    ],
    [
      'one without an age further out',
      { controller: [guarded, Fresh()], handler: [Fresh({ maxAge: 60 })] },
      60,
    ],
    [
      'a guard of its own further in',
      { controller: [guarded, Fresh({ maxAge: 60 })], handler: [guarded] },
      60,
    ],
    [
      '@JwtRequired further in',
      { controller: [guarded, Fresh({ maxAge: 60 })], handler: [JwtRequired({ fresh: true })] },
      60,
    ],
  ];

  describe.each(['express'] as const)('on %s', (adapter) => {
    describe('@Fresh', () => {
      const clock = new Clock();
      let app: RunningApp;
      beforeAll(async () => {
        app = await createApp(adapter, {
          controllers: AGES.map(([, parts], index) => routeAt(`route-${index}`, parts)),
          options: { clock: clock.now, errorCodeKey: 'code', realm: 'bank' },
        });
      });
      afterAll(() => app.close());

      const indexed = AGES.map(([title, , maxAge], index) => ({
        title,
        maxAge,
        path: `/route-${index}`,
      }));
      const aged = indexed.filter(({ maxAge }) => maxAge < Infinity);
      const call = async (path: string, changes: Record<string, unknown>) => {
        const claims = accessClaims({ fresh: true, nbf: NOW - 9999, exp: NOW + 9999, ...changes });
        const { status, body } = await app.send('GET', path, { token: forgeToken(claims) });
        return { status, body };
      };
      const passed = { status: 200, body: 'in' };
      const stale = { status: 401, body: { msg: 'Fresh token required', code: 'TOKEN_NOT_FRESH' } };

      it.each(indexed)('with $title refuses a token that is not fresh', async ({ path }) => {
        expect(await call(path, { fresh: false, iat: NOW, auth_time: NOW })).toEqual(stale);
      });

      it.each(indexed)('with $title takes the login of this second', async ({ path }) => {
        expect(await call(path, { iat: NOW })).toEqual(passed);
      });

      it.each(aged)('with $title counts from auth_time', async ({ path, maxAge }) => {
        expect(await call(path, { iat: NOW, auth_time: NOW - maxAge })).toEqual(passed);
        expect(await call(path, { iat: NOW, auth_time: NOW - maxAge - 1 })).toEqual(stale);
        expect(await call(path, { iat: NOW - 9000, auth_time: NOW })).toEqual(passed);
      });

      it.each(aged)(
        'with $title counts from iat in a token without auth_time',
        async ({ path, maxAge }) => {
          expect(await call(path, { iat: NOW - maxAge })).toEqual(passed);
          expect(await call(path, { iat: NOW - maxAge - 1 })).toEqual(stale);
        },
      );

      it('without an age does not ask how long ago the login was', async () => {
        expect(await call('/route-0', { iat: NOW - 9000 })).toEqual(passed);
        expect(await call('/route-0', { iat: undefined })).toEqual(passed);
      });

      it('with an age refuses a token that does not say when it was made', async () => {
        expect(await call('/route-2', { iat: undefined })).toEqual(stale);
      });

      it('goes by the clock of the options, not by that of the machine', async () => {
        const token = forgeToken(
          accessClaims({ fresh: true, iat: NOW, nbf: NOW, exp: NOW + 9999 }),
        );
        expect(await app.send('GET', '/route-2', { token })).toMatchObject({ status: 200 });
        clock.forward(61);
        expect(await app.send('GET', '/route-2', { token })).toMatchObject({ status: 401 });
        clock.forward(-61);
      });

      it('says in the challenge how recent a login must be', async () => {
        const token = forgeToken(accessClaims({ iat: NOW, nbf: NOW, exp: NOW + 9 }));
        const challengeOf = async (path: string) =>
          (await app.send('GET', path, { token })).headers.get('www-authenticate');
        const text = 'error_description="More recent authentication is required"';
        const error = `Bearer realm="bank", error="insufficient_user_authentication", ${text}`;
        expect(await challengeOf('/route-3')).toBe(`${error}, max_age="300"`);
        expect(await challengeOf('/route-7')).toBe(`${error}, max_age="60"`);
      });
    });

    describe('freshness of several levels', () => {
      const cases: readonly [string, RouteParts, string][] = [
        [
          '@Fresh on the class, guard on the handler',
          { controller: [Fresh()], handler: [guarded] },
          'fresh token',
        ],
        [
          'guard on the class, @Fresh on the handler',
          { controller: [guarded], handler: [Fresh()] },
          'fresh token',
        ],
        [
          '@Fresh(false) inside of @Fresh',
          { controller: [guarded, Fresh()], handler: [Fresh(false)] },
          'access token',
        ],
        [
          '@Fresh(false) inside of FreshGuard',
          { controller: [UseGuards(FreshGuard)], handler: [Fresh(false)] },
          'access token',
        ],
        [
          '@Fresh inside of @Fresh(false)',
          { controller: [guarded, Fresh(false)], handler: [Fresh()] },
          'fresh token',
        ],
        [
          'FreshGuard inside of @Fresh(false)',
          { controller: [Fresh(false)], handler: [UseGuards(FreshGuard)] },
          'fresh token',
        ],
        [
          'AccessGuard inside of FreshGuard',
          { controller: [UseGuards(FreshGuard)], handler: [guarded] },
          'fresh token',
        ],
        [
          'AccessGuard and @Fresh(false) inside of FreshGuard',
          { controller: [UseGuards(FreshGuard)], handler: [guarded, Fresh(false)] },
          'access token',
        ],
        [
          'RefreshGuard inside of @Fresh',
          { controller: [guarded, Fresh()], handler: [UseGuards(RefreshGuard)] },
          'refresh token',
        ],
        [
          'RefreshGuard inside of @Fresh with an age',
          { controller: [guarded, Fresh({ maxAge: 1 })], handler: [UseGuards(RefreshGuard)] },
          'refresh token',
        ],
        [
          '@JwtRequired inside of @Fresh',
          { controller: [guarded, Fresh()], handler: [JwtRequired()] },
          'fresh token',
        ],
        [
          '@JwtRequired({ fresh: false }) inside of @Fresh',
          { controller: [guarded, Fresh()], handler: [JwtRequired({ fresh: false })] },
          'access token',
        ],
        [
          '@JwtRequired({ fresh: true }) inside of a guard',
          { controller: [guarded], handler: [JwtRequired({ fresh: true })] },
          'fresh token',
        ],
        [
          '@JwtRequired with @Fresh beside it',
          { handler: [JwtRequired(), Fresh()] },
          'fresh token',
        ],
      ];

      let app: RunningApp;
      beforeAll(async () => {
        app = await createApp(adapter, {
          controllers: cases.map(([, parts], index) => routeAt(`route-${index}`, parts)),
        });
      });
      afterAll(() => app.close());

      it.each(cases.map(([title, , asked], index) => ({ title, asked, path: `/route-${index}` })))(
        '$title asks: $asked',
        async ({ path, asked }) => {
          expect(await askedBy(app, path)).toBe(asked);
        },
      );
    });

    it('@Fresh(false) takes back what a global FreshGuard asks', async () => {
      const app = await createApp(adapter, {
        controllers: [routeAt('lax', { handler: [Fresh(false)] }), routeAt('strict', {})],
        configure: (nest) => nest.useGlobalGuards(nest.get(FreshGuard)),
      });
      expect([await askedBy(app, '/lax'), await askedBy(app, '/strict')]).toEqual([
        'access token',
        'fresh token',
      ]);
      await app.close();
    });
  });

  describe('@Fresh', () => {
    it.each([
      [{ maxAge: '300' }, '@Fresh.maxAge was given'],
      [{ maxAge: -1 }, '@Fresh.maxAge was given'],
      [{ maxAge: Number.NaN }, '@Fresh.maxAge was given'],
      [{}, '@Fresh.maxAge was given'],
      ['5m', '@Fresh was given'],
      [null, '@Fresh'],
    ])('refuses %j when it is evaluated', (wanted, message) => {
      expect(() => Fresh(wanted as never)).toThrow(
        expect.objectContaining({
          name: 'JwtExtendedConfigError',
          message: expect.stringContaining(message) as unknown,
        }),
      );
    });

    it('refuses a name that it does not have', () => {
      expect(() => Fresh({ maxAge: 5, maxage: 1 } as never)).toThrow(/maxage/);
    });
  });
});

describe('@JwtRequired', () => {
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
    [
      '@JwtOptional beside it',
      { handler: [JwtRequired(), JwtOptional()] },
      'optional access token',
    ],
  ];

  describe.each(['express'] as const)('@JwtRequired on %s', (adapter) => {
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
      [
        { refesh: true },
        '@JwtRequired.refesh is not an option; did you mean @JwtRequired.refresh?',
      ],
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
});
