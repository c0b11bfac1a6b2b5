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

  describe.each(COMBINATIONS)('A token cookie, $title', ({ adapter, plugin }) => {
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
    ])('accepts the token in the Cookie header %j (R47)', async (cookie) => {
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
    ])('finds no token in the Cookie header %j (R47)', async (cookie) => {
      expect(said(await send(cookie))).toEqual(missing(`Missing cookie "${NAME}"`));
    });

    it.each([
      [`${NAME}=T; ${NAME}=U`],
      [`${NAME}=U; ${NAME}=T`],
      [`${NAME}=T; a=b; ${NAME}=T; ${NAME}=U`],
      [`${NAME}=; ${NAME}=T`],
      [`${NAME}=T; ${NAME}=""`],
    ])('refuses two cookies of one name with different values, in %j (R47)', async (cookie) => {
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
    ])('refuses the value %j, which is not a token (R47, F18)', async (cookie, msg) => {
      expect(said(await send(cookie))).toEqual(invalid(msg));
    });

    it('refuses a cookie of more than 8192 characters without decoding it (R7)', async () => {
      expect(said(await send(`${NAME}=${'a'.repeat(8193)}`))).toEqual(invalid('Token is too long'));
    });

    it('finds no token without a Cookie header', async () => {
      expect(said(await app.send('GET', '/access'))).toEqual(missing(`Missing cookie "${NAME}"`));
    });

    it('finds the token in the second of two Cookie headers', async () => {
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

  describe.each(ADAPTERS)('The name of a token cookie on %s', (adapter) => {
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

    it('is the configured name for the token type of the route', async () => {
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

    it('does not decide the type of the token: swapped cookies are refused (R55)', async () => {
      expect(said(await send('/access', `__Host-at=${refresh}; rt=${access}`))).toEqual(
        refusal(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed'),
      );
      expect(said(await send('/refresh', `__Host-at=${refresh}; rt=${access}`))).toEqual(
        refusal(422, 'TOKEN_WRONG_TYPE', 'Only refresh tokens are allowed'),
      );
    });

    it('can be set by the route', async () => {
      expect(said(await send('/device', `device=${access}; __Host-at=x`))).toEqual(
        welcome('cookies'),
      );
      expect(said(await send('/device', `__Host-at=${access}`))).toEqual(
        missing('Missing cookie "device"'),
      );
    });

    it('is that of access tokens if the route accepts both types', async () => {
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

  describe.each(ADAPTERS)('A token in a cookie on %s', (adapter) => {
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

    /** A cookie with an access token of these claims, and a CSRF value, the right one by default. */
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

    it.each(['GET', 'HEAD', 'TRACE'])(
      'needs no CSRF value with the method %s (R43)',
      async (method) => {
        const answer = await sendRaw(app, method, '/access', {
          headers: { cookie, 'X-CSRF-TOKEN': 'wrong' },
        });
        expect(answer.status).toBe(200);
        if (method !== 'HEAD') expect(answer.body).toEqual(welcome('cookies').body);
      },
    );

    it('is protected according to the real method, not to one in a header or form field (R43)', async () => {
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
    ])('is refused with a missing CSRF value if the header is %s (R44)', async (_, value) => {
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
    ])('is refused if the CSRF value is %s (R44, F19)', async (_, presented) => {
      const answer = await app.send('POST', '/access', {
        headers: { cookie, 'x-csrf-token': presented() },
      });
      expect(said(answer)).toEqual(MISMATCH);
    });

    it.each([
      ['both right', () => [csrf, csrf]],
      ['the first right', () => [csrf, 'x']],
      ['the second right', () => ['x', csrf]],
    ])('is refused with two CSRF headers, %s (R44, F18)', async (_, lines) => {
      const answer = await sendRaw(app, 'POST', '/access', {
        headers: { cookie, 'X-CSRF-TOKEN': lines() },
      });
      expect(said(answer)).toEqual(MISMATCH);
    });

    it('does not take the CSRF value from a cookie, the query, a form or a JSON body (R41, R45)', async () => {
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

    it('is compared with its signed claim, and a planted CSRF cookie changes nothing (R41)', async () => {
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
      'is refused with a protected method if its csrf claim is %j (R42)',
      async (claim) => {
        const sent = forged({ csrf: claim }, 'x');
        expect(said(await app.send('POST', '/access', sent))).toEqual(
          invalid('Missing claim: csrf'),
        );
        expect(said(await app.send('GET', '/access', sent))).toEqual(welcome('cookies'));
      },
    );

    it('is refused for a missing CSRF value before the token is decoded', async () => {
      const answer = await app.send('POST', '/access', {
        headers: { cookie: 'access_token_cookie=foobarbaz' },
      });
      expect(said(answer)).toEqual(MISSING);
    });

    it('is refused for a bad signature before a wrong CSRF value, and for its expiry after it', async () => {
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

    it('is refused for a wrong CSRF value before its wrong type', async () => {
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

    it('needs the CSRF value of the refresh token on a refresh route and of the access token elsewhere (R44)', async () => {
      const cookies = `${cookie}; ${refreshCookie}`;
      const send = (path: string, presented: string) =>
        app.send('POST', path, { headers: { cookie: cookies, 'x-csrf-token': presented } });
      expect(said(await send('/refresh', refreshCsrf))).toEqual(welcome('cookies'));
      expect(said(await send('/refresh', csrf))).toEqual(MISMATCH);
      expect(said(await send('/access', refreshCsrf))).toEqual(MISMATCH);
    });

    it('is refused on an optional route without its CSRF value (R53)', async () => {
      const refused = await app.send('POST', '/optional', { headers: { cookie } });
      const anonymous = await app.send('POST', '/optional', { headers: { 'x-csrf-token': csrf } });
      expect(said(refused)).toEqual(MISSING);
      expect(said(anonymous)).toEqual(welcome(null, null));
    });
  });

  describe.each(ADAPTERS)('CSRF protection by header and form on %s', (adapter) => {
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

    it('reads only the configured header of each token type', async () => {
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

    it('reads only the configured form field of each token type (R45)', async () => {
      const refresh = (body: string) =>
        app.send('POST', '/refresh', { headers: { cookie: refreshCookie, ...FORM }, body });
      expect(said(await submit(`a=b&access_field=${csrf}`))).toEqual(welcome('cookies'));
      expect(said(await refresh(`refresh_field=${refreshCsrf}`))).toEqual(welcome('cookies'));
      expect(said(await submit(`refresh_field=${csrf}&csrf_token=${csrf}`))).toEqual(MISSING);
      expect(said(await refresh(`access_field=${refreshCsrf}`))).toEqual(MISSING);
      expect(said(await submit('access_field=wrong'))).toEqual(MISMATCH);
    });

    it('reads a form whose content type has parameters and capital letters', async () => {
      const type = 'Application/X-WWW-Form-Urlencoded; charset=UTF-8';
      const answer = await submit(`access_field=${csrf}`, { 'content-type': type });
      expect(said(answer)).toEqual(welcome('cookies'));
    });

    it('uses the header if both are present', async () => {
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
    ])('does not accept a form field that is there %s (R45)', async (_, body) => {
      expect(said(await submit(body()))).toEqual(MISSING);
      expect(Object.prototype).not.toHaveProperty('access_field');
    });

    it('does not take the CSRF value from a JSON body, plain text or the query (R45)', async () => {
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

  describe.each(ADAPTERS)('csrf.methods on %s', (adapter) => {
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
      'protects %s, which is configured in some letter case or unknown (R43)',
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

  describe.each(ADAPTERS)('csrf.protect: false on %s', (adapter) => {
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
      'a token in a cookie needs no CSRF value with the method %s',
      async (method) => {
        const answer = await sendRaw(app, method, '/access', {
          headers: { cookie: `access_token_cookie=${token}`, 'X-CSRF-TOKEN': 'ignored' },
        });
        expect(said(answer)).toEqual(welcome('cookies'));
      },
    );

    it('leaves the csrf claim out of tokens', async () => {
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
    /** The CSRF values of both tokens. */
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

    it('sets an HttpOnly token cookie and a CSRF cookie that scripts can read (R46)', async () => {
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

    it('sets cookies that the guards accept', async () => {
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
    ])('sets Max-Age from the option maxAge: %j', async (maxAge, seconds) => {
      const { app, pair, csrf } = stage;
      const { cookies } = await perform(app, (tokenCookies, response) =>
        tokenCookies.setAccessCookies(response, pair.accessToken, { maxAge }),
      );
      expect(cookies).toEqual([
        `access_token_cookie=${pair.accessToken}; Max-Age=${seconds}; Path=/; HttpOnly; Secure; SameSite=Lax`,
        `csrf_access_token=${csrf.access}; Max-Age=${seconds}; Path=/; Secure; SameSite=Lax`,
      ]);
    });

    it.each(['15', -1, 1.5, Number.NaN])(
      'refuses the maxAge %j and sets no cookie',
      async (maxAge) => {
        const { app, pair } = stage;
        const answer = await perform(app, (cookies, response) =>
          expect(cookies.setAccessCookies(response, pair.accessToken, { maxAge })).rejects.toThrow(
            'maxAge was given',
          ),
        );
        expect(answer).toMatchObject({ status: 200, cookies: [] });
      },
    );

    it('sets and clears cookies of the domain in the option', async () => {
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
      'sets no cookie for the invalid domain %j (R46)',
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

    it('clears both cookies of each token with the attributes that they were set with (R46)', async () => {
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

    it('forbids caching of the response (R69)', async () => {
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
        'that is not text',
        () => undefined as unknown as string,
        "Invalid token type. Token must be a <class 'bytes'>",
      ],
    ])('refuses a token %s and sets no cookie', async (_, token, reason) => {
      const answer = await perform(stage.app, (cookies, response) =>
        expect(cookies.setAccessCookies(response, token())).rejects.toThrow(reason),
      );
      expect(answer).toMatchObject({ status: 200, cookies: [] });
      expect(answer.headers.get('cache-control')).toBeNull();
    });

    it('answers with the refusal if the handler does not catch it', async () => {
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

  describe.each(ADAPTERS)('TokenCookies with configured attributes on %s', (adapter) => {
    it('uses the names, paths and domain of the options', async () => {
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

    it('sets SameSite=Strict cookies without Secure if configured', async () => {
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
    ])('sets and clears no CSRF cookie if %s', async (_, csrf) => {
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

    it('sets cookies even if `cookies` is not a location', async () => {
      const { app, pair } = await setStage(adapter, { locations: ['headers'] });
      const { cookies } = await perform(app, (tokenCookies, response) =>
        tokenCookies.setAccessCookies(response, pair.accessToken),
      );
      await app.close();
      expect(cookies).toHaveLength(2);
    });
  });

  describe.each(ADAPTERS)('TokenCookies with cookies.session: false on %s', (adapter) => {
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

    it("sets Max-Age to the rest of the token's life, or to a year if the token never expires", async () => {
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
      /** Sets a cookie as an application without a plug-in sets it. */
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

      it('keeps cookies that the handler set itself', async () => {
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

      it('keeps cookies that a plug-in set before and after', async () => {
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
