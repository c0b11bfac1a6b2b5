import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  All,
  Get,
  Req,
  UseGuards,
} from '@nestjs/common';
import { ExtractJwt } from 'passport-jwt';
import {
  CurrentToken,
  JwtRequired,
  TokenService,
  type HttpRequest,
  type JwtContext,
} from '../../../src/index.js';
import { ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import {
  carrying,
  csrfFailed,
  EchoController,
  invalid,
  missing,
  refusal,
  said,
  sendRaw,
  welcome,
  welcomeOf,
} from '../../support/transport.js';

const LOCATIONS = ['headers', 'cookies', 'query_string', 'json', 'custom'] as const;

/** Leaves somebody on the request, as a guard of another library may. */
class StaleUserGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    context.switchToHttp().getRequest<HttpRequest>().user = 'mallory';
    return true;
  }
}

@Controller()
class LocationsController {
  @JwtRequired({ optional: true })
  @UseGuards(StaleUserGuard)
  @All('stale')
  stale(@Req() request: HttpRequest, @CurrentToken() token: JwtContext | undefined) {
    return { ...welcomeOf(token), user: request.user ?? null };
  }

  @JwtRequired({ locations: ['query_string', 'headers'] })
  @Get('own-locations')
  ownLocations(@CurrentToken() token: JwtContext) {
    return welcomeOf(token);
  }

  @JwtRequired({ locations: [ExtractJwt.fromHeader('x-token')] })
  @Get('custom-only')
  customOnly(@CurrentToken() token: JwtContext) {
    return welcomeOf(token);
  }
}

describe.each(ADAPTERS)('On %s with every location', (adapter) => {
  let app: RunningApp;
  let access: string;
  let refresh: string;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EchoController, LocationsController],
      options: {
        errorCodeKey: 'code',
        locations: ['headers', 'cookies', 'query_string', 'json', ExtractJwt.fromHeader('x-token')],
      },
    });
    access = await app.get(TokenService).createAccessToken('alice');
    refresh = await app.get(TokenService).createRefreshToken('alice');
  });
  afterAll(() => app.close());

  it('all of them are named where none holds a token', async () => {
    const reasons = [
      'Missing Authorization Header',
      'Missing cookie "access_token_cookie"',
      "Missing 'jwt' query paramater",
      'Invalid content-type. Must be application/json.',
      'Missing token',
    ];
    expect(said(await app.send('GET', '/access'))).toEqual(
      missing(
        `Missing JWT in headers, cookies, query_string, json or custom (${reasons.join('; ')})`,
      ),
    );
  });

  it.each(LOCATIONS)('a token is let in from %s, which the context names', async (location) => {
    const { method, search, sent } = carrying(location, access);
    expect(said(await app.send(method, `/access${search}`, sent))).toEqual(welcome(location));
    expect(said(await app.send(method, `/optional${search}`, sent))).toEqual(welcome(location));
  });

  it.each(LOCATIONS)('a token of the wrong type is refused from %s (R55)', async (location) => {
    const onAccess = carrying(location, refresh, 'access');
    const onRefresh = carrying(location, access, 'refresh');
    expect(
      said(await app.send(onAccess.method, `/access${onAccess.search}`, onAccess.sent)),
    ).toEqual(refusal(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed'));
    expect(
      said(await app.send(onRefresh.method, `/refresh${onRefresh.search}`, onRefresh.sent)),
    ).toEqual(refusal(422, 'TOKEN_WRONG_TYPE', 'Only refresh tokens are allowed'));
  });

  it.each(LOCATIONS)('a bad token in %s is never nobody (R53)', async (location) => {
    const bad = carrying(location, 'foobarbaz');
    const expired = carrying(location, forgeToken(accessClaims({ exp: 1_000_000_000 })));
    expect(said(await app.send(bad.method, `/optional${bad.search}`, bad.sent))).toEqual(
      invalid('Not enough segments'),
    );
    expect(
      said(await app.send(expired.method, `/optional${expired.search}`, expired.sent)),
    ).toEqual(refusal(401, 'TOKEN_EXPIRED', 'Token has expired'));
  });

  it.each([
    [
      'a bad header',
      { headers: { authorization: 'Bearer' } },
      invalid("Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"),
    ],
    [
      'two different cookies',
      { headers: { cookie: 'access_token_cookie=a; access_token_cookie=b' } },
      invalid('Multiple values for cookie "access_token_cookie"'),
    ],
    [
      'a number in JSON',
      { json: { access_token: 5 } },
      invalid("Invalid token type. Token must be a <class 'bytes'>"),
    ],
  ])('%s is never nobody (R53)', async (_, sent, refused) => {
    expect(said(await app.send('POST', '/optional', sent))).toEqual(refused);
  });

  it('a request without a token is nobody on an optional route (R53)', async () => {
    expect(said(await app.send('GET', '/optional'))).toEqual(welcome(null, null));
    const basic = { headers: { authorization: 'Basic YTpi', cookie: 'a=b' } };
    expect(said(await app.send('POST', '/optional?jwt=', basic))).toEqual(welcome(null, null));
  });

  it('nobody is left on a request that comes in anonymously (R48, R53)', async () => {
    const nobody = { ...welcome(null, null).body, user: null };
    expect(said(await app.send('GET', '/stale'))).toEqual({ status: 200, body: nobody });
    expect(said(await app.send('OPTIONS', '/stale'))).toEqual({ status: 200, body: nobody });
  });

  it.each(['/access', '/refresh', '/optional'])(
    'OPTIONS passes on %s, with an empty context whatever it carries (R53)',
    async (path) => {
      const sent = { headers: { cookie: 'access_token_cookie=foobarbaz' } };
      const answers = [
        await app.send('OPTIONS', path),
        await app.send('OPTIONS', path, { token: access }),
        await app.send('OPTIONS', path, { token: 'foobarbaz', ...sent }),
      ];
      for (const answer of answers) expect(said(answer)).toEqual(welcome(null, null));
    },
  );

  it('HEAD is asked for a token as GET is', async () => {
    const answers = [
      await sendRaw(app, 'HEAD', '/access'),
      await sendRaw(app, 'HEAD', '/access', { headers: { authorization: 'Bearer x' } }),
      await sendRaw(app, 'HEAD', '/access', { headers: { authorization: `Bearer ${access}` } }),
    ];
    expect(answers.map(said)).toEqual([
      { status: 401, body: '' },
      { status: 422, body: '' },
      { status: 200, body: '' },
    ]);
  });

  it("a route's own locations replace them", async () => {
    expect(said(await app.send('GET', '/own-locations', { token: access }))).toEqual(
      welcome('headers'),
    );
    const cookie = carrying('cookies', access);
    expect(said(await app.send('GET', '/own-locations', cookie.sent))).toEqual(
      missing(
        "Missing JWT in query_string or headers (Missing 'jwt' query paramater; Missing Authorization Header)",
      ),
    );
    expect(said(await app.send('GET', '/custom-only', { token: access }))).toEqual(
      missing('Missing token'),
    );
    expect(said(await app.send('GET', '/custom-only', carrying('custom', access).sent))).toEqual(
      welcome('custom'),
    );
  });

  it('the first of two tokens decides, and the second is not looked at (R40)', async () => {
    const mallory = await app.get(TokenService).createAccessToken('mallory');
    const cookie = `access_token_cookie=${mallory}`;
    const both = await app.send('GET', `/access?jwt=${mallory}`, {
      token: access,
      headers: { cookie, 'x-token': mallory },
    });
    const junk = await app.send('GET', '/access?jwt=x&jwt=y', {
      token: access,
      headers: { cookie: 'access_token_cookie=x; access_token_cookie=y', 'x-token': 'x' },
    });
    expect(said(both)).toEqual(welcome('headers'));
    expect(said(junk)).toEqual(welcome('headers'));
  });

  it('a foreign scheme is no token, so that the next location is looked at', async () => {
    const cookie = `access_token_cookie=${access}`;
    const answer = await app.send('GET', '/access', {
      headers: { authorization: 'Basic YTpi', cookie },
    });
    expect(said(answer)).toEqual(welcome('cookies'));
  });

  it('no good token makes up for a bad one before it (R40)', async () => {
    const good = { cookie: `access_token_cookie=${access}`, 'x-token': access };
    const withHeader = (authorization: string) =>
      app.send('GET', '/access', { headers: { ...good, authorization } });
    const expired = forgeToken(accessClaims({ exp: 1_000_000_000 }));
    const unsigned = access.slice(0, access.lastIndexOf('.') + 1);
    expect(said(await withHeader('Bearer'))).toEqual(
      invalid("Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"),
    );
    expect(said(await withHeader('Bearer foobarbaz'))).toEqual(invalid('Not enough segments'));
    expect(said(await withHeader(`Bearer ${expired}`))).toEqual(
      refusal(401, 'TOKEN_EXPIRED', 'Token has expired'),
    );
    expect(said(await withHeader(`Bearer ${refresh}`))).toEqual(
      refusal(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed'),
    );
    expect(said(await withHeader(`Bearer ${unsigned}`))).toEqual(
      invalid('Signature verification failed'),
    );
    const inQuery = await app.send('POST', '/access?jwt=foobarbaz', {
      json: { access_token: access },
    });
    expect(said(inQuery)).toEqual(invalid('Not enough segments'));
    const inJson = await app.send('POST', '/access', {
      json: { access_token: 'foobarbaz' },
      headers: { 'x-token': access },
    });
    expect(said(inJson)).toEqual(invalid('Not enough segments'));
  });

  it('a cookie that lacks its csrf value is not passed over (R40)', async () => {
    const { sent } = carrying('cookies', access);
    const answer = await app.send('POST', `/access?jwt=${access}`, {
      ...sent,
      json: { access_token: access },
    });
    expect(said(answer)).toEqual(csrfFailed('Missing CSRF token'));
  });

  it('the csrf value is asked of a token from a cookie, and of no other (R40, R43)', async () => {
    const { sent } = carrying('cookies', access);
    const withHeader = await app.send('POST', '/access', { ...sent, token: access });
    const withSession = await app.send('POST', '/access', {
      token: access,
      headers: { cookie: 'session=1; csrf_access_token=x', 'x-csrf-token': 'wrong' },
    });
    expect(said(withHeader)).toEqual(welcome('headers'));
    expect(said(withSession)).toEqual(welcome('headers'));
  });
});

describe.each(ADAPTERS)('On %s with cookies before headers', (adapter) => {
  let app: RunningApp;
  let access: string;

  beforeAll(async () => {
    app = await createApp(adapter, {
      controllers: [EchoController],
      options: { errorCodeKey: 'code', locations: ['cookies', 'headers'] },
    });
    access = await app.get(TokenService).createAccessToken('alice');
  });
  afterAll(() => app.close());

  it('both are named where neither holds a token', async () => {
    expect(said(await app.send('GET', '/access'))).toEqual(
      missing(
        'Missing JWT in cookies or headers (Missing cookie "access_token_cookie"; Missing Authorization Header)',
      ),
    );
    expect(said(await app.send('GET', '/refresh'))).toEqual(
      missing(
        'Missing JWT in cookies or headers (Missing cookie "refresh_token_cookie"; Missing Authorization Header)',
      ),
    );
  });

  it('the cookie decides, and needs its csrf value although a header holds a token too (R40, R43)', async () => {
    const csrf = await app.get(TokenService).getCsrfToken(access);
    const cookie = `access_token_cookie=${access}`;
    const send = (headers: Record<string, string>) =>
      app.send('POST', '/access', { token: access, headers });
    expect(said(await send({ cookie }))).toEqual(csrfFailed('Missing CSRF token'));
    expect(said(await send({ cookie, 'x-csrf-token': 'wrong' }))).toEqual(
      csrfFailed('CSRF double submit tokens do not match'),
    );
    expect(said(await send({ cookie, 'x-csrf-token': csrf }))).toEqual(welcome('cookies'));
    expect(said(await send({}))).toEqual(welcome('headers'));
  });

  it('no good header makes up for a bad cookie (R40)', async () => {
    const planted = 'access_token_cookie=a; access_token_cookie=b';
    const send = (cookie: string) =>
      app.send('GET', '/access', { token: access, headers: { cookie } });
    expect(said(await send('access_token_cookie=foobarbaz'))).toEqual(
      invalid('Not enough segments'),
    );
    expect(said(await send(planted))).toEqual(
      invalid('Multiple values for cookie "access_token_cookie"'),
    );
    expect(said(await send('access_token_cookie='))).toEqual(welcome('headers'));
  });
});
