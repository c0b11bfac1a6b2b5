import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import {
  TokenService,
  type ExpressLikeResponse,
  type FastifyLikeReply,
  type HttpResponse,
  type JwtExtendedOptions,
  type TokenPair,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type AdapterName, type RunningApp } from '../../support/app.js';
import { accessClaims, Clock, forgeToken } from '../../support/forge.js';
import {
  EchoController,
  invalid,
  perform,
  refusal,
  said,
  STAGE,
  useCookiePlugin,
  welcome,
} from '../../support/transport.js';

const EPOCH = 'Thu, 01 Jan 1970 00:00:00 GMT';

interface Stage {
  readonly app: RunningApp;
  readonly pair: TokenPair;
  /** The csrf values of both tokens. */
  readonly csrf: { readonly access: string; readonly refresh: string };
}

async function setStage(
  adapter: AdapterName,
  options: JwtExtendedOptions = {},
  configure?: (nest: INestApplication) => unknown,
): Promise<Stage> {
  const app = await createApp(adapter, {
    controllers: [EchoController, ...STAGE.controllers],
    providers: STAGE.providers,
    options: { errorCodeKey: 'code', locations: ['cookies'], ...options },
    configure,
  });
  const tokens = app.get(TokenService);
  const pair = await tokens.createTokenPair('alice');
  const csrfOf = async (token: string) =>
    String((await tokens.decodeToken(token)).claims.csrf ?? '');
  const csrf = {
    access: await csrfOf(pair.accessToken),
    refresh: await csrfOf(pair.refreshToken),
  };
  return { app, pair, csrf };
}

describe.each(ADAPTERS)('TokenCookies on %s', (adapter) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage(adapter);
  });
  afterAll(() => stage.app.close());

  it('sets a token cookie that no script reads, and its csrf cookie that one can (R46)', async () => {
    const { app, pair, csrf } = stage;
    const access = await perform(app, (cookies, response) =>
      cookies.setAccessCookies(response, pair.accessToken),
    );
    const refresh = await perform(app, (cookies, response) =>
      cookies.setRefreshCookies(response, pair.refreshToken),
    );
    expect(said(access)).toEqual({ status: 200, body: { done: true } });
    expect(access.cookies).toEqual([
      `access_token_cookie=${pair.accessToken}; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `csrf_access_token=${csrf.access}; Path=/; Secure; SameSite=Lax`,
    ]);
    expect(refresh.cookies).toEqual([
      `refresh_token_cookie=${pair.refreshToken}; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `csrf_refresh_token=${csrf.refresh}; Path=/; Secure; SameSite=Lax`,
    ]);
  });

  it('sets cookies that let their owner in', async () => {
    const { app, pair, csrf } = stage;
    const { cookies } = await perform(app, async (tokenCookies, response) => {
      await tokenCookies.setAccessCookies(response, pair.accessToken);
      await tokenCookies.setRefreshCookies(response, pair.refreshToken);
    });
    expect(cookies).toHaveLength(4);
    const cookie = cookies.map((line) => line.split(';', 1)[0]).join('; ');
    const send = (path: string, presented: string) =>
      app.send('POST', path, { headers: { cookie, 'x-csrf-token': presented } });
    expect(said(await send('/access', csrf.access))).toEqual(welcome('cookies'));
    expect(said(await send('/refresh', csrf.refresh))).toEqual(welcome('cookies'));
  });

  it.each([
    [600, 600],
    ['30d', 2_592_000],
    [0, 0],
  ])('keeps cookies for the maxAge it is told: %j', async (maxAge, seconds) => {
    const { app, pair, csrf } = stage;
    const { cookies } = await perform(app, (tokenCookies, response) =>
      tokenCookies.setAccessCookies(response, pair.accessToken, { maxAge }),
    );
    expect(cookies).toEqual([
      `access_token_cookie=${pair.accessToken}; Max-Age=${seconds}; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `csrf_access_token=${csrf.access}; Max-Age=${seconds}; Path=/; Secure; SameSite=Lax`,
    ]);
  });

  it.each(['15', -1, 1.5, Number.NaN])('sets nothing with a maxAge of %j', async (maxAge) => {
    const { app, pair } = stage;
    const answer = await perform(app, (cookies, response) =>
      expect(cookies.setAccessCookies(response, pair.accessToken, { maxAge })).rejects.toThrow(
        'maxAge was given',
      ),
    );
    expect(answer).toMatchObject({ status: 200, cookies: [] });
  });

  it('sets and clears cookies of the domain it is told', async () => {
    const { app, pair, csrf } = stage;
    const domain = 'example.com';
    const set = await perform(app, (cookies, response) =>
      cookies.setRefreshCookies(response, pair.refreshToken, { domain }),
    );
    const cleared = await perform(app, (cookies, response) =>
      cookies.unsetCookies(response, { domain }),
    );
    expect(set.cookies).toEqual([
      `refresh_token_cookie=${pair.refreshToken}; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `csrf_refresh_token=${csrf.refresh}; Domain=example.com; Path=/; Secure; SameSite=Lax`,
    ]);
    expect(cleared.cookies).toHaveLength(4);
    expect(cleared.cookies.filter((line) => !line.includes('; Domain=example.com;'))).toEqual([]);
  });

  it.each(['example.com; Secure', 'example.com\r\nX: y', 'exämple.com'])(
    'sets nothing for a domain that is none: %j (R46)',
    async (domain) => {
      const { app, pair } = stage;
      const answer = await perform(app, async (cookies, response) => {
        await expect(
          cookies.setAccessCookies(response, pair.accessToken, { domain }),
        ).rejects.toThrow('domain');
        await expect(cookies.unsetCookies(response, { domain })).rejects.toThrow('domain');
      });
      expect(answer).toMatchObject({ status: 200, cookies: [] });
    },
  );

  it('clears both cookies of each token, with the attributes they were set with (R46)', async () => {
    const { app } = stage;
    const access = [
      `access_token_cookie=; Max-Age=0; Path=/; Expires=${EPOCH}; HttpOnly; Secure; SameSite=Lax`,
      `csrf_access_token=; Max-Age=0; Path=/; Expires=${EPOCH}; Secure; SameSite=Lax`,
    ];
    const refresh = [
      `refresh_token_cookie=; Max-Age=0; Path=/; Expires=${EPOCH}; HttpOnly; Secure; SameSite=Lax`,
      `csrf_refresh_token=; Max-Age=0; Path=/; Expires=${EPOCH}; Secure; SameSite=Lax`,
    ];
    const answers = [
      await perform(app, (cookies, response) => cookies.unsetAccessCookies(response)),
      await perform(app, (cookies, response) => cookies.unsetRefreshCookies(response)),
      await perform(app, (cookies, response) => cookies.unsetCookies(response)),
    ];
    expect(answers.map(({ cookies }) => cookies)).toEqual([
      access,
      refresh,
      [...access, ...refresh],
    ]);
  });

  it('keeps what it sends out of caches (R69)', async () => {
    const { app, pair } = stage;
    const answers = [
      await perform(app, (cookies, response) =>
        cookies.setAccessCookies(response, pair.accessToken),
      ),
      await perform(app, (cookies, response) =>
        cookies.setRefreshCookies(response, pair.refreshToken),
      ),
      await perform(app, (cookies, response) => cookies.unsetAccessCookies(response)),
      await perform(app, (cookies, response) => cookies.unsetRefreshCookies(response)),
    ];
    for (const { headers } of answers) {
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('pragma')).toBe('no-cache');
    }
    const { headers } = await perform(app, () => undefined);
    expect(headers.get('cache-control')).toBeNull();
    expect(headers.get('pragma')).toBeNull();
  });

  it('refuses a token of the other type and sets no cookie (R55)', async () => {
    const { app, pair } = stage;
    const answer = await perform(app, async (cookies, response) => {
      await expect(cookies.setAccessCookies(response, pair.refreshToken)).rejects.toThrow(
        'The token is not of type access: set it as a cookie of its own type',
      );
      await expect(cookies.setRefreshCookies(response, pair.accessToken)).rejects.toThrow(
        'The token is not of type refresh: set it as a cookie of its own type',
      );
    });
    expect(answer).toMatchObject({ status: 200, cookies: [] });
  });

  it.each([
    [
      'that has expired',
      () => forgeToken(accessClaims({ exp: 1_000_000_000 })),
      'Token has expired',
    ],
    [
      'signed with another key',
      () => forgeToken(accessClaims(), undefined, 'x'.repeat(64)),
      'Signature verification failed',
    ],
    [
      'without a type',
      () => forgeToken(accessClaims({ type: undefined })),
      'Missing or invalid claim: type',
    ],
    [
      'without a csrf claim',
      () => forgeToken(accessClaims({ csrf: undefined })),
      'Missing claim: csrf',
    ],
    [
      'with a number for its csrf claim',
      () => forgeToken(accessClaims({ csrf: 5 })),
      'Missing claim: csrf',
    ],
    ['of one segment', () => 'foobarbaz', 'Not enough segments'],
    [
      'that is no text',
      () => undefined as unknown as string,
      "Invalid token type. Token must be a <class 'bytes'>",
    ],
  ])('refuses a token %s, and sets nothing', async (_, token, reason) => {
    const answer = await perform(stage.app, (cookies, response) =>
      expect(cookies.setAccessCookies(response, token())).rejects.toThrow(reason),
    );
    expect(answer).toMatchObject({ status: 200, cookies: [] });
    expect(answer.headers.get('cache-control')).toBeNull();
  });

  it('has the client told why where a handler lets the refusal pass', async () => {
    const { app } = stage;
    const expired = forgeToken(accessClaims({ exp: 1_000_000_000 }));
    const answers = [
      await perform(app, (cookies, response) => cookies.setAccessCookies(response, expired)),
      await perform(app, (cookies, response) => cookies.setAccessCookies(response, 'foobarbaz')),
    ];
    expect(answers.map(said)).toEqual([
      refusal(401, 'TOKEN_EXPIRED', 'Token has expired'),
      invalid('Not enough segments'),
    ]);
  });
});

describe.each(ADAPTERS)('TokenCookies on %s, with attributes of its own,', (adapter) => {
  it('sets and clears with names, paths and domain from the options', async () => {
    const { app, pair, csrf } = await setStage(adapter, {
      cookies: {
        accessName: '__Secure-at',
        refreshName: 'rt',
        refreshPath: '/auth',
        domain: '.example.com',
        sameSite: 'none',
      },
      csrf: {
        accessCookieName: 'xsrf',
        accessCookiePath: '/app',
        refreshCookieName: 'rxsrf',
        refreshCookiePath: '/auth/form',
      },
    });
    const { cookies } = await perform(app, async (tokenCookies, response) => {
      await tokenCookies.setAccessCookies(response, pair.accessToken);
      await tokenCookies.setRefreshCookies(response, pair.refreshToken, {
        domain: 'auth.example.com',
      });
      await tokenCookies.unsetCookies(response);
    });
    await app.close();
    const gone = `Domain=example.com; Path=/; Expires=${EPOCH}`;
    expect(cookies).toEqual([
      `__Secure-at=${pair.accessToken}; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=None`,
      `xsrf=${csrf.access}; Domain=example.com; Path=/app; Secure; SameSite=None`,
      `rt=${pair.refreshToken}; Domain=auth.example.com; Path=/auth; HttpOnly; Secure; SameSite=None`,
      `rxsrf=${csrf.refresh}; Domain=auth.example.com; Path=/auth/form; Secure; SameSite=None`,
      `__Secure-at=; Max-Age=0; ${gone}; HttpOnly; Secure; SameSite=None`,
      `xsrf=; Max-Age=0; ${gone.replace('Path=/', 'Path=/app')}; Secure; SameSite=None`,
      `rt=; Max-Age=0; ${gone.replace('Path=/', 'Path=/auth')}; HttpOnly; Secure; SameSite=None`,
      `rxsrf=; Max-Age=0; ${gone.replace('Path=/', 'Path=/auth/form')}; Secure; SameSite=None`,
    ]);
  });

  it('sets strict cookies without Secure where the options say so', async () => {
    const { app, pair, csrf } = await setStage(adapter, {
      cookies: { secure: false, sameSite: 'strict' },
    });
    const { cookies } = await perform(app, (tokenCookies, response) =>
      tokenCookies.setAccessCookies(response, pair.accessToken),
    );
    await app.close();
    expect(cookies).toEqual([
      `access_token_cookie=${pair.accessToken}; Path=/; HttpOnly; SameSite=Strict`,
      `csrf_access_token=${csrf.access}; Path=/; SameSite=Strict`,
    ]);
  });

  it.each([
    ['csrf.inCookies is off', { inCookies: false }],
    ['csrf.protect is off', { protect: false }],
  ])('sets and clears no csrf cookie where %s', async (_, csrf) => {
    const { app, pair } = await setStage(adapter, { csrf });
    const { cookies } = await perform(app, async (tokenCookies, response) => {
      await tokenCookies.setAccessCookies(response, pair.accessToken);
      await tokenCookies.setRefreshCookies(response, pair.refreshToken);
      await tokenCookies.unsetCookies(response);
    });
    await app.close();
    expect(cookies.map((line) => line.split(';', 1)[0])).toEqual([
      `access_token_cookie=${pair.accessToken}`,
      `refresh_token_cookie=${pair.refreshToken}`,
      'access_token_cookie=',
      'refresh_token_cookie=',
    ]);
  });

  it('sets cookies although tokens are not read from them', async () => {
    const { app, pair } = await setStage(adapter, { locations: ['headers'] });
    const { cookies } = await perform(app, (tokenCookies, response) =>
      tokenCookies.setAccessCookies(response, pair.accessToken),
    );
    await app.close();
    expect(cookies).toHaveLength(2);
  });
});

describe.each(ADAPTERS)('TokenCookies on %s, where cookies are to last,', (adapter) => {
  const clock = new Clock();
  let stage: Stage;

  beforeAll(async () => {
    stage = await setStage(adapter, {
      cookies: { session: false },
      accessTokenExpires: '15m',
      refreshTokenExpires: false,
      leeway: 30,
      clock: clock.now,
    });
  });
  afterAll(() => stage.app.close());

  const setAccess = (maxAge?: string) =>
    perform(stage.app, (cookies, response) =>
      cookies.setAccessCookies(response, stage.pair.accessToken, { maxAge }),
    );
  const line = (seconds: number) =>
    `access_token_cookie=${stage.pair.accessToken}; Max-Age=${seconds}; Path=/; HttpOnly; Secure; SameSite=Lax`;

  it("keeps them for what is left of the token's life, or for a year where that has no end", async () => {
    const { app, pair, csrf } = stage;
    expect((await setAccess()).cookies).toEqual([
      line(900),
      `csrf_access_token=${csrf.access}; Max-Age=900; Path=/; Secure; SameSite=Lax`,
    ]);
    clock.forward(300);
    expect((await setAccess()).cookies[0]).toBe(line(600));
    clock.forward(0.5);
    expect((await setAccess()).cookies[0]).toBe(line(599));
    expect((await setAccess('1m')).cookies[0]).toBe(line(60));
    clock.forward(610);
    expect((await setAccess()).cookies[0]).toBe(line(0));
    const { cookies } = await perform(app, (tokenCookies, response) =>
      tokenCookies.setRefreshCookies(response, pair.refreshToken),
    );
    expect(cookies).toEqual([
      `refresh_token_cookie=${pair.refreshToken}; Max-Age=31540000; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `csrf_refresh_token=${csrf.refresh}; Max-Age=31540000; Path=/; Secure; SameSite=Lax`,
    ]);
  });
});

describe.each(ADAPTERS)("TokenCookies on %s, beside the application's own cookies,", (adapter) => {
  /** Sets a cookie as an application without a plug-in does. */
  const setByHand = (response: HttpResponse) => {
    const { header } = response as FastifyLikeReply;
    if (adapter === 'fastify') header.call(response, 'Set-Cookie', 'mine=1');
    else (response as ExpressLikeResponse).setHeader('Set-Cookie', 'mine=1');
  };
  /** Sets a cookie by `response.cookie` of Express, or `reply.setCookie` of its plug-in for Fastify. */
  const setByPlugin = (response: unknown, name: string) => {
    const { cookie, setCookie } = response as Record<'cookie' | 'setCookie', unknown>;
    const set = (adapter === 'fastify' ? setCookie : cookie) as (n: string, v: string) => void;
    set.call(response, name, '1');
  };
  const namesOf = (cookies: readonly string[]) => cookies.map((line) => line.split('=', 1)[0]);

  it('leaves alone those set by hand', async () => {
    const { app, pair } = await setStage(adapter);
    const { cookies } = await perform(app, async (tokenCookies, response) => {
      setByHand(response);
      await tokenCookies.setAccessCookies(response, pair.accessToken);
      await tokenCookies.unsetRefreshCookies(response);
    });
    await app.close();
    expect(cookies[0]).toBe('mine=1');
    expect(namesOf(cookies)).toEqual([
      'mine',
      'access_token_cookie',
      'csrf_access_token',
      'refresh_token_cookie',
      'csrf_refresh_token',
    ]);
  });

  it('leaves alone those set by a plug-in, before and after', async () => {
    const { app, pair, csrf } = await setStage(adapter, {}, (nest) =>
      useCookiePlugin(adapter, nest),
    );
    const { cookies } = await perform(app, async (tokenCookies, response) => {
      setByPlugin(response, 'before');
      await tokenCookies.setAccessCookies(response, pair.accessToken);
      setByPlugin(response, 'after');
    });
    await app.close();
    expect(namesOf(cookies).sort()).toEqual([
      'access_token_cookie',
      'after',
      'before',
      'csrf_access_token',
    ]);
    expect(cookies).toContain(
      `access_token_cookie=${pair.accessToken}; Path=/; HttpOnly; Secure; SameSite=Lax`,
    );
    expect(cookies).toContain(`csrf_access_token=${csrf.access}; Path=/; Secure; SameSite=Lax`);
  });
});
