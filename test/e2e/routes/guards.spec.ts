import { Body, Controller, Get, Post, UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessGuard,
  CurrentToken,
  FreshGuard,
  type HttpRequest,
  type JwtContext,
  RefreshGuard,
  type TokenExtractor,
  TokenService,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp, type Sent } from '../../support/app.js';
import { accessClaims, Clock, forgeToken, NOW } from '../../support/forge.js';
import { routeAt } from '../../support/routes.js';

const claims = (changes: Record<string, unknown> = {}) =>
  accessClaims({ iat: NOW, nbf: NOW, exp: NOW + 900, ...changes });

const TOKENS = {
  'no token': undefined,
  'an access token': forgeToken(claims()),
  'a fresh access token': forgeToken(claims({ fresh: true })),
  'an access token that is fresh for a while': forgeToken(claims({ fresh: NOW + 60 })),
  'an access token that was fresh until now': forgeToken(claims({ fresh: NOW })),
  'an access token whose freshness is no number': forgeToken(claims({ fresh: '1' })),
  'a refresh token': forgeToken(claims({ type: 'refresh' })),
  'a refresh token that calls itself fresh': forgeToken(claims({ type: 'refresh', fresh: true })),
  'an expired access token': forgeToken(claims({ fresh: true, exp: NOW })),
  'an expired refresh token': forgeToken(claims({ type: 'refresh', exp: NOW })),
  'an access token of another secret': forgeToken(claims({ fresh: true }), undefined, 'other'),
  'a token without a type': forgeToken(claims({ type: undefined })),
  'a token of an unknown type': forgeToken(claims({ type: 'Access' })),
  'something that is no token': 'a.b.c',
};
type TokenName = keyof typeof TOKENS;

const NAMES = Object.keys(TOKENS) as TokenName[];

const IN = { status: 200, body: 'in' };
const MISSING = refused(401, 'TOKEN_MISSING', 'Missing Authorization Header');
const STALE = refused(401, 'TOKEN_NOT_FRESH', 'Fresh token required');
const EXPIRED = refused(401, 'TOKEN_EXPIRED', 'Token has expired');
const NOT_ACCESS = refused(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed');
const NOT_REFRESH = refused(422, 'TOKEN_WRONG_TYPE', 'Only refresh tokens are allowed');
const FORGED = refused(422, 'TOKEN_INVALID', 'Signature verification failed');
const TYPELESS = refused(422, 'TOKEN_INVALID', 'Missing or invalid claim: type');
const GARBAGE = {
  status: 422,
  body: { msg: expect.stringMatching(/^Invalid /) as unknown, code: 'TOKEN_INVALID' },
};

function refused(status: number, code: string, msg: string): object {
  return { status, body: { msg, code } };
}

/** Whatever kind of token a guard asks for, these are refused alike. */
const ALIKE = {
  'no token': MISSING,
  'an expired access token': EXPIRED,
  'an expired refresh token': EXPIRED,
  'an access token of another secret': FORGED,
  'a token without a type': TYPELESS,
  'a token of an unknown type': TYPELESS,
  'something that is no token': GARBAGE,
};

const ANSWERS: Readonly<Record<string, Readonly<Record<TokenName, object>>>> = {
  AccessGuard: {
    ...ALIKE,
    'an access token': IN,
    'a fresh access token': IN,
    'an access token that is fresh for a while': IN,
    'an access token that was fresh until now': IN,
    'an access token whose freshness is no number': IN,
    'a refresh token': NOT_ACCESS,
    'a refresh token that calls itself fresh': NOT_ACCESS,
  },
  FreshGuard: {
    ...ALIKE,
    'an access token': STALE,
    'a fresh access token': IN,
    'an access token that is fresh for a while': IN,
    'an access token that was fresh until now': STALE,
    'an access token whose freshness is no number': STALE,
    'a refresh token': NOT_ACCESS,
    'a refresh token that calls itself fresh': NOT_ACCESS,
  },
  RefreshGuard: {
    ...ALIKE,
    'an access token': NOT_REFRESH,
    'a fresh access token': NOT_REFRESH,
    'an access token that is fresh for a while': NOT_REFRESH,
    'an access token that was fresh until now': NOT_REFRESH,
    'an access token whose freshness is no number': NOT_REFRESH,
    'a refresh token': IN,
    'a refresh token that calls itself fresh': IN,
  },
};

const GUARDS = { AccessGuard, FreshGuard, RefreshGuard };

describe.each(ADAPTERS)('on %s', (adapter) => {
  describe.each(Object.entries(GUARDS))('%s', (name, guard) => {
    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [routeAt('/', { handler: [UseGuards(guard)] })],
        options: { clock: new Clock().now, errorCodeKey: 'code' },
      });
    });
    afterAll(() => app.close());

    it.each(NAMES)('answers %s as it should (R34)', async (token) => {
      const { status, body } = await app.send('GET', '/', { token: TOKENS[token] });
      expect({ status, body }).toEqual(ANSWERS[name]?.[token]);
    });
  });

  describe('a token of the other type', () => {
    const access = forgeToken(claims());
    const refresh = forgeToken(claims({ type: 'refresh' }));
    const custom: TokenExtractor = ({ headers }: HttpRequest) =>
      headers['x-token']?.toString() ?? null;

    @Controller()
    class BothController {
      @UseGuards(AccessGuard)
      @Get('access')
      access(@CurrentToken() { type, location }: JwtContext) {
        return { type, location };
      }

      @UseGuards(AccessGuard)
      @Post('access')
      accessInBody(@Body() _body: unknown, @CurrentToken() { type, location }: JwtContext) {
        return { type, location };
      }

      @UseGuards(RefreshGuard)
      @Get('refresh')
      refresh(@CurrentToken() { type, location }: JwtContext) {
        return { type, location };
      }

      @UseGuards(RefreshGuard)
      @Post('refresh')
      refreshInBody(@Body() _body: unknown, @CurrentToken() { type, location }: JwtContext) {
        return { type, location };
      }
    }

    let app: RunningApp;
    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [BothController],
        options: {
          clock: new Clock().now,
          errorCodeKey: 'code',
          locations: ['headers', 'cookies', 'query_string', 'json', custom],
        },
      });
    });
    afterAll(() => app.close());

    const cookies = (token: string) => ({
      headers: { cookie: `access_token_cookie=${token}; refresh_token_cookie=${token}` },
    });
    const swapped = {
      headers: { cookie: `access_token_cookie=${refresh}; refresh_token_cookie=${access}` },
    };

    it.each<[string, string, (token: string) => Sent, string]>([
      ['headers', 'GET', (token) => ({ token }), ''],
      ['cookies', 'GET', cookies, ''],
      ['query_string', 'GET', () => ({}), '?jwt='],
      ['json', 'POST', (token) => ({ json: { access_token: token, refresh_token: token } }), ''],
      ['custom', 'GET', (token) => ({ headers: { 'x-token': token } }), ''],
    ])(
      'is refused in %s, where one of its own passes (R55)',
      async (location, method, sent, query) => {
        const call = async (path: string, token: string) => {
          const address = query ? path + query + token : path;
          const { status, body } = await app.send(method, address, sent(token));
          return { status, body };
        };
        const passed = method === 'POST' ? 201 : 200;
        expect(await call('/access', access)).toEqual({
          status: passed,
          body: { type: 'access', location },
        });
        expect(await call('/access', refresh)).toEqual(NOT_ACCESS);
        expect(await call('/refresh', refresh)).toEqual({
          status: passed,
          body: { type: 'refresh', location },
        });
        expect(await call('/refresh', access)).toEqual(NOT_REFRESH);
      },
    );

    it('is refused where the two cookies were swapped (R55)', async () => {
      expect(await app.send('GET', '/access', swapped)).toMatchObject(NOT_ACCESS);
      expect(await app.send('GET', '/refresh', swapped)).toMatchObject(NOT_REFRESH);
    });
  });

  it('a token that a refresh token bought is not fresh (R34)', async () => {
    const app = await createApp(adapter, {
      controllers: [routeAt('/', { handler: [UseGuards(FreshGuard)] })],
    });
    const refresh = await app.get(TokenService).createRefreshToken('alice');
    const { identity } = await app.get(TokenService).decodeToken(refresh);
    const token = await app.get(TokenService).createAccessToken(identity);
    expect(await app.send('GET', '/', { token })).toMatchObject({
      status: 401,
      body: { msg: 'Fresh token required' },
    });
    await app.close();
  });
});
