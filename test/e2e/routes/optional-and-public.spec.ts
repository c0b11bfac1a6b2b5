import { UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  Fresh,
  FreshGuard,
  JwtOptional,
  JwtRequired,
  Public,
  RefreshGuard,
  TokenService,
} from '../../../src/index.js';
import { BlocklistService } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import {
  askedBy,
  type Presented,
  type RouteParts,
  routeAt,
  tokensOf,
} from '../../support/routes.js';

type Case = readonly [title: string, parts: RouteParts, asked: string];

const access = UseGuards(AccessGuard);
const fresh = UseGuards(FreshGuard);
const refresh = UseGuards(RefreshGuard);

/** In an application without a global guard. */
const OPTIONAL: readonly Case[] = [
  ['it beside AccessGuard', { handler: [access, JwtOptional()] }, 'optional access token'],
  ['it beside FreshGuard', { handler: [fresh, JwtOptional()] }, 'optional fresh token'],
  ['it beside RefreshGuard', { handler: [refresh, JwtOptional()] }, 'optional refresh token'],
  [
    'it beside @Fresh and a guard',
    { handler: [access, Fresh(), JwtOptional()] },
    'optional fresh token',
  ],
  [
    'it on the class, beside the guard',
    { controller: [access, JwtOptional()] },
    'optional access token',
  ],
  [
    'it inside of a guard',
    { controller: [access], handler: [JwtOptional()] },
    'optional access token',
  ],
  [
    'it inside of FreshGuard',
    { controller: [fresh], handler: [JwtOptional()] },
    'optional fresh token',
  ],
  [
    'it inside of @Fresh',
    { controller: [access, Fresh()], handler: [JwtOptional()] },
    'optional fresh token',
  ],
  [
    '@Fresh(false) inside of it',
    { controller: [access, JwtOptional()], handler: [Fresh(false)] },
    'optional access token',
  ],
  [
    'a guard inside of it',
    { controller: [access, JwtOptional()], handler: [access] },
    'access token',
  ],
  [
    'RefreshGuard inside of it',
    { controller: [access, JwtOptional()], handler: [refresh] },
    'refresh token',
  ],
  [
    '@Fresh inside of it',
    { controller: [access, JwtOptional()], handler: [Fresh()] },
    'fresh token',
  ],
  [
    '@JwtRequired inside of it',
    { controller: [access, JwtOptional()], handler: [JwtRequired()] },
    'access token',
  ],
  [
    '@JwtRequired({ optional: false }) inside of it',
    { controller: [access, JwtOptional()], handler: [JwtRequired({ optional: false })] },
    'access token',
  ],
  [
    'it and a guard inside of it',
    { controller: [access, JwtOptional()], handler: [fresh, JwtOptional()] },
    'optional fresh token',
  ],
  [
    '@Public inside of it',
    { controller: [access, JwtOptional()], handler: [Public()] },
    'lets everybody in',
  ],
];

/** In an application that is closed by a global guard. */
const PUBLIC: readonly Case[] = [
  ['nothing at all', {}, 'access token'],
  ['it on the handler', { handler: [Public()] }, 'lets everybody in'],
  ['it on the class', { controller: [Public()] }, 'lets everybody in'],
  ['it on both', { controller: [Public()], handler: [Public()] }, 'lets everybody in'],
  [
    'it on a handler inside of a guard',
    { controller: [fresh], handler: [Public()] },
    'lets everybody in',
  ],
  [
    'it on a handler inside of @Fresh',
    { controller: [Fresh()], handler: [Public()] },
    'lets everybody in',
  ],
  [
    '@Fresh(false) inside of it',
    { controller: [Public()], handler: [Fresh(false)] },
    'lets everybody in',
  ],
  ['AccessGuard inside of it', { controller: [Public()], handler: [access] }, 'access token'],
  ['FreshGuard inside of it', { controller: [Public()], handler: [fresh] }, 'fresh token'],
  ['RefreshGuard inside of it', { controller: [Public()], handler: [refresh] }, 'refresh token'],
  [
    '@JwtRequired inside of it',
    { controller: [Public()], handler: [JwtRequired({ fresh: true })] },
    'fresh token',
  ],
  ['@Fresh inside of it', { controller: [Public()], handler: [Fresh()] }, 'fresh token'],
  [
    '@JwtOptional inside of it',
    { controller: [Public()], handler: [JwtOptional()] },
    'optional access token',
  ],
  [
    '@Public(false) inside of it',
    { controller: [Public()], handler: [Public(false)] },
    'access token',
  ],
  ['@Public(false) alone', { handler: [Public(false)] }, 'access token'],
  ['a guard beside it', { handler: [Public(), refresh] }, 'refresh token'],
  ['@JwtOptional on the handler', { handler: [JwtOptional()] }, 'optional access token'],
  ['@JwtOptional on the class', { controller: [JwtOptional()] }, 'optional access token'],
  [
    'a guard inside of @JwtOptional',
    { controller: [JwtOptional()], handler: [access] },
    'access token',
  ],
  [
    '@Fresh inside of @JwtOptional',
    { controller: [JwtOptional()], handler: [Fresh()] },
    'fresh token',
  ],
];

describe.each(ADAPTERS)('on %s', (adapter) => {
  describe.each([
    ['@JwtOptional', OPTIONAL, false],
    ['@Public', PUBLIC, true],
  ] as const)('%s', (_name, cases, globalGuard) => {
    let app: RunningApp;
    let tokens: Presented;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: cases.map(([, parts], index) => routeAt(`route-${index}`, parts)),
        extras: { globalGuard },
      });
      tokens = await tokensOf(app);
    });
    afterAll(() => app.close());

    it.each(cases.map(([title, , asked], index) => ({ title, asked, path: `/route-${index}` })))(
      'with $title asks: $asked (R54)',
      async ({ path, asked }) => {
        expect(await askedBy(app, path, tokens)).toBe(asked);
      },
    );
  });

  describe('an optional route', () => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [routeAt('/', { handler: [access, JwtOptional()] })],
        options: {
          locations: ['headers', 'cookies'],
          csrf: { methods: ['GET', 'POST'] },
          errorCodeKey: 'code',
          loaders: {
            tokenVerification: ({ claims }) => claims.verified !== false,
            userLookup: ({ identity }) => (identity === 'nobody' ? null : { identity }),
          },
        },
      });
    });
    afterAll(() => app.close());

    it.each([
      ['is no token', 'a.b.c', 422, 'TOKEN_INVALID'],
      [
        'is signed with another secret',
        forgeToken(accessClaims(), undefined, 'x'),
        422,
        'TOKEN_INVALID',
      ],
      ['has expired', forgeToken(accessClaims({ exp: 1 })), 401, 'TOKEN_EXPIRED'],
      [
        'is a refresh token',
        forgeToken(accessClaims({ type: 'refresh' })),
        422,
        'TOKEN_WRONG_TYPE',
      ],
      ['is not accepted', forgeToken(accessClaims({ verified: false })), 400, 'TOKEN_REJECTED'],
      ['is of nobody known', forgeToken(accessClaims({ sub: 'nobody' })), 401, 'USER_NOT_FOUND'],
    ])('refuses a token that %s (R53)', async (_title, token, status, code) => {
      const answer = await app.send('GET', '/', { token });
      expect(answer).toMatchObject({ status, body: { code } });
    });

    it('refuses a revoked token (R53)', async () => {
      const token = await app.get(TokenService).createAccessToken('alice');
      await app.get(BlocklistService).revoke(token);
      expect(await app.send('GET', '/', { token })).toMatchObject({
        status: 401,
        body: { msg: 'Token has been revoked', code: 'TOKEN_REVOKED' },
      });
    });

    it('refuses a cookie without its csrf value, and with another (R53)', async () => {
      const cookie = `access_token_cookie=${forgeToken(accessClaims())}`;
      expect(await app.send('GET', '/', { headers: { cookie } })).toMatchObject({
        status: 401,
        body: { msg: 'Missing CSRF token', code: 'CSRF_FAILED' },
      });
      const headers = { cookie, 'x-csrf-token': 'other' };
      expect(await app.send('GET', '/', { headers })).toMatchObject({
        status: 401,
        body: { msg: 'CSRF double submit tokens do not match', code: 'CSRF_FAILED' },
      });
    });

    it('refuses a header that is not as it should be (R53)', async () => {
      const headers = { authorization: 'Bearer' };
      expect(await app.send('GET', '/', { headers })).toMatchObject({
        status: 422,
        body: { code: 'TOKEN_INVALID' },
      });
    });

    it('takes credentials of another scheme for none', async () => {
      const headers = { authorization: 'Basic YTpi' };
      expect(await app.send('GET', '/', { headers })).toMatchObject({ status: 200, body: 'in' });
    });
  });

  it('a public route does not so much as look at a token', async () => {
    const userLookup = () => {
      throw new Error('asked');
    };
    const app = await createApp(adapter, {
      controllers: [routeAt('/', { handler: [Public()] })],
      extras: { globalGuard: true },
      options: { loaders: { userLookup } },
    });
    const token = await app.get(TokenService).createAccessToken('alice');
    expect(await app.send('GET', '/', { token })).toMatchObject({ status: 200, body: 'in' });
    await app.close();
  });
});

describe('@Public', () => {
  it.each(['no', 0, null])('refuses %j when it is evaluated', (value) => {
    expect(() => Public(value as never)).toThrow(
      expect.objectContaining({ name: 'JwtExtendedConfigError' }),
    );
  });
});
