import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  All,
  type CanActivate,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
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
} from '../../../src/index.js';
import { type AdapterName, ADAPTERS, type AppParts } from '../../support/app.js';
import { SkippedTime } from '../../support/faults.js';
import { accessClaims, forgeToken } from '../../support/forge.js';
import {
  carrying,
  csrfFailed,
  invalid,
  missing,
  refusal,
  said,
  welcome,
  welcomeOf,
} from '../../support/transport.js';
import { describeRequests, EchoApp } from './echo-app.js';

const COOKIE = 'access_token_cookie={access}';
const TWO = 'access_token_cookie=a; access_token_cookie=b';
const BEARER = { authorization: 'Bearer {access}' };
const EXPIRED_TOKEN = forgeToken(accessClaims({ exp: 1_000_000_000 }));

const EXPIRED = refusal(401, 'TOKEN_EXPIRED', 'Token has expired');
const NOT_ACCESS = refusal(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed');
const NOT_REFRESH = refusal(422, 'TOKEN_WRONG_TYPE', 'Only refresh tokens are allowed');
const NO_TOKEN = invalid('Not enough segments');
const NOT_TEXT = invalid("Invalid token type. Token must be a <class 'bytes'>");
const TOO_LONG = invalid('Token is too long');
const TWO_COOKIES = invalid('Multiple values for cookie "access_token_cookie"');
const BAD_HEADER = invalid("Bad Authorization header. Expected 'Authorization: Bearer <JWT>'");
const NO_HEADER = missing('Missing Authorization Header');
const NO_CSRF = csrfFailed('Missing CSRF token');
const MISMATCH = csrfFailed('CSRF double submit tokens do not match');
const ANONYMOUS = welcome(null, null);

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
  const custom = ExtractJwt.fromHeader('x-token');
  const locations = LOCATIONS.map((name) => (name === 'custom' ? custom : name));
  const echo = EchoApp.use(adapter, { locations }, { controllers: [LocationsController] });

  /** The answer of a route to a token in one location, named as tokens of the given type are. */
  const carry = async (
    location: (typeof LOCATIONS)[number],
    token: string,
    path: string,
    type: 'access' | 'refresh' = 'access',
  ) => {
    const { method, search, sent } = carrying(location, echo.fill(token), type);
    return said(await echo.app.send(method, path + search, sent));
  };

  it('names all locations if none has a token', async () => {
    const reasons = [
      'Missing Authorization Header',
      'Missing cookie "access_token_cookie"',
      "Missing 'jwt' query paramater",
      'Invalid content-type. Must be application/json.',
      'Missing token',
    ];
    expect(await echo.send('GET /access')).toEqual(
      missing(
        `Missing JWT in headers, cookies, query_string, json or custom (${reasons.join('; ')})`,
      ),
    );
  });

  it.each(LOCATIONS)('accepts a token from %s and reports that location', async (location) => {
    expect(await carry(location, '{access}', '/access')).toEqual(welcome(location));
    expect(await carry(location, '{access}', '/optional')).toEqual(welcome(location));
  });

  it.each(LOCATIONS)('refuses a token of the wrong type from %s (R55)', async (location) => {
    expect(await carry(location, '{refresh}', '/access')).toEqual(NOT_ACCESS);
    expect(await carry(location, '{access}', '/refresh', 'refresh')).toEqual(NOT_REFRESH);
  });

  it.each(LOCATIONS)(
    'refuses an invalid token in %s on an optional route (R53)',
    async (location) => {
      expect(await carry(location, 'foobarbaz', '/optional')).toEqual(NO_TOKEN);
      expect(await carry(location, EXPIRED_TOKEN, '/optional')).toEqual(EXPIRED);
    },
  );

  it.each([
    ['a bad header', { authorization: 'Bearer' }, '', BAD_HEADER],
    ['two different cookies', { cookie: TWO, 'x-csrf-token': 'x' }, '', TWO_COOKIES],
    ['two different cookies without a CSRF value', { cookie: TWO }, '', NO_CSRF],
    ['a number in JSON', {}, { access_token: 5 }, NOT_TEXT],
  ])('refuses %s on an optional route (R53)', async (_, headers, body, refused) => {
    expect(await echo.send('POST /optional', { ...headers }, body)).toEqual(refused);
  });

  it('lets a request without a token in anonymously on an optional route (R53)', async () => {
    expect(await echo.send('GET /optional')).toEqual(ANONYMOUS);
    const others = { authorization: 'Basic YTpi', cookie: 'a=b' };
    expect(await echo.send('POST /optional?jwt=', others)).toEqual(ANONYMOUS);
  });

  it.each(['GET', 'OPTIONS'])(
    'removes an earlier user from an anonymous request with %s (R48, R53)',
    async (method) => {
      const body = { ...ANONYMOUS.body, user: null };
      expect(await echo.send(`${method} /stale`)).toEqual({ status: 200, body });
    },
  );

  it('needs a token for OPTIONS on a handler of all methods (R82)', async () => {
    const override = { 'x-http-method-override': 'DELETE' };
    for (const headers of [{}, override])
      expect((await echo.send('OPTIONS /access', headers)).status).toBe(401);
    expect((await echo.send('OPTIONS /access', { authorization: 'Bearer x' })).status).toBe(422);
    expect(await echo.send('OPTIONS /access', BEARER)).toEqual(welcome('headers'));
  });

  it('needs a token for HEAD as for GET', async () => {
    const head = async (headers: Record<string, string>) => echo.send('HEAD /access', headers);
    expect(await head({})).toEqual({ status: 401, body: '' });
    expect(await head({ authorization: 'Bearer x' })).toEqual({ status: 422, body: '' });
    expect(await head(BEARER)).toEqual({ status: 200, body: '' });
  });

  it("uses the route's own locations instead of those of the options", async () => {
    expect(await echo.send('GET /own-locations', BEARER)).toEqual(welcome('headers'));
    expect(await echo.send('GET /own-locations', { cookie: COOKIE })).toEqual(
      missing(
        "Missing JWT in query_string or headers (Missing 'jwt' query paramater; Missing Authorization Header)",
      ),
    );
    expect(await echo.send('GET /custom-only', BEARER)).toEqual(missing('Missing token'));
    expect(await carry('custom', '{access}', '/custom-only')).toEqual(welcome('custom'));
  });

  it('uses the first of two tokens and ignores the second (R40)', async () => {
    const other = { cookie: 'access_token_cookie={other}', 'x-token': '{other}' };
    const junk = { cookie: 'access_token_cookie=x; access_token_cookie=y', 'x-token': 'x' };
    const send = (search: string, headers: object) =>
      echo.send(`GET /access?${search}`, { ...BEARER, ...headers });
    expect(await send('jwt={other}', other)).toEqual(welcome('headers'));
    expect(await send('jwt=x&jwt=y', junk)).toEqual(welcome('headers'));
  });

  it('moves on to the next location if the header has another scheme', async () => {
    const headers = { authorization: 'Basic YTpi', cookie: COOKIE };
    expect(await echo.send('GET /access', headers)).toEqual(welcome('cookies'));
  });

  it.each([
    ['without a token', () => 'Bearer', BAD_HEADER],
    ['with text that is not a token', () => 'Bearer foobarbaz', NO_TOKEN],
    ['with an expired token', () => `Bearer ${EXPIRED_TOKEN}`, EXPIRED],
    ['with a refresh token', () => 'Bearer {refresh}', NOT_ACCESS],
    [
      'with an unsigned token',
      () => echo.fill('Bearer {access}').replace(/[^.]*$/, ''),
      invalid('Signature verification failed'),
    ],
  ])('refuses a header %s even if later locations have a valid one (R40)', async (...row) => {
    const [, authorization, refused] = row;
    const headers = { cookie: COOKIE, 'x-token': '{access}', authorization: authorization() };
    expect(await echo.send('GET /access', headers)).toEqual(refused);
  });

  it('refuses an invalid token in the query or in JSON even if a later location has a valid one (R40)', async () => {
    const json = (access_token: string) => ({ access_token });
    const post = (search: string, body: object) =>
      echo.send(`POST /access${search}`, { 'x-token': '{access}' }, body);
    expect(await post('?jwt=foobarbaz', json('{access}'))).toEqual(NO_TOKEN);
    expect(await post('', json('foobarbaz'))).toEqual(NO_TOKEN);
  });

  it('refuses a cookie without its CSRF value even if a later location has a valid token (R40)', async () => {
    const body = { access_token: '{access}' };
    const answer = await echo.send('POST /access?jwt={access}', { cookie: COOKIE }, body);
    expect(answer).toEqual(NO_CSRF);
  });

  it.each<Record<string, string>>([
    { cookie: COOKIE },
    { cookie: 'session=1; csrf_access_token=x', 'x-csrf-token': 'wrong' },
  ])('needs no CSRF value for a token from a header beside %j (R40, R43)', async (headers) => {
    expect(await echo.send('POST /access', { ...BEARER, ...headers })).toEqual(welcome('headers'));
  });
});

const neither = (type: string) =>
  missing(
    `Missing JWT in cookies or headers (Missing cookie "${type}_token_cookie"; Missing Authorization Header)`,
  );
const WRONG_CSRF = { ...BEARER, cookie: COOKIE, 'x-csrf-token': 'wrong' };
const RIGHT_CSRF = { ...BEARER, cookie: COOKIE, 'x-csrf-token': '{csrf}' };
const EMPTY = { ...BEARER, cookie: 'access_token_cookie=' };
const JUNK = { ...BEARER, cookie: 'access_token_cookie=foobarbaz' };

describeRequests('Cookies before headers', { locations: ['cookies', 'headers'] }, [
  ['are both named if neither has a token', 'GET /access', {}, neither('access')],
  ['are both named if neither has a token', 'GET /refresh', {}, neither('refresh')],
  ['need the CSRF value (R40, R43)', 'POST /access', { ...BEARER, cookie: COOKIE }, NO_CSRF],
  ['need the CSRF value (R40, R43)', 'POST /access', WRONG_CSRF, MISMATCH],
  ['need the CSRF value (R40, R43)', 'POST /access', RIGHT_CSRF, welcome('cookies')],
  ['give way to a header if there is no cookie', 'POST /access', BEARER, welcome('headers')],
  ['give way to a header if the cookie is empty', 'GET /access', EMPTY, welcome('headers')],
  ['hide a valid header if the cookie is bad (R40)', 'GET /access', JUNK, NO_TOKEN],
  ['hide a valid header (R40)', 'GET /access', { ...BEARER, cookie: TWO }, TWO_COOKIES],
]);

describe.each(ADAPTERS)('The Authorization header on %s', (adapter) => {
  const NO_SCHEME = missing(
    "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'",
  );
  const echo = EchoApp.use(adapter);
  const send = (authorization: string | string[]) => echo.send('GET /access', { authorization });

  it.each([
    'Bearer {access}',
    'bearer {access}',
    'BEARER {access}',
    'Bearer    {access}',
    '  Bearer {access}  ',
    ',Bearer {access}',
    'Bearer {access},',
    ' ,, Bearer {access} , ,',
    'Basic YTpi, Bearer {access}',
    'Bearer {access},Basic YTpi',
    'Digest username="a" realm="b", Bearer {access}',
  ])('holds a token that is accepted in %j (R38, R39)', async (authorization) => {
    expect(await send(authorization)).toEqual(welcome('headers'));
  });

  it.each([
    ['', NO_HEADER],
    [',', NO_HEADER],
    [' , ,, ', NO_HEADER],
    ['Basic YTpi', NO_SCHEME],
    ['Basic Bearer {access}', NO_SCHEME],
    ['{access}', NO_SCHEME],
    ['Bearer{access}', NO_SCHEME],
    ['Bearer={access}', NO_SCHEME],
    ['Bearer\t{access}', NO_SCHEME],
    ['Bearer\u00a0{access}', NO_SCHEME],
    ['"Bearer {access}"', NO_SCHEME],
    ['jwt {access}', NO_SCHEME],
    ['Bearer {access}, Bearer {access}', NO_SCHEME],
    ['Bearer {access}, bearer {access}', NO_SCHEME],
    ['Bearer {access},Basic YTpi,Bearer x', NO_SCHEME],
    ['Bearer', BAD_HEADER],
    ['Bearer,', BAD_HEADER],
    ['Bearer , {access}', BAD_HEADER],
    ['Basic YTpi, Bearer', BAD_HEADER],
    ['Bearer {access} x', BAD_HEADER],
    ['Bearer x {access}', BAD_HEADER],
    ['Bearer Bearer {access}', BAD_HEADER],
    ['Bearer "{access}"', BAD_HEADER],
    ['Bearer {access};', BAD_HEADER],
    ['Bearer <{access}>', BAD_HEADER],
    ['Bearer {access}\u00a0', BAD_HEADER],
    ['Bearer {access}\tx', BAD_HEADER],
    ['Bearer \t{access}', BAD_HEADER],
    ['Bearer =', BAD_HEADER],
    ['Bearer {access}={access}', BAD_HEADER],
    ['Bearer é', BAD_HEADER],
    ['Bearer Bearer', NO_TOKEN],
    ['Bearer foobarbaz', NO_TOKEN],
    ['Bearer {access}=', invalid('Invalid crypto padding')],
  ])('is refused if it is %j (R38, R39)', async (authorization, refused) => {
    expect(await send(authorization)).toEqual(refused);
  });

  it('is reported as missing if it is absent', async () => {
    expect(await echo.send('GET /access')).toEqual(NO_HEADER);
  });

  it('counts once: Node keeps the first of two header lines (F18)', async () => {
    expect(await send(['Bearer {access}', 'Bearer forged'])).toEqual(welcome('headers'));
    expect(await send(['Bearer forged', 'Bearer {access}'])).toEqual(NO_TOKEN);
  });

  it.each([
    ['letters', 'A'],
    ['commas', ','],
    ['spaces between letters', 'A '],
    ['schemes', 'Bearer '],
    ['credentials', 'Bearer x,'],
  ])('is refused without parsing if it has 15 KB of %s (R7, R38, F1, F26)', async (_, text) => {
    expect(await send(text.repeat(Math.floor(15_500 / text.length)))).toEqual(TOO_LONG);
  });

  it('may have a token of at most 8192 characters (R7)', async () => {
    expect(await send(`Bearer ${'a'.repeat(8192)}`)).toEqual(NO_TOKEN);
    expect(await send(`Bearer ${'a'.repeat(8193)}`)).toEqual(TOO_LONG);
  });
});

const NO_JWT_SCHEME = missing(
  "Missing 'JWT' type in 'X-Auth' header. Expected 'X-Auth: JWT <JWT>'",
);
const BAD_X_AUTH = invalid("Bad X-Auth header. Expected 'X-Auth: JWT <JWT>'");
const BARE = invalid("Bad Authorization header. Expected 'Authorization: <JWT>'");
const X_AUTH_TWICE = { 'x-auth': ['JWT {access}', 'JWT {access}'] };

describeRequests('headerName and headerType', { headerName: 'X-Auth', headerType: 'JWT' }, [
  ['name header and scheme', 'GET /access', { 'x-auth': 'jwt {access}' }, welcome('headers')],
  ['replace the usual header', 'GET /access', BEARER, missing('Missing X-Auth Header')],
  ['replace the usual scheme', 'GET /access', { 'x-auth': 'Bearer {access}' }, NO_JWT_SCHEME],
  ['appear in the messages of refusals', 'GET /access', { 'x-auth': 'JWT' }, BAD_X_AUTH],
  ['give no token from two headers (R39)', 'GET /access', X_AUTH_TWICE, NO_JWT_SCHEME],
]);

describeRequests(
  'headerType: an empty string',
  { headerType: '' },
  [
    ...['{access}', ' {access} ', ',{access},'].map((text) => [text, welcome('headers')] as const),
    ...[
      'Bearer {access}',
      '{access} {access}',
      '{access},{access}',
      '{access}, x',
      '"{access}"',
    ].map((text) => [text, BARE] as const),
    ...['', ',', ' , '].map((text) => [text, NO_HEADER] as const),
  ].map(([authorization, outcome]) => [
    'makes the header a bare token, a malformed one or none',
    'GET /access',
    { authorization },
    outcome,
  ]),
);

describe.each(ADAPTERS)('A token in the query string on %s', (adapter) => {
  const MISSED = missing(
    "Missing JWT in query_string or headers (Missing 'jwt' query paramater; Missing Authorization Header)",
  );
  const echo = EchoApp.use(adapter, { locations: ['query_string', 'headers'] });
  const send = (query: string) => echo.send(`GET /access?${query}`);

  it.each([
    'jwt={access}',
    'a=b&jwt={access}&c[d]=e',
    'jwt={access}&jwt={access}',
    '%6Awt={access}',
    'jwt={access}&JWT={other}',
  ])('is let in from ?%s', async (query) => {
    expect(await send(query)).toEqual(welcome('query_string'));
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'needs no CSRF value with the method %s',
    async (method) => {
      const answer = await echo.send(`${method} /access?jwt={access}`);
      expect(answer).toEqual(welcome('query_string'));
    },
  );

  it.each([
    '',
    'jwt',
    'jwt=',
    'jwt=&jwt=',
    'JWT={access}',
    'ajwt={access}',
    'jwt[x]={access}',
    'jwt[jwt]={access}',
    'jwt.x={access}',
    'token={access}',
    '__proto__[jwt]={access}',
    '__proto__={access}',
    'constructor[prototype][jwt]={access}',
  ])('is not found in ?%s (R50)', async (query) => {
    expect(await send(query)).toEqual(MISSED);
    expect(Object.prototype).not.toHaveProperty('jwt');
  });

  const TWO_VALUES = invalid("Multiple values for query parameter 'jwt'");

  it.each([
    ['jwt={access}&jwt={other}', TWO_VALUES],
    ['jwt={other}&jwt={access}', TWO_VALUES],
    ['jwt={access}&jwt={access}&jwt={other}', TWO_VALUES],
    ['jwt=&jwt={access}', TWO_VALUES],
    ['jwt={access}&jwt=', TWO_VALUES],
    ['jwt=foobarbaz', NO_TOKEN],
    ['jwt=Bearer+{access}', invalid('Invalid header padding')],
    ['jwt={access}%00', invalid('Invalid crypto padding')],
    [`jwt=${'a'.repeat(8193)}`, TOO_LONG],
  ])(
    'is refused if a second value differs or if it is not a token: ?%s (R7, R50)',
    async (...row) => {
      const [query, refused] = row;
      expect(await send(query)).toEqual(refused);
    },
  );

  const cachingOf = async (line: string, headers = {}) => {
    const answer = await echo.answer(line, headers);
    return ['cache-control', 'referrer-policy'].map((name) => answer.headers.get(name));
  };

  it('makes the response forbid caching and referrers (R50, R69)', async () => {
    expect(await cachingOf('GET /access?jwt={access}')).toEqual(['no-store', 'no-referrer']);
  });

  it('changes no response header if the token came from another location', async () => {
    expect(await echo.send('GET /access', BEARER)).toEqual(welcome('headers'));
    expect(await cachingOf('GET /access', BEARER)).toEqual([null, null]);
  });

  it('makes a refusal forbid caching (R69)', async () => {
    expect((await cachingOf('GET /access?jwt=foobarbaz'))[0]).toBe('no-store');
  });
});

describe.each(ADAPTERS)('queryStringValuePrefix on %s', (adapter) => {
  const echo = EchoApp.use(adapter, {
    locations: ['query_string', 'headers'],
    queryStringName: 'auth',
    queryStringValuePrefix: 'Bearer ',
  });
  const send = (value: string, path = '/access') => echo.send(`GET ${path}?auth=${value}`, BEARER);

  it.each(['Bearer%20{access}', 'Bearer+{access}'])('finds the token in %j', async (value) => {
    expect(await send(value)).toEqual(welcome('query_string'));
  });

  it.each([
    '{access}',
    'bearer%20{access}',
    'Bearer',
    'Bearer{access}',
    '%20Bearer%20{access}',
    'Basic%20{access}',
  ])(
    'refuses %j, which lacks the prefix, without a look at other locations (R40, R50)',
    async (value) => {
      const refused = invalid(
        "Invalid value for query parameter 'auth'. Expected the value to start with 'Bearer '",
      );
      expect(await send(value)).toEqual(refused);
      expect(await send(value, '/optional')).toEqual(refused);
    },
  );

  it('refuses a value that has only the prefix', async () => {
    expect(await send('Bearer%20')).toEqual(NO_TOKEN);
  });

  it('works together with queryStringName', async () => {
    expect(await echo.send('GET /access?jwt=Bearer%20{access}')).toEqual(
      missing(
        "Missing JWT in query_string or headers (Missing 'auth' query paramater; Missing Authorization Header)",
      ),
    );
  });
});

/** By default Express parses only objects and arrays. Fastify parses any JSON. */
function parseAnyJson(adapter: AdapterName): AppParts['configure'] {
  if (adapter === 'fastify') return undefined;
  const type = ['application/json', 'application/vnd.api+json'];
  return (nest) => (nest as NestExpressApplication).useBodyParser('json', { strict: false, type });
}

describe.each(ADAPTERS)('A token in a JSON body on %s', (adapter) => {
  const NO_KEY = missing('Missing "access_token" key in json data.');
  const NO_JSON = missing('Invalid content-type. Must be application/json.');
  const TEXT = '{"access_token":"{access}"}';
  const configure = parseAnyJson(adapter);
  const echo = EchoApp.use(adapter, { locations: ['json'] }, { configure });
  const post = (body: string, type = 'application/json') =>
    echo.send('POST /access', { 'content-type': type }, body);

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'is let in with %s and needs no CSRF value',
    async (method) => {
      const answer = await echo.send(`${method} /access`, {}, { a: 1, access_token: '{access}' });
      expect(answer).toEqual(welcome('json'));
    },
  );

  it('has another key on a refresh route', async () => {
    const both = { refresh_token: '{refresh}', access_token: '{access}' };
    expect(await echo.send('POST /refresh', {}, both)).toEqual(welcome('json'));
    expect(await echo.send('POST /refresh', {}, { access_token: '{refresh}' })).toEqual(
      missing('Missing "refresh_token" key in json data.'),
    );
  });

  it.each([
    ['application/json;charset=utf-8', TEXT, welcome('json')],
    ['application/json ; charset=utf-8', TEXT, welcome('json')],
    ['Application/JSON', TEXT, welcome('json')],
    ['text/plain', TEXT, NO_JSON],
    ['application/x-www-form-urlencoded', 'access_token={access}', NO_JSON],
  ])('is read according to the content type %j (R49)', async (type, body, outcome) => {
    expect(await post(body, type)).toEqual(outcome);
  });

  it('is not read without a body or with GET', async () => {
    expect(await echo.send('POST /access')).toEqual(NO_JSON);
    expect(await echo.send('GET /access')).toEqual(NO_JSON);
  });

  it.each([
    ['{}', NO_KEY],
    ['null', NO_KEY],
    ['5', NO_KEY],
    ['true', NO_KEY],
    ['"access_token"', NO_KEY],
    ['[]', NO_KEY],
    ['["access_token"]', NO_KEY],
    ['[{"access_token":"{access}"}]', NO_KEY],
    ['{"Access_Token":"{access}"}', NO_KEY],
    ['{"data":{"access_token":"{access}"}}', NO_KEY],
    ['{"access_token":""}', NO_KEY],
    ['{"access_token":null}', NO_KEY],
    ['{"access_token":false}', NO_KEY],
    ['{"access_token":0}', NO_KEY],
    ['{"access_token":5}', NOT_TEXT],
    ['{"access_token":true}', NOT_TEXT],
    ['{"access_token":{}}', NOT_TEXT],
    ['{"access_token":[]}', NOT_TEXT],
    ['{"access_token":["{access}"]}', NOT_TEXT],
    ['{"access_token":{"access_token":"{access}"}}', NOT_TEXT],
    ['{"access_token":"foobarbaz"}', NO_TOKEN],
    ['{"access_token":"Bearer {access}"}', invalid('Invalid header padding')],
  ])('is not found, or refused, in the body %s (R49)', async (body, refused) => {
    expect(await post(body)).toEqual(refused);
  });

  it.each([
    ['8193 letters', 'a'.repeat(8193)],
    ['80 KB of segments', 'a.'.repeat(40_000)],
    ['80 KB of nested JSON', `${Buffer.from('['.repeat(60_000)).toString('base64url')}.e30.e30`],
  ])('is refused without decoding if it is %s (R7, F22)', async (_, text) => {
    expect(await echo.send('POST /access', {}, { access_token: text })).toEqual(TOO_LONG);
  });

  it.each([
    '{"__proto__":{"access_token":"{access}"}}',
    '{"constructor":{"prototype":{"access_token":"{access}"}}}',
  ])('is not read from inherited members: %s (R49)', async (body) => {
    // Fastify itself refuses such bodies.
    const refused = adapter === 'fastify' ? { status: 400 } : NO_KEY;
    expect(await post(body)).toMatchObject(refused);
    expect(Object.prototype).not.toHaveProperty('access_token');
  });
});

const RENAMED = { token: '{access}', renew: '{refresh}' };
const NO_TOKEN_KEY = missing('Missing "token" key in json data.');

describeRequests(
  'jsonKey and refreshJsonKey',
  { locations: ['json'], jsonKey: 'token', refreshJsonKey: 'renew' },
  [
    ['name the member of access tokens', 'POST /access', {}, welcome('json'), RENAMED],
    ['name the member of refresh tokens', 'POST /refresh', {}, welcome('json'), RENAMED],
    ['replace the usual name', 'POST /access', {}, NO_TOKEN_KEY, { access_token: 'x' }],
  ],
);

describe('A body of another JSON type on express', () => {
  const configure = parseAnyJson('express');
  const echo = EchoApp.use('express', { locations: ['json'] }, { configure });

  it.each(['POST', 'GET'])('is read with %s if the application parses it', async (method) => {
    const type = { 'content-type': 'application/vnd.api+json' };
    const answer = await echo.send(`${method} /access`, type, { access_token: '{access}' });
    expect(answer).toEqual(welcome('json'));
  });
});

describe.each(ADAPTERS)('An extractor function on %s', (adapter) => {
  /** What the extractor does in the current test. */
  let extract: (request: unknown) => unknown;
  const extractor = ((request: unknown) => extract(request)) as TokenExtractor;
  const echo = EchoApp.use(adapter, { locations: [extractor, 'headers'] });
  const get = (path = '/access') => echo.send(`GET ${path}`, BEARER);

  it.each<[name: string, extractor: unknown, search: string, headers: object, body: object | '']>([
    ['fromHeader', ExtractJwt.fromHeader('x-token'), '', { 'x-token': '{access}' }, ''],
    ['fromUrlQueryParameter', ExtractJwt.fromUrlQueryParameter('t'), '?t={access}', {}, ''],
    ['fromBodyField', ExtractJwt.fromBodyField('t'), '', {}, { t: '{access}' }],
    [
      'fromExtractors',
      ExtractJwt.fromExtractors([ExtractJwt.fromHeader('a'), ExtractJwt.fromHeader('b')]),
      '',
      { b: '{access}' },
      '',
    ],
  ])("can be passport-jwt's %s", async (_, given, search, headers, body) => {
    extract = given as typeof extract;
    const answer = await echo.send(`POST /access${search}`, { ...headers }, body);
    expect(answer).toEqual(welcome('custom'));
  });

  it.each([[null], [undefined], [''], [0], [false]])(
    'finds no token if it returns %j',
    async (nothing) => {
      extract = () => nothing;
      expect(await echo.send('GET /access')).toEqual(
        missing('Missing JWT in custom or headers (Missing token; Missing Authorization Header)'),
      );
      expect(await get()).toEqual(welcome('headers'));
      expect(await echo.send('GET /optional')).toEqual(ANONYMOUS);
    },
  );

  it.each([
    ['a number', () => 5, NOT_TEXT],
    ['true', () => true, NOT_TEXT],
    ['an object', (token: string) => ({ token }), NOT_TEXT],
    ['an array', (token: string) => [token], NOT_TEXT],
    ['bytes', (token: string) => Buffer.from(token), NOT_TEXT],
    ['a function', (token: string) => () => token, NOT_TEXT],
    ['a symbol', () => Symbol('token'), NOT_TEXT],
    ['a promise', (token: string) => Promise.resolve(token), NOT_TEXT],
    ['text that is not a token', () => 'foobarbaz', NO_TOKEN],
    ['text of a megabyte', () => 'a'.repeat(1_000_000), TOO_LONG],
  ])('that returns %s ends the search, even if the header has a token (R40)', async (...row) => {
    const [, give, refused] = row;
    extract = () => give(echo.pair.accessToken);
    expect(await get()).toEqual(refused);
    expect(await get('/optional')).toEqual(refused);
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
      expect(await get()).toEqual(unavailable);
      expect(await get('/optional')).toEqual(unavailable);
    });

    it('is logged with its message', async () => {
      const time = new SkippedTime();
      extract = () => echo.pair.accessToken;
      await get();
      time.skip(1_000);
      extract = () => {
        throw new Error('no such session');
      };
      await get();
      time.restore();
      expect(logged).toHaveBeenCalledWith('The check of a token failed: no such session');
    });
  });

  it('can throw an HttpException, which keeps its status (R77)', async () => {
    extract = () => {
      throw new ForbiddenException('not from here');
    };
    expect(await get()).toEqual({
      status: 403,
      body: { statusCode: 403, error: 'Forbidden', message: 'not from here' },
    });
  });

  it('is refused if it returns a rejecting promise, and the process goes on (R28, R73)', async () => {
    extract = () => Promise.reject(new Error('no such session'));
    expect([422, 503]).toContain((await get()).status);
  });
});

const NO_EXTRACTED = missing('Missing JWT in custom or custom (Missing token; Missing token)');

describeRequests(
  'Two extractors',
  { locations: ['x-first', 'x-second'].map((name) => ExtractJwt.fromHeader(name)) },
  [
    ['end at the first', 'GET /access', { 'x-first': 'x', 'x-second': '{access}' }, NO_TOKEN],
    ['go on to the second', 'GET /access', { 'x-second': '{access}' }, welcome('custom')],
    ['are both named if neither finds a token', 'GET /access', {}, NO_EXTRACTED],
  ],
);
