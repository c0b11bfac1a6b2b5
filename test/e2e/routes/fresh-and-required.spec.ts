import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  BlocklistService,
  Fresh,
  type HttpRequest,
  JwtRequired,
  type JwtRequiredOptions,
  TokenService,
} from '../../../src/index.js';
import { createApp, type RunningApp, type Sent } from '../../support/app.js';
import { accessClaims, Clock, forgeToken, NOW } from '../../support/forge.js';
import { askedBy, routeAt } from '../../support/routes.js';
import { routesFor, type Words } from '../../support/routes-notation.js';

const IN = { status: 200, body: 'in' };

describe('@Fresh', () => {
  const words: Words = {
    'Fresh(true)': Fresh(true),
    '60 s': Fresh({ maxAge: 60 }),
    '300 s': Fresh({ maxAge: 300 }),
    '5m': Fresh({ maxAge: '5m' }),
    'JwtRequired 1m': JwtRequired({ fresh: { maxAge: '1m' } }),
    'fresh JwtRequired': JwtRequired({ fresh: true }),
  };
  /** The age in seconds that a login may have on the route. */
  const AGES: readonly [string, number][] = [
    ['AccessGuard + Fresh', Infinity],
    ['AccessGuard + Fresh(true)', Infinity],
    ['AccessGuard + 60 s', 60],
    ['AccessGuard + 5m', 300],
    ['FreshGuard + 60 s', 60],
    ['AccessGuard + 60 s / -', 60],
    ['JwtRequired 1m', 60],
    ['AccessGuard + 60 s / 300 s', 60],
    ['AccessGuard + 300 s / 60 s', 60],
    ['AccessGuard + 60 s / Fresh', 60],
    ['AccessGuard + Fresh / 60 s', 60],
    ['AccessGuard + 60 s / AccessGuard', 60],
    ['AccessGuard + 60 s / fresh JwtRequired', 60],
    ['AccessGuard + 60 s + Fresh', 60],
    ['AccessGuard + Fresh + 60 s', 60],
    ['AccessGuard + 300 s + 60 s / -', 60],
    ['JwtRequired 1m + Fresh', 60],
    ['JwtRequired 1m + 300 s', 60],
    ['fresh JwtRequired + 60 s / -', 60],
  ];
  const indexed = AGES.map(([title, age], index) => ({ title, age, path: `/route-${index}` }));
  const aged = indexed.filter(({ age }) => age < Infinity);
  const STALE = { status: 401, body: { msg: 'Fresh token required', code: 'TOKEN_NOT_FRESH' } };

  const clock = new Clock();
  let app: RunningApp;
  beforeAll(async () => {
    const texts = AGES.map(([text]) => text);
    app = await createApp('express', {
      controllers: routesFor(texts, words),
      options: { clock: clock.now, errorCodeKey: 'code', realm: 'bank' },
    });
  });
  afterAll(() => app.close());

  const call = async (path: string, changes: Record<string, unknown>) => {
    const claims = accessClaims({ fresh: true, nbf: NOW - 9999, exp: NOW + 9999, ...changes });
    const { status, body } = await app.send('GET', path, { token: forgeToken(claims) });
    return { status, body };
  };

  it.each(indexed)('$title accepts the login of this second if it is fresh', async ({ path }) => {
    expect(await call(path, { iat: NOW })).toEqual(IN);
    expect(await call(path, { fresh: false, iat: NOW, auth_time: NOW })).toEqual(STALE);
  });

  it.each(aged)('$title counts from auth_time, otherwise from iat', async ({ path, age }) => {
    expect(await call(path, { iat: NOW, auth_time: NOW - age })).toEqual(IN);
    expect(await call(path, { iat: NOW, auth_time: NOW - age - 1 })).toEqual(STALE);
    expect(await call(path, { iat: NOW - 9000, auth_time: NOW })).toEqual(IN);
    expect(await call(path, { iat: NOW - age })).toEqual(IN);
    expect(await call(path, { iat: NOW - age - 1 })).toEqual(STALE);
  });

  it('accepts a login of any age if it has no age', async () => {
    expect(await call('/route-0', { iat: NOW - 9000 })).toEqual(IN);
    expect(await call('/route-0', { iat: undefined })).toEqual(IN);
  });

  it('refuses a token without iat if it has an age', async () => {
    expect(await call('/route-2', { iat: undefined })).toEqual(STALE);
  });

  it('uses the clock of the options and not the clock of the machine', async () => {
    clock.forward(61);
    expect(await call('/route-2', { iat: NOW })).toEqual(STALE);
    clock.forward(-61);
    expect(await call('/route-2', { iat: NOW })).toEqual(IN);
  });

  it('names in the challenge the age that a login may have', async () => {
    const token = forgeToken(accessClaims({ iat: NOW, nbf: NOW, exp: NOW + 9 }));
    const challengeOf = async (path: string) =>
      (await app.send('GET', path, { token })).headers.get('www-authenticate');
    const text = 'error_description="More recent authentication is required"';
    const error = `Bearer realm="bank", error="insufficient_user_authentication", ${text}`;
    expect(await challengeOf('/route-3')).toBe(`${error}, max_age="300"`);
    expect(await challengeOf('/route-7')).toBe(`${error}, max_age="60"`);
  });

  it.each([
    [{ maxAge: '300' }, '@Fresh.maxAge was given'],
    [{ maxAge: -1 }, '@Fresh.maxAge was given'],
    [{ maxAge: Number.NaN }, '@Fresh.maxAge was given'],
    [{}, '@Fresh.maxAge was given'],
    [{ maxAge: 5, maxage: 1 }, 'maxage'],
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
});

describe('@JwtRequired with locations', () => {
  const fromUpgrade = ({ headers }: HttpRequest) => headers['x-upgrade']?.toString() ?? null;
  const impersonation = { locations: ['cookies'], cookieName: 'impersonation' } as const;
  const words: Words = {
    cookies: JwtRequired({ locations: ['cookies'] }),
    query: JwtRequired({ locations: ['query_string'] }),
    extractor: JwtRequired({ locations: [fromUpgrade] }),
    several: JwtRequired({ locations: [fromUpgrade, 'query_string'] }),
    'fresh JwtRequired': JwtRequired({ fresh: true }),
    cookieName: JwtRequired(impersonation),
    'cookieName for refresh tokens': JwtRequired({ ...impersonation, refresh: true }),
  };
  const access = forgeToken(accessClaims({ fresh: true }));
  const refresh = forgeToken(accessClaims({ type: 'refresh' }));
  const both = `access_token_cookie=${access}; refresh_token_cookie=${refresh}`;
  const sent: Readonly<Record<string, Sent & { readonly query?: string }>> = {
    header: { token: access },
    cookie: { headers: { cookie: both } },
    upgrade: { headers: { 'x-upgrade': access } },
    query: { query: `?jwt=${access}` },
    impersonation: { headers: { cookie: `impersonation=${access}` } },
    'refresh impersonation': { headers: { cookie: `impersonation=${refresh}` } },
  };
  const ROUTES: readonly [string, string[]][] = [
    ['JwtRequired', ['header']],
    ['cookies', ['cookie']],
    ['query', ['query']],
    ['extractor', ['upgrade']],
    ['several', ['upgrade', 'query']],
    ['cookies / -', ['cookie']],
    ['cookies / query', ['query']],
    ['cookies / fresh JwtRequired', ['cookie']],
    ['cookieName', ['impersonation']],
    ['cookieName for refresh tokens', ['refresh impersonation']],
  ];

  let app: RunningApp;
  beforeAll(async () => {
    const texts = ROUTES.map(([text]) => text);
    app = await createApp('express', { controllers: routesFor(texts, words) });
  });
  afterAll(() => app.close());

  it.each(ROUTES.map(([route, expected], index) => ({ route, expected, index })))(
    'the route "$route" accepts tokens from $expected and from no other location',
    async ({ index, expected }) => {
      const accepted: string[] = [];
      for (const [name, { query = '', ...rest }] of Object.entries(sent)) {
        const { status } = await app.send('GET', `/route-${index}${query}`, rest);
        if (status === 200) accepted.push(name);
      }
      expect(accepted).toEqual(expected);
    },
  );

  it.each([
    ['/route-8', 'Missing cookie "impersonation"'],
    ['/route-3', 'Missing token'],
    [
      '/route-4',
      "Missing JWT in custom or query_string (Missing token; Missing 'jwt' query paramater)",
    ],
  ])('names the locations of the route if no token is found: %s', async (path, msg) => {
    const { status, body } = await app.send('GET', path, { token: access });
    expect({ status, body }).toEqual({ status: 401, body: { msg } });
  });

  it('refuses a bad token of an extractor function as it refuses any other', async () => {
    const headers = { 'x-upgrade': 'a.b' };
    expect(await app.send('GET', `/route-4?jwt=${access}`, { headers })).toMatchObject({
      status: 422,
      body: { msg: 'Not enough segments' },
    });
  });
});

describe('@JwtRequired', () => {
  it.each([
    ['skipRevocationCheck', 'revoked', 'Token has been revoked'],
    ['allowExpired', 'expired', 'Token has expired'],
  ])('with %s alone accepts a token that is %s (R54)', async (option, what, msg) => {
    const words: Words = {
      skipping: JwtRequired({ [option]: true }),
      checking: JwtRequired({ [option]: false }),
    };
    const refusing = ['JwtRequired', 'checking', 'skipping / AccessGuard'];
    const accepting = ['skipping', 'skipping / -'];
    const app = await createApp('express', {
      controllers: routesFor([...refusing, ...accepting], words),
    });
    const token = await tokenThatIs(what, app);
    const answerOf = async (path: string) => {
      const { status, body } = await app.send('GET', path, { token });
      return { status, body };
    };
    for (const path of ['/route-3', '/route-4']) expect(await answerOf(path)).toEqual(IN);
    for (const path of ['/route-0', '/route-1', '/route-2'])
      expect(await answerOf(path)).toEqual({ status: 401, body: { msg } });
    await app.close();
  });

  async function tokenThatIs(what: string, app: RunningApp): Promise<string> {
    if (what === 'expired') return forgeToken(accessClaims({ iat: 1, nbf: 1, exp: 2 }));
    const token = await app.get(TokenService).createAccessToken('alice');
    await app.get(BlocklistService).revoke(token);
    return token;
  }

  it.each<[unknown, string]>([
    [{ refresh: 'yes' }, '@JwtRequired.refresh was given'],
    [{ refresh: null }, '@JwtRequired.refresh was given'],
    [{ fresh: '5m' }, '@JwtRequired.fresh was given'],
    [{ fresh: null }, '@JwtRequired.fresh was given'],
    [{ fresh: { maxAge: '300' } }, '@JwtRequired.fresh.maxAge was given'],
    [{ fresh: {} }, '@JwtRequired.fresh.maxAge was given'],
    [{ optional: 1 }, '@JwtRequired.optional was given'],
    [{ allowExpired: 1 }, '@JwtRequired.allowExpired was given'],
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

  it('ignores later changes of its options', async () => {
    const options = { optional: false, locations: ['headers' as const] };
    const parts = { handler: [JwtRequired(options)] };
    options.optional = true;
    options.locations.length = 0;
    const app = await createApp('express', { controllers: [routeAt('/', parts)] });
    expect(await askedBy(app, '/')).toBe('access token');
    await app.close();
  });
});
