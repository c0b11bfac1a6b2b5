import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import {
  All,
  type CanActivate,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  type INestApplication,
  Logger,
  Req,
  UseGuards,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ExtractJwt } from 'passport-jwt';
import {
  CurrentToken,
  type HttpRequest,
  type JwtContext,
  JwtRequired,
  type TokenExtractor,
  TokenService,
} from '../../../src/index.js';
import { type AdapterName, ADAPTERS, createApp, type RunningApp } from '../../support/app.js';
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

describe('Several locations', () => {
  const LOCATIONS = ['headers', 'cookies', 'query_string', 'json', 'custom'] as const;

  /** Sets a user on the request, as a guard of another library may do. */
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

  describe.each(ADAPTERS)('All locations on %s', (adapter) => {
    let app: RunningApp;
    let access: string;
    let refresh: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController, LocationsController],
        options: {
          errorCodeKey: 'code',
          locations: [
            'headers',
            'cookies',
            'query_string',
            'json',
            ExtractJwt.fromHeader('x-token'),
          ],
        },
      });
      access = await app.get(TokenService).createAccessToken('alice');
      refresh = await app.get(TokenService).createRefreshToken('alice');
    });
    afterAll(() => app.close());

    it('names all locations if none has a token', async () => {
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

    it.each(LOCATIONS)('accepts a token from %s and reports that location', async (location) => {
      const { method, search, sent } = carrying(location, access);
      expect(said(await app.send(method, `/access${search}`, sent))).toEqual(welcome(location));
      expect(said(await app.send(method, `/optional${search}`, sent))).toEqual(welcome(location));
    });

    it.each(LOCATIONS)('refuses a token of the wrong type from %s (R55)', async (location) => {
      const onAccess = carrying(location, refresh, 'access');
      const onRefresh = carrying(location, access, 'refresh');
      expect(
        said(await app.send(onAccess.method, `/access${onAccess.search}`, onAccess.sent)),
      ).toEqual(refusal(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed'));
      expect(
        said(await app.send(onRefresh.method, `/refresh${onRefresh.search}`, onRefresh.sent)),
      ).toEqual(refusal(422, 'TOKEN_WRONG_TYPE', 'Only refresh tokens are allowed'));
    });

    it.each(LOCATIONS)(
      'refuses an invalid token in %s on an optional route (R53)',
      async (location) => {
        const bad = carrying(location, 'foobarbaz');
        const expired = carrying(location, forgeToken(accessClaims({ exp: 1_000_000_000 })));
        expect(said(await app.send(bad.method, `/optional${bad.search}`, bad.sent))).toEqual(
          invalid('Not enough segments'),
        );
        expect(
          said(await app.send(expired.method, `/optional${expired.search}`, expired.sent)),
        ).toEqual(refusal(401, 'TOKEN_EXPIRED', 'Token has expired'));
      },
    );

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
    ])('refuses %s on an optional route (R53)', async (_, sent, refused) => {
      expect(said(await app.send('POST', '/optional', sent))).toEqual(refused);
    });

    it('lets a request without a token in anonymously on an optional route (R53)', async () => {
      expect(said(await app.send('GET', '/optional'))).toEqual(welcome(null, null));
      const basic = { headers: { authorization: 'Basic YTpi', cookie: 'a=b' } };
      expect(said(await app.send('POST', '/optional?jwt=', basic))).toEqual(welcome(null, null));
    });

    it('removes an earlier user from a request that is let in anonymously (R48, R53)', async () => {
      const anonymous = { ...welcome(null, null).body, user: null };
      expect(said(await app.send('GET', '/stale'))).toEqual({ status: 200, body: anonymous });
      expect(said(await app.send('OPTIONS', '/stale'))).toEqual({ status: 200, body: anonymous });
    });

    it.each(['/access', '/refresh', '/optional'])(
      'OPTIONS passes on %s with an empty context, even with a token (R53)',
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

    it('needs a token for HEAD as for GET', async () => {
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

    it("uses the route's own locations instead of those of the options", async () => {
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

    it('uses the first of two tokens and ignores the second (R40)', async () => {
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

    it('moves on to the next location if the header has another scheme', async () => {
      const cookie = `access_token_cookie=${access}`;
      const answer = await app.send('GET', '/access', {
        headers: { authorization: 'Basic YTpi', cookie },
      });
      expect(said(answer)).toEqual(welcome('cookies'));
    });

    it('refuses an invalid token even if a later location has a valid one (R40)', async () => {
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

    it('refuses a cookie without its CSRF value even if a later location has a valid token (R40)', async () => {
      const { sent } = carrying('cookies', access);
      const answer = await app.send('POST', `/access?jwt=${access}`, {
        ...sent,
        json: { access_token: access },
      });
      expect(said(answer)).toEqual(csrfFailed('Missing CSRF token'));
    });

    it('needs a CSRF value only for a token from a cookie (R40, R43)', async () => {
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

  describe.each(ADAPTERS)('Cookies before headers on %s', (adapter) => {
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

    it('names both locations if neither has a token', async () => {
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

    it('uses the cookie, which needs its CSRF value even if a header has a token too (R40, R43)', async () => {
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

    it('refuses an invalid cookie even if the header has a valid token (R40)', async () => {
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
});

describe('The Authorization header', () => {
  const NO_SCHEME =
    "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'";
  const BAD_HEADER = "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'";

  describe.each(ADAPTERS)('The Authorization header on %s', (adapter) => {
    let app: RunningApp;
    let token: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: { errorCodeKey: 'code' },
      });
      token = await app.get(TokenService).createAccessToken('alice');
    });
    afterAll(() => app.close());

    const send = (authorization: string) =>
      app.send('GET', '/access', {
        headers: { authorization: authorization.replace(/T/g, token) },
      });

    it.each([
      ['Bearer T'],
      ['bearer T'],
      ['BEARER T'],
      ['Bearer    T'],
      ['  Bearer T  '],
      [',Bearer T'],
      ['Bearer T,'],
      [' ,, Bearer T , ,'],
      ['Basic YTpi, Bearer T'],
      ['Bearer T,Basic YTpi'],
      ['Digest username="a" realm="b", Bearer T'],
    ])('accepts the token in %j (R38, R39)', async (authorization) => {
      expect(said(await send(authorization))).toEqual(welcome('headers'));
    });

    it.each([
      ['', 'Missing Authorization Header'],
      [',', 'Missing Authorization Header'],
      [' , ,, ', 'Missing Authorization Header'],
      ['Basic YTpi', NO_SCHEME],
      ['Basic Bearer T', NO_SCHEME],
      ['T', NO_SCHEME],
      ['BearerT', NO_SCHEME],
      ['Bearer=T', NO_SCHEME],
      ['Bearer\tT', NO_SCHEME],
      ['Bearer\u00a0T', NO_SCHEME],
      ['"Bearer T"', NO_SCHEME],
      ['jwt T', NO_SCHEME],
      ['Bearer T, Bearer T', NO_SCHEME],
      ['Bearer T, bearer T', NO_SCHEME],
      ['Bearer T,Basic YTpi,Bearer x', NO_SCHEME],
    ])('finds no token in %j (R38, R39)', async (authorization, msg) => {
      expect(said(await send(authorization))).toEqual(missing(msg));
    });

    it.each([
      ['Bearer', BAD_HEADER],
      ['Bearer,', BAD_HEADER],
      ['Bearer , T', BAD_HEADER],
      ['Basic YTpi, Bearer', BAD_HEADER],
      ['Bearer T x', BAD_HEADER],
      ['Bearer x T', BAD_HEADER],
      ['Bearer Bearer T', BAD_HEADER],
      ['Bearer "T"', BAD_HEADER],
      ['Bearer T;', BAD_HEADER],
      ['Bearer <T>', BAD_HEADER],
      ['Bearer T\u00a0', BAD_HEADER],
      ['Bearer T\tx', BAD_HEADER],
      ['Bearer \tT', BAD_HEADER],
      ['Bearer =', BAD_HEADER],
      ['Bearer T=T', BAD_HEADER],
      ['Bearer é', BAD_HEADER],
      ['Bearer Bearer', 'Not enough segments'],
      ['Bearer foobarbaz', 'Not enough segments'],
      ['Bearer T=', 'Invalid crypto padding'],
    ])('refuses the malformed value %j (R38)', async (authorization, msg) => {
      expect(said(await send(authorization))).toEqual(invalid(msg));
    });

    it('is reported as missing if it is absent', async () => {
      expect(said(await app.send('GET', '/access'))).toEqual(
        missing('Missing Authorization Header'),
      );
    });

    it('counts once: Node keeps the first of two header lines (F18)', async () => {
      const lines = [`Bearer ${token}`, 'Bearer forged'];
      const first = await sendRaw(app, 'GET', '/access', { headers: { authorization: lines } });
      const second = await sendRaw(app, 'GET', '/access', {
        headers: { authorization: [...lines].reverse() },
      });
      expect(said(first)).toEqual(welcome('headers'));
      expect(said(second)).toEqual(invalid('Not enough segments'));
    });

    it.each([
      ['letters', 'A'],
      ['commas', ','],
      ['spaces between letters', 'A '],
      ['schemes', 'Bearer '],
      ['credentials', 'Bearer x,'],
    ])('is refused without parsing if it has 15 KB of %s (R7, R38, F1, F26)', async (_, text) => {
      const authorization = text.repeat(Math.floor(15_500 / text.length));
      expect(said(await send(authorization))).toEqual(invalid('Token is too long'));
    });

    it('may have a token of at most 8192 characters (R7)', async () => {
      const longest = await send(`Bearer ${'a'.repeat(8192)}`);
      const tooLong = await send(`Bearer ${'a'.repeat(8193)}`);
      expect(said(longest)).toEqual(invalid('Not enough segments'));
      expect(said(tooLong)).toEqual(invalid('Token is too long'));
    });
  });

  describe.each(ADAPTERS)('headerName and headerType on %s', (adapter) => {
    let app: RunningApp;
    let token: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: { errorCodeKey: 'code', headerName: 'X-Auth', headerType: 'JWT' },
      });
      token = await app.get(TokenService).createAccessToken('alice');
    });
    afterAll(() => app.close());

    it('make the guards read that header instead of Authorization', async () => {
      const named = await app.send('GET', '/access', { headers: { 'x-auth': `jwt ${token}` } });
      const usual = await app.send('GET', '/access', { token });
      expect(said(named)).toEqual(welcome('headers'));
      expect(said(usual)).toEqual(missing('Missing X-Auth Header'));
    });

    it('appear in the messages of refusals', async () => {
      const bearer = await app.send('GET', '/access', { headers: { 'x-auth': `Bearer ${token}` } });
      const bare = await app.send('GET', '/access', { headers: { 'x-auth': 'JWT' } });
      expect(said(bearer)).toEqual(
        missing("Missing 'JWT' type in 'X-Auth' header. Expected 'X-Auth: JWT <JWT>'"),
      );
      expect(said(bare)).toEqual(invalid("Bad X-Auth header. Expected 'X-Auth: JWT <JWT>'"));
    });

    it('give no token if the header came twice, because it is unclear which one counts (R39)', async () => {
      const answer = await sendRaw(app, 'GET', '/access', {
        headers: { 'x-auth': [`JWT ${token}`, `JWT ${token}`] },
      });
      expect(said(answer)).toEqual(
        missing("Missing 'JWT' type in 'X-Auth' header. Expected 'X-Auth: JWT <JWT>'"),
      );
    });
  });

  describe.each(ADAPTERS)('headerType: an empty string on %s', (adapter) => {
    let app: RunningApp;
    let token: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: { errorCodeKey: 'code', headerType: '' },
      });
      token = await app.get(TokenService).createAccessToken('alice');
    });
    afterAll(() => app.close());

    const send = (authorization: string) =>
      app.send('GET', '/access', {
        headers: { authorization: authorization.replace(/T/g, token) },
      });

    it.each([['T'], [' T '], [',T,']])('accepts the bare token in %j', async (authorization) => {
      expect(said(await send(authorization))).toEqual(welcome('headers'));
    });

    it.each([['Bearer T'], ['T T'], ['T,T'], ['T, x'], ['"T"']])(
      'refuses %j as malformed',
      async (authorization) => {
        expect(said(await send(authorization))).toEqual(
          invalid("Bad Authorization header. Expected 'Authorization: <JWT>'"),
        );
      },
    );

    it.each([[''], [','], [' , ']])('finds no token in %j', async (authorization) => {
      expect(said(await send(authorization))).toEqual(missing('Missing Authorization Header'));
    });
  });
});

describe('The query string', () => {
  describe.each(ADAPTERS)('A token in the query string on %s', (adapter) => {
    let app: RunningApp;
    let token: string;
    let other: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: { errorCodeKey: 'code', locations: ['query_string', 'headers'] },
      });
      token = await app.get(TokenService).createAccessToken('alice');
      other = await app.get(TokenService).createAccessToken('mallory');
    });
    afterAll(() => app.close());

    const send = (query: string, method = 'GET') => {
      const filled = query.replace(/\b[TU]\b/g, (name) => (name === 'T' ? token : other));
      return app.send(method, `/access?${filled}`);
    };
    const missed = missing(
      "Missing JWT in query_string or headers (Missing 'jwt' query paramater; Missing Authorization Header)",
    );

    it.each([['jwt=T'], ['a=b&jwt=T&c[d]=e'], ['jwt=T&jwt=T'], ['%6Awt=T'], ['jwt=T&JWT=U']])(
      'is let in from ?%s',
      async (query) => {
        expect(said(await send(query))).toEqual(welcome('query_string'));
      },
    );

    it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
      'needs no CSRF value with the method %s',
      async (method) => {
        expect(said(await send('jwt=T', method))).toEqual(welcome('query_string'));
      },
    );

    it.each([
      [''],
      ['jwt'],
      ['jwt='],
      ['jwt=&jwt='],
      ['JWT=T'],
      ['ajwt=T'],
      ['jwt[x]=T'],
      ['jwt[jwt]=T'],
      ['jwt.x=T'],
      ['token=T'],
      ['__proto__[jwt]=T'],
      ['__proto__=T'],
      ['constructor[prototype][jwt]=T'],
    ])('is not found in ?%s (R50)', async (query) => {
      expect(said(await send(query))).toEqual(missed);
      expect(Object.prototype).not.toHaveProperty('jwt');
    });

    it.each([
      ['jwt=T&jwt=U'],
      ['jwt=U&jwt=T'],
      ['jwt=T&jwt=T&jwt=U'],
      ['jwt=&jwt=T'],
      ['jwt=T&jwt='],
    ])('is refused if a second value differs: ?%s (R50)', async (query) => {
      expect(said(await send(query))).toEqual(invalid("Multiple values for query parameter 'jwt'"));
    });

    it.each([
      ['jwt=foobarbaz', 'Not enough segments'],
      ['jwt=Bearer+T', 'Invalid header padding'],
      ['jwt=T%00', 'Invalid crypto padding'],
    ])('is refused if it is not a token: ?%s', async (query, msg) => {
      expect(said(await send(query))).toEqual(invalid(msg));
    });

    it('is refused without decoding if it has more than 8192 characters (R7)', async () => {
      expect(said(await send(`jwt=${'a'.repeat(8193)}`))).toEqual(invalid('Token is too long'));
    });

    it('makes the response forbid caching and referrers (R50, R69)', async () => {
      const { headers } = await send('jwt=T');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    });

    it('changes no response header if the token came from another location', async () => {
      const answer = await app.send('GET', '/access', { token });
      expect(said(answer)).toEqual(welcome('headers'));
      expect(answer.headers.get('cache-control')).toBeNull();
      expect(answer.headers.get('referrer-policy')).toBeNull();
    });

    it('makes a refusal forbid caching (R69)', async () => {
      const { headers } = await send('jwt=foobarbaz');
      expect(headers.get('cache-control')).toBe('no-store');
    });
  });

  describe.each(ADAPTERS)('queryStringValuePrefix on %s', (adapter) => {
    let app: RunningApp;
    let token: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: {
          errorCodeKey: 'code',
          locations: ['query_string', 'headers'],
          queryStringName: 'auth',
          queryStringValuePrefix: 'Bearer ',
        },
      });
      token = await app.get(TokenService).createAccessToken('alice');
    });
    afterAll(() => app.close());

    const send = (path: string, value: string) =>
      app.send('GET', `${path}?auth=${value.replace('T', token)}`, { token });
    const badPrefix = invalid(
      "Invalid value for query parameter 'auth'. Expected the value to start with 'Bearer '",
    );

    it.each(['Bearer%20T', 'Bearer+T'])('finds the token in %j', async (value) => {
      expect(said(await send('/access', value))).toEqual(welcome('query_string'));
    });

    it.each(['T', 'bearer%20T', 'Bearer', 'BearerT', '%20Bearer%20T', 'Basic%20T'])(
      'refuses %j, which lacks the prefix, without a look at other locations (R40, R50)',
      async (value) => {
        expect(said(await send('/access', value))).toEqual(badPrefix);
        expect(said(await send('/optional', value))).toEqual(badPrefix);
      },
    );

    it('refuses a value that has only the prefix', async () => {
      expect(said(await send('/access', 'Bearer%20'))).toEqual(invalid('Not enough segments'));
    });

    it('works together with queryStringName', async () => {
      const answer = await app.send('GET', `/access?jwt=Bearer%20${token}`);
      expect(said(answer)).toEqual(
        missing(
          "Missing JWT in query_string or headers (Missing 'auth' query paramater; Missing Authorization Header)",
        ),
      );
    });
  });
});

describe('A JSON body', () => {
  const NO_KEY = 'Missing "access_token" key in json data.';
  const NO_JSON = 'Invalid content-type. Must be application/json.';

  /** By default Express parses only objects and arrays. Fastify parses any JSON. */
  function parseAnyJson(adapter: AdapterName, nest: INestApplication): void {
    if (adapter === 'fastify') return;
    const type = ['application/json', 'application/vnd.api+json'];
    (nest as NestExpressApplication).useBodyParser('json', { strict: false, type });
  }

  describe.each(ADAPTERS)('A token in a JSON body on %s', (adapter) => {
    let app: RunningApp;
    let access: string;
    let refresh: string;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: { errorCodeKey: 'code', locations: ['json'] },
        configure: (nest) => parseAnyJson(adapter, nest),
      });
      access = await app.get(TokenService).createAccessToken('alice');
      refresh = await app.get(TokenService).createRefreshToken('alice');
    });
    afterAll(() => app.close());

    const post = (body: string, type = 'application/json') =>
      app.send('POST', '/access', { headers: { 'content-type': type }, body });

    it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
      'is let in with %s and needs no CSRF value',
      async (method) => {
        const answer = await app.send(method, '/access', { json: { a: 1, access_token: access } });
        expect(said(answer)).toEqual(welcome('json'));
      },
    );

    it('has another key on a refresh route', async () => {
      const json = { refresh_token: refresh, access_token: access };
      expect(said(await app.send('POST', '/refresh', { json }))).toEqual(welcome('json'));
      const answer = await app.send('POST', '/refresh', { json: { access_token: refresh } });
      expect(said(answer)).toEqual(missing('Missing "refresh_token" key in json data.'));
    });

    it.each([
      'application/json;charset=utf-8',
      'application/json ; charset=utf-8',
      'Application/JSON',
    ])('is accepted with the content type %j (R49)', async (type) => {
      expect(said(await post(JSON.stringify({ access_token: access }), type))).toEqual(
        welcome('json'),
      );
    });

    it.each([
      ['text/plain', () => JSON.stringify({ access_token: access })],
      ['application/x-www-form-urlencoded', () => `access_token=${access}`],
    ])('is not read from %s (R49)', async (type, body) => {
      expect(said(await post(body(), type))).toEqual(missing(NO_JSON));
    });

    it('is not read without a body or with GET', async () => {
      expect(said(await app.send('POST', '/access'))).toEqual(missing(NO_JSON));
      expect(said(await app.send('GET', '/access'))).toEqual(missing(NO_JSON));
    });

    it.each([
      ['{}'],
      ['null'],
      ['5'],
      ['true'],
      ['"access_token"'],
      ['[]'],
      ['["access_token"]'],
      ['[{"access_token":"T"}]'],
      ['{"Access_Token":"T"}'],
      ['{"data":{"access_token":"T"}}'],
      ['{"access_token":""}'],
      ['{"access_token":null}'],
      ['{"access_token":false}'],
      ['{"access_token":0}'],
    ])('is not found in %s (R49)', async (body) => {
      expect(said(await post(body.replace('T', access)))).toEqual(missing(NO_KEY));
    });

    it.each([
      ['{"access_token":5}'],
      ['{"access_token":true}'],
      ['{"access_token":{}}'],
      ['{"access_token":[]}'],
      ['{"access_token":["T"]}'],
      ['{"access_token":{"access_token":"T"}}'],
    ])('is refused if it is not text: %s (R49)', async (body) => {
      expect(said(await post(body.replace('T', access)))).toEqual(
        invalid("Invalid token type. Token must be a <class 'bytes'>"),
      );
    });

    it.each([
      ['foobarbaz', 'Not enough segments'],
      ['Bearer T', 'Invalid header padding'],
    ])('is refused if it is not a token: %j', async (text, msg) => {
      const json = { access_token: text.replace('T', access) };
      expect(said(await app.send('POST', '/access', { json }))).toEqual(invalid(msg));
    });

    it.each([
      ['8193 letters', 'a'.repeat(8193)],
      ['80 KB of segments', 'a.'.repeat(40_000)],
      ['80 KB of nested JSON', `${Buffer.from('['.repeat(60_000)).toString('base64url')}.e30.e30`],
    ])('is refused without decoding if it is %s (R7, F22)', async (_, text) => {
      expect(said(await app.send('POST', '/access', { json: { access_token: text } }))).toEqual(
        invalid('Token is too long'),
      );
    });

    it.each([
      '{"__proto__":{"access_token":"T"}}',
      '{"constructor":{"prototype":{"access_token":"T"}}}',
    ])('is not read from inherited members: %s (R49)', async (body) => {
      const answer = await post(body.replace('T', access));
      // Fastify itself refuses such bodies.
      const refusal = adapter === 'fastify' ? { status: 400 } : missing(NO_KEY);
      expect(said(answer)).toMatchObject(refusal);
      expect(Object.prototype).not.toHaveProperty('access_token');
    });
  });

  describe.each(ADAPTERS)('jsonKey and refreshJsonKey on %s', (adapter) => {
    let app: RunningApp;

    beforeAll(async () => {
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: {
          errorCodeKey: 'code',
          locations: ['json'],
          jsonKey: 'token',
          refreshJsonKey: 'renew',
        },
      });
    });
    afterAll(() => app.close());

    it('name the members of the body', async () => {
      const tokens = app.get(TokenService);
      const json = {
        token: await tokens.createAccessToken('alice'),
        renew: await tokens.createRefreshToken('alice'),
      };
      expect(said(await app.send('POST', '/access', { json }))).toEqual(welcome('json'));
      expect(said(await app.send('POST', '/refresh', { json }))).toEqual(welcome('json'));
      expect(said(await app.send('POST', '/access', { json: { access_token: 'x' } }))).toEqual(
        missing('Missing "token" key in json data.'),
      );
    });
  });

  describe('A body of another JSON type on express', () => {
    it('is read if the application parses it, even with GET', async () => {
      const app = await createApp('express', {
        controllers: [EchoController],
        options: { errorCodeKey: 'code', locations: ['json'] },
        configure: (nest) => parseAnyJson('express', nest),
      });
      const token = await app.get(TokenService).createAccessToken('alice');
      const sent = {
        headers: { 'content-type': 'application/vnd.api+json' },
        body: JSON.stringify({ access_token: token }),
      };
      const answers = [
        await sendRaw(app, 'POST', '/access', sent),
        await sendRaw(app, 'GET', '/access', sent),
      ];
      await app.close();
      for (const answer of answers) expect(said(answer)).toEqual(welcome('json'));
    });
  });
});

describe('Extractor functions', () => {
  describe.each(ADAPTERS)('An extractor function on %s', (adapter) => {
    let app: RunningApp;
    let token: string;
    /** What the extractor does in the current test. */
    let extract: (request: unknown) => unknown;

    beforeAll(async () => {
      const extractor = ((request: unknown) => extract(request)) as TokenExtractor;
      app = await createApp(adapter, {
        controllers: [EchoController],
        options: { errorCodeKey: 'code', locations: [extractor, 'headers'] },
      });
      token = await app.get(TokenService).createAccessToken('alice');
    });
    afterAll(() => app.close());

    it.each([
      ['fromHeader', ExtractJwt.fromHeader('x-token'), '', { 'x-token': 'T' }, undefined],
      ['fromUrlQueryParameter', ExtractJwt.fromUrlQueryParameter('t'), '?t=T', {}, undefined],
      ['fromBodyField', ExtractJwt.fromBodyField('t'), '', {}, { t: 'T' }],
      [
        'fromExtractors',
        ExtractJwt.fromExtractors([ExtractJwt.fromHeader('a'), ExtractJwt.fromHeader('b')]),
        '',
        { b: 'T' },
        undefined,
      ],
    ])("can be passport-jwt's %s", async (_, extractor, search, headers, json) => {
      extract = extractor as typeof extract;
      const filled = Object.entries({ ...headers }).map(([name]) => [name, token]);
      const answer = await app.send('POST', `/access${search.replace('T', token)}`, {
        headers: Object.fromEntries(filled) as Record<string, string>,
        json: json && { t: token },
      });
      expect(said(answer)).toEqual(welcome('custom'));
    });

    it.each([[null], [undefined], [''], [0], [false]])(
      'finds no token if it returns %j',
      async (nothing) => {
        extract = () => nothing;
        expect(said(await app.send('GET', '/access'))).toEqual(
          missing('Missing JWT in custom or headers (Missing token; Missing Authorization Header)'),
        );
        expect(said(await app.send('GET', '/access', { token }))).toEqual(welcome('headers'));
        expect(said(await app.send('GET', '/optional'))).toEqual(welcome(null, null));
      },
    );

    it.each([
      ['a number', () => 5],
      ['true', () => true],
      ['an object', () => ({ token })],
      ['an array', () => [token]],
      ['bytes', () => Buffer.from(token)],
      ['a function', () => () => token],
      ['a symbol', () => Symbol('token')],
      ['a promise', () => Promise.resolve(token)],
    ])('refuses %s even if the header has a valid token (R40)', async (_, give) => {
      extract = give;
      const refused = invalid("Invalid token type. Token must be a <class 'bytes'>");
      expect(said(await app.send('GET', '/access', { token }))).toEqual(refused);
      expect(said(await app.send('GET', '/optional', { token }))).toEqual(refused);
    });

    it('that returns an invalid token ends the search: no other location is read (R40)', async () => {
      extract = () => 'foobarbaz';
      expect(said(await app.send('GET', '/access', { token }))).toEqual(
        invalid('Not enough segments'),
      );
      extract = () => 'a'.repeat(1_000_000);
      expect(said(await app.send('GET', '/access', { token }))).toEqual(
        invalid('Token is too long'),
      );
    });

    describe('that throws', () => {
      let logged: jest.SpiedFunction<Logger['error']>;

      beforeEach(() => {
        logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
      });
      afterEach(() => logged.mockRestore());

      it.each([
        ['an error', new Error('no such session')],
        ['text', 'no such session'],
        ['nothing', undefined],
      ])('%s is answered with 503 (R28, R77)', async (_, thrown) => {
        extract = () => {
          throw thrown;
        };
        const unavailable = refusal(503, 'CHECK_UNAVAILABLE', 'Token could not be checked');
        expect(said(await app.send('GET', '/access', { token }))).toEqual(unavailable);
        expect(said(await app.send('GET', '/optional', { token }))).toEqual(unavailable);
      });

      it('is logged with its message', async () => {
        extract = () => {
          throw new Error('no such session');
        };
        await app.send('GET', '/access', { token });
        expect(logged).toHaveBeenCalledWith('A token could not be checked: no such session');
      });
    });

    it('can throw an HttpException, which keeps its status (R77)', async () => {
      extract = () => {
        throw new ForbiddenException('not from here');
      };
      expect(said(await app.send('GET', '/access', { token }))).toEqual({
        status: 403,
        body: { statusCode: 403, error: 'Forbidden', message: 'not from here' },
      });
    });
  });

  describe.each(ADAPTERS)('An extractor that returns a rejecting promise on %s', (adapter) => {
    it('is refused, and the process goes on (R28, R73)', async () => {
      const extractor = (() => Promise.reject(new Error('no such session'))) as never;
      const app = await createApp(adapter, {
        controllers: [EchoController],
        options: { errorCodeKey: 'code', locations: [extractor, 'headers'] },
      });
      const token = await app.get(TokenService).createAccessToken('alice');
      const { status } = await app.send('GET', '/access', { token });
      await app.close();
      expect([422, 503]).toContain(status);
    });
  });

  describe.each(ADAPTERS)('Two extractors on %s', (adapter) => {
    it('are called in order, and both are named if neither finds a token', async () => {
      const app = await createApp(adapter, {
        controllers: [EchoController],
        options: {
          errorCodeKey: 'code',
          locations: [ExtractJwt.fromHeader('x-first'), ExtractJwt.fromHeader('x-second')],
        },
      });
      const token = await app.get(TokenService).createAccessToken('alice');
      const answers = [
        await app.send('GET', '/access', { headers: { 'x-first': 'x', 'x-second': token } }),
        await app.send('GET', '/access', { headers: { 'x-second': token } }),
        await app.send('GET', '/access'),
      ];
      await app.close();
      expect(answers.map(said)).toEqual([
        invalid('Not enough segments'),
        welcome('custom'),
        missing('Missing JWT in custom or custom (Missing token; Missing token)'),
      ]);
    });
  });
});
