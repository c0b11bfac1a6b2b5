import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import {
  CurrentToken,
  type ExpressLikeResponse,
  type FastifyLikeReply,
  type HttpResponse,
  type JwtContext,
  type JwtExtendedOptions,
  JwtRequired,
  type TokenPair,
  TokenService,
} from '../../../src/index.js';
import { type AdapterName, ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, Clock, forgeToken } from '../../support/forge.js';
import {
  csrfFailed,
  EchoController,
  invalid,
  missing,
  perform,
  refusal,
  said,
  sendRaw,
  STAGE,
  useCookiePlugin,
  welcome,
  welcomeOf,
} from '../../support/transport.js';

describe('Reading token cookies', () => {
  const NAME = 'access_token_cookie';

  const COMBINATIONS = ADAPTERS.flatMap((adapter) => [
    { adapter, plugin: false, title: `${adapter}, without a cookie plug-in,` },
    { adapter, plugin: true, title: `${adapter}, with its cookie plug-in,` },
  ]);

  describe.each(COMBINATIONS)('On $title a token cookie', ({ adapter, plugin }) => {
    let app: RunningApp;
    let token: string;
    let other: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: { errorCodeKey: 'code', locations: ['cookies'] },
        configure: (nest) => (plugin ? useCookiePlugin(adapter, nest) : undefined),
      });
      token = await app.get(TokenService).createAccessToken('alice');
      other = await app.get(TokenService).createAccessToken('mallory');
    });
    afterAll(() => app.close());

    const send = (cookie: string) =>
      app.send('GET', '/access', {
        headers: {
          cookie: cookie.replace(/\b[TU]\b/g, (name) => (name === 'T' ? token : other)),
        },
      });

    it.each([
      [`${NAME}=T`],
      [`a=b; ${NAME}=T; c=d`],
      [`a=b;${NAME}=T;c=d`],
      [`${NAME} = T`],
      [`\t${NAME}\t=\tT\t; a=b`],
      [`${NAME}="T"`],
      [`;; ${NAME}=T ;`],
      [`flag; =; ${NAME}=T`],
      [`$Version=1; ${NAME}=T; $Path=/`],
      [`${NAME}=T; ${NAME}=T`],
      [`${NAME}="T"; ${NAME}=T`],
      [`${NAME}=T; refresh_${NAME}=U; ${NAME.toUpperCase()}=U`],
    ])('lets the token in from %j (R47)', async (cookie) => {
      expect(said(await send(cookie))).toEqual(welcome('cookies'));
    });

    it.each([
      [''],
      ['a=b'],
      [NAME],
      [`${NAME}=`],
      [`${NAME}=""`],
      [`${NAME}= ; a=b`],
      ['Access_Token_Cookie=T'],
      [`x${NAME}=T`],
      [`${NAME}x=T`],
      [`"${NAME}"=T`],
      [`a=${NAME}=T`],
      ['refresh_token_cookie=T'],
      ['__proto__=T'],
      [`j:{"${NAME}":"T"}`],
    ])('is missing in %j (R47)', async (cookie) => {
      expect(said(await send(cookie))).toEqual(missing(`Missing cookie "${NAME}"`));
    });

    it.each([
      [`${NAME}=T; ${NAME}=U`],
      [`${NAME}=U; ${NAME}=T`],
      [`${NAME}=T; a=b; ${NAME}=T; ${NAME}=U`],
      [`${NAME}=; ${NAME}=T`],
      [`${NAME}=T; ${NAME}=""`],
    ])('that a sibling domain may have planted is refused in %j (R47)', async (cookie) => {
      expect(said(await send(cookie))).toEqual(invalid(`Multiple values for cookie "${NAME}"`));
    });

    it.each([
      [`${NAME}=foobarbaz`, 'Not enough segments'],
      [`${NAME}=j:{"x":1}`, 'Not enough segments'],
      [`${NAME}=j:T`, 'Invalid header padding'],
      [`${NAME}="T`, 'Invalid header padding'],
      [`${NAME}=T"`, 'Invalid crypto padding'],
      [`${NAME}=Bearer T`, 'Invalid header padding'],
      [`${NAME}=T=`, 'Invalid crypto padding'],
      [`${NAME}=T%20`, 'Invalid crypto padding'],
    ])('is refused where it is no token: %j (R47, F18)', async (cookie, msg) => {
      expect(said(await send(cookie))).toEqual(invalid(msg));
    });

    it('is refused unread where it is longer than 8192 characters (R7)', async () => {
      expect(said(await send(`${NAME}=${'a'.repeat(8193)}`))).toEqual(invalid('Token is too long'));
    });

    it('is missing where no cookie came at all', async () => {
      expect(said(await app.send('GET', '/access'))).toEqual(missing(`Missing cookie "${NAME}"`));
    });

    it('is found in the second of two cookie headers', async () => {
      const answer = await sendRaw(app, 'GET', '/access', {
        headers: { Cookie: ['a=b', `${NAME}=${token}`] },
      });
      expect(said(answer)).toEqual(welcome('cookies'));
    });
  });

  @Controller()
  class NamedCookieController {
    @JwtRequired({ cookieName: 'device' })
    @Get('device')
    device(@CurrentToken() token: JwtContext) {
      return welcomeOf(token);
    }

    @JwtRequired({ verifyType: false })
    @Get('either')
    either(@CurrentToken() token: JwtContext) {
      return welcomeOf(token);
    }
  }

  describe.each(ADAPTERS)('On %s the name of a token cookie', (adapter) => {
    let app: RunningApp;
    let access: string;
    let refresh: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController, NamedCookieController],
        options: {
          errorCodeKey: 'code',
          locations: ['cookies'],
          cookies: { accessName: '__Host-at', refreshName: 'rt' },
        },
      });
      access = await app.get(TokenService).createAccessToken('alice');
      refresh = await app.get(TokenService).createRefreshToken('alice');
    });
    afterAll(() => app.close());

    const send = (path: string, cookie: string) => app.send('GET', path, { headers: { cookie } });

    it('is the configured one of the kind of token that the route asks for', async () => {
      expect(said(await send('/access', `__Host-at=${access}; rt=x`))).toEqual(welcome('cookies'));
      expect(said(await send('/refresh', `rt=${refresh}; __Host-at=x`))).toEqual(
        welcome('cookies'),
      );
      expect(said(await send('/access', `${NAME}=${access}`))).toEqual(
        missing('Missing cookie "__Host-at"'),
      );
      expect(said(await send('/refresh', `__Host-at=${refresh}`))).toEqual(
        missing('Missing cookie "rt"'),
      );
    });

    it('proves nothing of what is in it: swapped cookies are refused (R55)', async () => {
      expect(said(await send('/access', `__Host-at=${refresh}; rt=${access}`))).toEqual(
        refusal(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed'),
      );
      expect(said(await send('/refresh', `__Host-at=${refresh}; rt=${access}`))).toEqual(
        refusal(422, 'TOKEN_WRONG_TYPE', 'Only refresh tokens are allowed'),
      );
    });

    it('may be given by the route', async () => {
      expect(said(await send('/device', `device=${access}; __Host-at=x`))).toEqual(
        welcome('cookies'),
      );
      expect(said(await send('/device', `__Host-at=${access}`))).toEqual(
        missing('Missing cookie "device"'),
      );
    });

    it('is that of access tokens where a route takes either kind', async () => {
      expect(said(await send('/either', `__Host-at=${refresh}`))).toEqual(welcome('cookies'));
      expect(said(await send('/either', `rt=${refresh}`))).toEqual(
        missing('Missing cookie "__Host-at"'),
      );
    });
  });
});

describe('CSRF protection', () => {
  const MISSING = csrfFailed('Missing CSRF token');
  const MISMATCH = csrfFailed('CSRF double submit tokens do not match');
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

  describe.each(ADAPTERS)('On %s a token in a cookie', (adapter) => {
    let app: RunningApp;
    let cookie: string;
    let csrf: string;
    let refreshCookie: string;
    let refreshCsrf: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: { errorCodeKey: 'code', locations: ['cookies'] },
      });
      const tokens = app.get(TokenService);
      const pair = await tokens.createTokenPair('alice');
      cookie = `access_token_cookie=${pair.accessToken}`;
      csrf = await tokens.getCsrfToken(pair.accessToken);
      refreshCookie = `refresh_token_cookie=${pair.refreshToken}`;
      refreshCsrf = await tokens.getCsrfToken(pair.refreshToken);
    });
    afterAll(() => app.close());

    /** A cookie with an access token of these claims, and a csrf value beside it that is right unless said otherwise. */
    const forged = (changes: Record<string, unknown>, presented = csrf) => ({
      headers: {
        cookie: `access_token_cookie=${forgeToken(accessClaims({ csrf, ...changes }))}`,
        'x-csrf-token': presented,
      },
    });

    it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'MKCOL', 'SEARCH'])(
      'needs its csrf value with %s (R43)',
      async (method) => {
        const without = await sendRaw(app, method, '/access', { headers: { cookie } });
        const wrong = await sendRaw(app, method, '/access', {
          headers: { cookie, 'X-CSRF-TOKEN': randomUUID() },
        });
        const right = await sendRaw(app, method, '/access', {
          headers: { cookie, 'X-CSRF-TOKEN': csrf },
        });
        expect(said(without)).toEqual(MISSING);
        expect(said(wrong)).toEqual(MISMATCH);
        expect(said(right)).toEqual(welcome('cookies'));
      },
    );

    it.each(['GET', 'HEAD', 'TRACE'])('needs no csrf value with %s (R43)', async (method) => {
      const answer = await sendRaw(app, method, '/access', {
        headers: { cookie, 'X-CSRF-TOKEN': 'wrong' },
      });
      expect(answer.status).toBe(200);
      if (method !== 'HEAD') expect(answer.body).toEqual(welcome('cookies').body);
    });

    it('is protected by the method it was sent with, whatever a header or a field claims (R43)', async () => {
      const claims = { 'x-http-method-override': 'GET', 'x-method-override': 'GET' };
      const post = await app.send('POST', '/access?_method=GET', {
        headers: { cookie, ...claims, ...FORM },
        body: '_method=GET',
      });
      const get = await app.send('GET', '/access?_method=POST', {
        headers: { cookie, 'x-http-method-override': 'POST' },
      });
      expect(said(post)).toEqual(MISSING);
      expect(said(get)).toEqual(welcome('cookies'));
    });

    it.each([
      ['empty', ''],
      ['blank', '  '],
    ])('misses its csrf value where that is %s (R44)', async (_, value) => {
      const answer = await app.send('POST', '/access', {
        headers: { cookie, 'x-csrf-token': value },
      });
      expect(said(answer)).toEqual(MISSING);
    });

    it.each([
      ['of another letter case', () => csrf.toUpperCase()],
      ['cut short', () => csrf.slice(0, -1)],
      ['longer', () => `${csrf}0`],
      ['quoted', () => `"${csrf}"`],
      ['not ASCII', () => 'é'.repeat(36)],
      ['as long in characters but not in bytes', () => `${csrf.slice(0, -1)}é`],
      ['a list', () => `${csrf}, ${csrf}`],
      ['the text of a missing one', () => 'undefined'],
      ['of 8 KB', () => csrf.repeat(220)],
    ])('is refused with a csrf value that is %s (R44, F19)', async (_, presented) => {
      const answer = await app.send('POST', '/access', {
        headers: { cookie, 'x-csrf-token': presented() },
      });
      expect(said(answer)).toEqual(MISMATCH);
    });

    it.each([
      ['both right', () => [csrf, csrf]],
      ['the first right', () => [csrf, 'x']],
      ['the second right', () => ['x', csrf]],
    ])('is refused with two csrf headers, %s (R44, F18)', async (_, lines) => {
      const answer = await sendRaw(app, 'POST', '/access', {
        headers: { cookie, 'X-CSRF-TOKEN': lines() },
      });
      expect(said(answer)).toEqual(MISMATCH);
    });

    it('finds no csrf value in a cookie, in the query, in a form or in a JSON body (R41, R45)', async () => {
      const inCookie = await app.send('POST', '/access', {
        headers: { cookie: `${cookie}; csrf_access_token=${csrf}; X-CSRF-TOKEN=${csrf}` },
      });
      const inQuery = await app.send('POST', `/access?csrf_token=${csrf}&X-CSRF-TOKEN=${csrf}`, {
        headers: { cookie },
      });
      const inForm = await app.send('POST', '/access', {
        headers: { cookie, ...FORM },
        body: `csrf_token=${csrf}`,
      });
      const inJson = await app.send('POST', '/access', {
        headers: { cookie },
        json: { csrf_token: csrf },
      });
      for (const answer of [inCookie, inQuery, inForm, inJson])
        expect(said(answer)).toEqual(MISSING);
    });

    it('is held to its signed claim, whatever csrf cookie was planted (R41)', async () => {
      const planted = randomUUID();
      const right = await app.send('POST', '/access', {
        headers: { cookie: `csrf_access_token=${planted}; ${cookie}`, 'x-csrf-token': csrf },
      });
      const wrong = await app.send('POST', '/access', {
        headers: { cookie: `csrf_access_token=${planted}; ${cookie}`, 'x-csrf-token': planted },
      });
      expect(said(right)).toEqual(welcome('cookies'));
      expect(said(wrong)).toEqual(MISMATCH);
    });

    it.each([[undefined], [null], [''], [1], [true], [{}], [[]], [['x']], [{ toString: 'x' }]])(
      'is refused with a protected method where its csrf claim is %j (R42)',
      async (claim) => {
        const sent = forged({ csrf: claim }, 'x');
        expect(said(await app.send('POST', '/access', sent))).toEqual(
          invalid('Missing claim: csrf'),
        );
        expect(said(await app.send('GET', '/access', sent))).toEqual(welcome('cookies'));
      },
    );

    it('is told that the csrf value is missing before anything of the token is looked at', async () => {
      const answer = await app.send('POST', '/access', {
        headers: { cookie: 'access_token_cookie=foobarbaz' },
      });
      expect(said(answer)).toEqual(MISSING);
    });

    it('is told of a bad signature before a wrong csrf value, and of its expiry after it', async () => {
      const [text] = forged({}).headers.cookie.split('.', 1);
      const badSignature = await app.send('POST', '/access', {
        headers: { cookie: `${text}.${cookie.split('.', 3)[1]}.AAAA`, 'x-csrf-token': 'wrong' },
      });
      const expired = { exp: Math.floor(Date.now() / 1000) - 1 };
      const expiredAndWrong = await app.send('POST', '/access', forged(expired, 'wrong'));
      const expiredOnly = await app.send('POST', '/access', forged(expired));
      expect(said(badSignature)).toEqual(invalid('Signature verification failed'));
      expect(said(expiredAndWrong)).toEqual(MISMATCH);
      expect(said(expiredOnly)).toEqual(refusal(401, 'TOKEN_EXPIRED', 'Token has expired'));
    });

    it('is told of a wrong csrf value before its wrong type', async () => {
      const wrongCookie = refreshCookie.replace('refresh', 'access');
      const mismatch = await app.send('POST', '/access', {
        headers: { cookie: wrongCookie, 'x-csrf-token': csrf },
      });
      const match = await app.send('POST', '/access', {
        headers: { cookie: wrongCookie, 'x-csrf-token': refreshCsrf },
      });
      expect(said(mismatch)).toEqual(MISMATCH);
      expect(said(match)).toEqual(
        refusal(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed'),
      );
    });

    it('needs the csrf value of the refresh token on a refresh route, and of the access token elsewhere (R44)', async () => {
      const cookies = `${cookie}; ${refreshCookie}`;
      const send = (path: string, presented: string) =>
        app.send('POST', path, { headers: { cookie: cookies, 'x-csrf-token': presented } });
      expect(said(await send('/refresh', refreshCsrf))).toEqual(welcome('cookies'));
      expect(said(await send('/refresh', csrf))).toEqual(MISMATCH);
      expect(said(await send('/access', refreshCsrf))).toEqual(MISMATCH);
    });

    it('is not let in anonymously on an optional route without its csrf value (R53)', async () => {
      const refused = await app.send('POST', '/optional', { headers: { cookie } });
      const nobody = await app.send('POST', '/optional', { headers: { 'x-csrf-token': csrf } });
      expect(said(refused)).toEqual(MISSING);
      expect(said(nobody)).toEqual(welcome(null, null));
    });
  });

  describe.each(ADAPTERS)('On %s csrf protection by header and form', (adapter) => {
    let app: RunningApp;
    let cookie: string;
    let csrf: string;
    let refreshCookie: string;
    let refreshCsrf: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: {
          errorCodeKey: 'code',
          locations: ['cookies'],
          csrf: {
            checkForm: true,
            accessHeaderName: 'X-Access',
            refreshHeaderName: 'X-Refresh',
            accessFieldName: 'access_field',
            refreshFieldName: 'refresh_field',
          },
        },
      });
      const tokens = app.get(TokenService);
      const pair = await tokens.createTokenPair('alice');
      cookie = `access_token_cookie=${pair.accessToken}`;
      csrf = await tokens.getCsrfToken(pair.accessToken);
      refreshCookie = `refresh_token_cookie=${pair.refreshToken}`;
      refreshCsrf = await tokens.getCsrfToken(pair.refreshToken);
    });
    afterAll(() => app.close());

    const submit = (body: string, headers: Record<string, string> = {}) =>
      app.send('POST', '/access', { headers: { cookie, ...FORM, ...headers }, body });

    it('reads the configured header of each kind of token, and no other', async () => {
      const send = (path: string, header: string, value: string) =>
        app.send('POST', path, {
          headers: { cookie: `${cookie}; ${refreshCookie}`, [header]: value },
        });
      expect(said(await send('/access', 'x-access', csrf))).toEqual(welcome('cookies'));
      expect(said(await send('/refresh', 'x-refresh', refreshCsrf))).toEqual(welcome('cookies'));
      expect(said(await send('/access', 'x-refresh', csrf))).toEqual(MISSING);
      expect(said(await send('/refresh', 'x-access', refreshCsrf))).toEqual(MISSING);
      expect(said(await send('/access', 'x-csrf-token', csrf))).toEqual(MISSING);
    });

    it('reads the configured form field of each kind of token, and no other (R45)', async () => {
      const refresh = (body: string) =>
        app.send('POST', '/refresh', { headers: { cookie: refreshCookie, ...FORM }, body });
      expect(said(await submit(`a=b&access_field=${csrf}`))).toEqual(welcome('cookies'));
      expect(said(await refresh(`refresh_field=${refreshCsrf}`))).toEqual(welcome('cookies'));
      expect(said(await submit(`refresh_field=${csrf}&csrf_token=${csrf}`))).toEqual(MISSING);
      expect(said(await refresh(`access_field=${refreshCsrf}`))).toEqual(MISSING);
      expect(said(await submit('access_field=wrong'))).toEqual(MISMATCH);
    });

    it('reads a form whose content type has parameters and capitals', async () => {
      const type = 'Application/X-WWW-Form-Urlencoded; charset=UTF-8';
      const answer = await submit(`access_field=${csrf}`, { 'content-type': type });
      expect(said(answer)).toEqual(welcome('cookies'));
    });

    it('believes the header where both came', async () => {
      expect(said(await submit('access_field=wrong', { 'x-access': csrf }))).toEqual(
        welcome('cookies'),
      );
      expect(said(await submit(`access_field=${csrf}`, { 'x-access': 'wrong' }))).toEqual(MISMATCH);
    });

    it.each([
      ['twice', () => `access_field=${csrf}&access_field=${csrf}`],
      ['nested', () => `access_field[a]=${csrf}`],
      ['on the prototype', () => `__proto__[access_field]=${csrf}`],
      ['empty', () => 'access_field='],
      ['in other letters', () => `ACCESS_FIELD=${csrf}`],
    ])('finds no csrf value in a field that is there %s (R45)', async (_, body) => {
      expect(said(await submit(body()))).toEqual(MISSING);
      expect(Object.prototype).not.toHaveProperty('access_field');
    });

    it('finds no csrf value in a JSON body, in plain text or in the query (R45)', async () => {
      const inJson = await app.send('POST', '/access', {
        headers: { cookie },
        json: { access_field: csrf },
      });
      const inText = await submit(`access_field=${csrf}`, { 'content-type': 'text/plain' });
      const inQuery = await app.send('POST', `/access?access_field=${csrf}`, {
        headers: { cookie, ...FORM },
        body: 'a=b',
      });
      for (const answer of [inJson, inText, inQuery]) expect(said(answer)).toEqual(MISSING);
    });
  });

  describe.each(ADAPTERS)('On %s csrf.methods', (adapter) => {
    let app: RunningApp;
    let cookie: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: {
          errorCodeKey: 'code',
          locations: ['cookies'],
          csrf: { methods: ['post', 'Get'] },
        },
      });
      cookie = `access_token_cookie=${await app.get(TokenService).createAccessToken('alice')}`;
    });
    afterAll(() => app.close());

    it.each(['POST', 'GET', 'PROPFIND', 'LOCK'])(
      'protects %s: named in any letter case, or unknown (R43)',
      async (method) => {
        const answer = await sendRaw(app, method, '/access', { headers: { cookie } });
        expect(said(answer)).toEqual(MISSING);
      },
    );

    it.each(['PUT', 'PATCH', 'DELETE', 'TRACE'])(
      'exempts %s, which it leaves out',
      async (method) => {
        const answer = await sendRaw(app, method, '/access', { headers: { cookie } });
        expect(said(answer)).toEqual(welcome('cookies'));
      },
    );
  });

  describe.each(ADAPTERS)('On %s without csrf protection', (adapter) => {
    let app: RunningApp;
    let token: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: { errorCodeKey: 'code', locations: ['cookies'], csrf: { protect: false } },
      });
      token = await app.get(TokenService).createAccessToken('alice');
    });
    afterAll(() => app.close());

    it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'])(
      'a token in a cookie needs nothing beside it with %s',
      async (method) => {
        const answer = await sendRaw(app, method, '/access', {
          headers: { cookie: `access_token_cookie=${token}`, 'X-CSRF-TOKEN': 'ignored' },
        });
        expect(said(answer)).toEqual(welcome('cookies'));
      },
    );

    it('a token has no csrf claim', async () => {
      const { claims } = await app.get(TokenService).decodeToken(token);
      expect(claims).not.toHaveProperty('csrf');
    });
  });
});

describe('TokenCookies', () => {
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

  describe.each(ADAPTERS)(
    "TokenCookies on %s, beside the application's own cookies,",
    (adapter) => {
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
    },
  );
});
