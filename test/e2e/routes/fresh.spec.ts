import { UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccessGuard, Fresh, FreshGuard, JwtRequired, RefreshGuard } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, Clock, forgeToken, NOW } from '../../support/forge.js';
import { askedBy, type RouteParts, routeAt } from '../../support/routes.js';

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

describe.each(ADAPTERS)('on %s', (adapter) => {
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
      const token = forgeToken(accessClaims({ fresh: true, iat: NOW, nbf: NOW, exp: NOW + 9999 }));
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
      ['@JwtRequired with @Fresh beside it', { handler: [JwtRequired(), Fresh()] }, 'fresh token'],
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
