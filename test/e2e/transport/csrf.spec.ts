import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { TokenService } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import {
  csrfFailed,
  EchoController,
  invalid,
  refusal,
  said,
  sendRaw,
  welcome,
} from '../../support/transport.js';

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
    for (const answer of [inCookie, inQuery, inForm, inJson]) expect(said(answer)).toEqual(MISSING);
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
      expect(said(await app.send('POST', '/access', sent))).toEqual(invalid('Missing claim: csrf'));
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
