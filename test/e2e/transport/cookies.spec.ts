import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { CurrentToken, JwtRequired, TokenService, type JwtContext } from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import {
  EchoController,
  invalid,
  missing,
  refusal,
  said,
  sendRaw,
  useCookiePlugin,
  welcome,
  welcomeOf,
} from '../../support/transport.js';

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
    expect(said(await send('/refresh', `rt=${refresh}; __Host-at=x`))).toEqual(welcome('cookies'));
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
