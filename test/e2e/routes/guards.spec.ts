import { UseGuards } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FreshGuard, type HttpRequest, TokenService } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { Clock, forgeToken, NOW } from '../../support/forge.js';
import { routeAt } from '../../support/routes.js';
import { claimsAtNow } from '../../support/tokens.js';
import { carrying, EchoController, missing, refusal, welcome } from '../../support/transport.js';

const IN = welcome('headers');
const FRESH = { status: 200, body: 'in' };
const MISSING = missing('Missing Authorization Header');
const STALE = refusal(401, 'TOKEN_NOT_FRESH', 'Fresh token required');
const EXPIRED = refusal(401, 'TOKEN_EXPIRED', 'Token has expired');
const NOT_ACCESS = refusal(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed');
const NOT_REFRESH = refusal(422, 'TOKEN_WRONG_TYPE', 'Only refresh tokens are allowed');
const FORGED = refusal(422, 'TOKEN_INVALID', 'Signature verification failed');
const TYPELESS = refusal(422, 'TOKEN_INVALID', 'Missing or invalid claim: type');
const GARBAGE = {
  status: 422,
  body: { msg: expect.stringMatching(/^Invalid /) as unknown, code: 'TOKEN_INVALID' },
};

const forge = (changes: Record<string, unknown> = {}, secret?: string) =>
  forgeToken(claimsAtNow(changes), undefined, secret);

const access = forge();
const refresh = forge({ type: 'refresh' });

/** A token, and the responses of AccessGuard, FreshGuard and RefreshGuard to it. */
const ROWS: readonly [string, string | undefined, object, object, object][] = [
  ['no token', undefined, MISSING, MISSING, MISSING],
  ['an access token', access, IN, STALE, NOT_REFRESH],
  ['a fresh access token', forge({ fresh: true }), IN, FRESH, NOT_REFRESH],
  ['an access token that is fresh for 60 s', forge({ fresh: NOW + 60 }), IN, FRESH, NOT_REFRESH],
  ['an access token that was fresh until now', forge({ fresh: NOW }), IN, STALE, NOT_REFRESH],
  ['an access token with text as its freshness', forge({ fresh: '1' }), IN, STALE, NOT_REFRESH],
  ['a refresh token', refresh, NOT_ACCESS, NOT_ACCESS, IN],
  ['a fresh refresh token', forge({ type: 'refresh', fresh: true }), NOT_ACCESS, NOT_ACCESS, IN],
  ['an expired access token', forge({ fresh: true, exp: NOW }), EXPIRED, EXPIRED, EXPIRED],
  ['an expired refresh token', forge({ type: 'refresh', exp: NOW }), EXPIRED, EXPIRED, EXPIRED],
  ['an access token of another secret', forge({ fresh: true }, 'other'), FORGED, FORGED, FORGED],
  ['a token without a type', forge({ type: undefined }), TYPELESS, TYPELESS, TYPELESS],
  ['a token of an unknown type', forge({ type: 'Access' }), TYPELESS, TYPELESS, TYPELESS],
  ['text that is no token', 'a.b.c', GARBAGE, GARBAGE, GARBAGE],
];

const fresh = routeAt('fresh', { handler: [UseGuards(FreshGuard)] });

describe.each(ADAPTERS)('The guards on %s', (adapter) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EchoController, fresh],
      options: { clock: new Clock().now, errorCodeKey: 'code' },
    });
  });
  afterAll(() => app.close());

  it.each(ROWS)(
    'accept or refuse %s by its type, freshness and validity (R34)',
    async (_title, token, ...expected) => {
      const answers = [];
      for (const path of ['/access', '/fresh', '/refresh']) {
        const { status, body } = await app.send('GET', path, { token });
        answers.push({ status, body });
      }
      expect(answers).toEqual(expected);
    },
  );

  it('refuse as stale an access token that was issued for a refresh token (R34)', async () => {
    const tokens = app.get(TokenService);
    const { identity } = await tokens.decodeToken(await tokens.createRefreshToken('alice'));
    const token = await tokens.createAccessToken(identity);
    expect(await app.send('GET', '/fresh', { token })).toMatchObject(STALE);
  });
});

describe.each(ADAPTERS)('A token of the other type on %s', (adapter) => {
  const fromHeader = ({ headers }: HttpRequest) => headers['x-token']?.toString() ?? null;
  let app: RunningApp;
  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EchoController],
      options: {
        clock: new Clock().now,
        errorCodeKey: 'code',
        locations: ['headers', 'cookies', 'query_string', 'json', fromHeader],
      },
    });
  });
  afterAll(() => app.close());

  it.each(['headers', 'cookies', 'query_string', 'json', 'custom'] as const)(
    'is refused in %s, and a token of the right type is accepted (R55)',
    async (location) => {
      const call = async (type: 'access' | 'refresh', token: string) => {
        const { method, search, sent } = carrying(location, token, type);
        const { status, body } = await app.send(method, `/${type}${search}`, sent);
        return { status, body };
      };
      const accepted = welcome(location);
      expect(await call('access', access)).toEqual(accepted);
      expect(await call('access', refresh)).toEqual(NOT_ACCESS);
      expect(await call('refresh', refresh)).toEqual(accepted);
      expect(await call('refresh', access)).toEqual(NOT_REFRESH);
    },
  );

  it('is refused if the two cookies were swapped (R55)', async () => {
    const cookie = `access_token_cookie=${refresh}; refresh_token_cookie=${access}`;
    expect(await app.send('GET', '/access', { headers: { cookie } })).toMatchObject(NOT_ACCESS);
    expect(await app.send('GET', '/refresh', { headers: { cookie } })).toMatchObject(NOT_REFRESH);
  });
});
