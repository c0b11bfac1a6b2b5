import { describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import {
  CurrentToken,
  type ExpressLikeResponse,
  type FastifyLikeReply,
  type HttpResponse,
  type JwtContext,
  type JwtExtendedOptions,
  JwtRequired,
  type TokenCookies,
  type TokenType,
} from '../../../src/index.js';
import { type AdapterName, ADAPTERS, type AppParts } from '../../support/app.js';
import { accessClaims, Clock, forgeToken } from '../../support/forge.js';
import { extensionMethods } from '../../support/nest.js';
import { claimsOf } from '../../support/tokens.js';
import {
  type Act,
  csrfFailed,
  invalid,
  missing,
  perform,
  refusal,
  said,
  STAGE,
  useCookiePlugin,
  welcome,
  welcomeOf,
} from '../../support/transport.js';
import { describeRequests, EchoApp, type Row } from './echo-app.js';

const NAME = 'access_token_cookie';
const ACCESS = `${NAME}={access}`;
const REFRESH = 'refresh_token_cookie={refresh}';
const IN = welcome('cookies');
const EXPIRED = refusal(401, 'TOKEN_EXPIRED', 'Token has expired');
const NOT_ACCESS = refusal(422, 'TOKEN_WRONG_TYPE', 'Only non-refresh tokens are allowed');
const NOT_REFRESH = refusal(422, 'TOKEN_WRONG_TYPE', 'Only refresh tokens are allowed');
const NO_CSRF = csrfFailed('Missing CSRF token');
const MISMATCH = csrfFailed('CSRF double submit tokens do not match');

const COMBINATIONS = ADAPTERS.flatMap((adapter) => [
  { adapter, plugin: false, title: `${adapter}, without a cookie plug-in,` },
  { adapter, plugin: true, title: `${adapter}, with its cookie plug-in,` },
]);

describe.each(COMBINATIONS)('A token cookie, $title', ({ adapter, plugin }) => {
  const configure: AppParts['configure'] = (nest) =>
    plugin ? useCookiePlugin(adapter, nest) : undefined;
  const echo = EchoApp.use(adapter, { locations: ['cookies'] }, { configure });
  const send = (cookie: string | string[]) => echo.send('GET /access', { cookie });

  it.each([
    `${NAME}={access}`,
    `a=b; ${NAME}={access}; c=d`,
    `a=b;${NAME}={access};c=d`,
    `${NAME} = {access}`,
    `\t${NAME}\t=\t{access}\t; a=b`,
    `${NAME}="{access}"`,
    `;; ${NAME}={access} ;`,
    `flag; =; ${NAME}={access}`,
    `$Version=1; ${NAME}={access}; $Path=/`,
    `${NAME}={access}; ${NAME}={access}`,
    `${NAME}="{access}"; ${NAME}={access}`,
    `${NAME}={access}; refresh_${NAME}={other}; ${NAME.toUpperCase()}={other}`,
  ])('accepts the token in the Cookie header %j (R47)', async (cookie) => {
    expect(await send(cookie)).toEqual(IN);
  });

  it('accepts the token in the second of two Cookie headers', async () => {
    expect(await send(['a=b', ACCESS])).toEqual(IN);
  });

  it.each([
    '',
    'a=b',
    NAME,
    `${NAME}=`,
    `${NAME}=""`,
    `${NAME}= ; a=b`,
    'Access_Token_Cookie={access}',
    `x${NAME}={access}`,
    `${NAME}x={access}`,
    `"${NAME}"={access}`,
    `a=${NAME}={access}`,
    'refresh_token_cookie={access}',
    '__proto__={access}',
    `j:{"${NAME}":"{access}"}`,
  ])('finds no token in the Cookie header %j (R47)', async (cookie) => {
    expect(await send(cookie)).toEqual(missing(`Missing cookie "${NAME}"`));
  });

  it('finds no token without a Cookie header', async () => {
    expect(await echo.send('GET /access')).toEqual(missing(`Missing cookie "${NAME}"`));
  });

  it.each([
    `${NAME}={access}; ${NAME}={other}`,
    `${NAME}={other}; ${NAME}={access}`,
    `${NAME}={access}; a=b; ${NAME}={access}; ${NAME}={other}`,
    `${NAME}=; ${NAME}={access}`,
    `${NAME}={access}; ${NAME}=""`,
  ])('refuses two cookies of one name with different values, in %j (R47)', async (cookie) => {
    expect(await send(cookie)).toEqual(invalid(`Multiple values for cookie "${NAME}"`));
  });

  it.each([
    ['foobarbaz', 'Not enough segments'],
    ['j:{"x":1}', 'Not enough segments'],
    ['j:{access}', 'Invalid header padding'],
    ['"{access}', 'Invalid header padding'],
    ['{access}"', 'Invalid crypto padding'],
    ['Bearer {access}', 'Invalid header padding'],
    ['{access}=', 'Invalid crypto padding'],
    ['{access}%20', 'Invalid crypto padding'],
  ])('refuses the value %j, which is not a token (R47, F18)', async (value, msg) => {
    expect(await send(`${NAME}=${value}`)).toEqual(invalid(msg));
  });

  it('refuses a cookie of more than 8192 characters without decoding it (R7)', async () => {
    expect(await send(`${NAME}=${'a'.repeat(8193)}`)).toEqual(invalid('Token is too long'));
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

const MISSING_AT = missing('Missing cookie "__Host-at"');
const MISSING_RT = missing('Missing cookie "rt"');
const MISSING_DEVICE = missing('Missing cookie "device"');
const SWAPPED = '__Host-at={refresh}; rt={access}';

describeRequests(
  'The name of a token cookie',
  { locations: ['cookies'], cookies: { accessName: '__Host-at', refreshName: 'rt' } },
  [
    ['is the configured one', 'GET /access', { cookie: '__Host-at={access}; rt=x' }, IN],
    ['is the configured one', 'GET /refresh', { cookie: 'rt={refresh}; __Host-at=x' }, IN],
    ['is not the default one', 'GET /access', { cookie: ACCESS }, MISSING_AT],
    ['depends on the type', 'GET /refresh', { cookie: '__Host-at={refresh}' }, MISSING_RT],
    ['does not decide the type (R55)', 'GET /access', { cookie: SWAPPED }, NOT_ACCESS],
    ['does not decide the type (R55)', 'GET /refresh', { cookie: SWAPPED }, NOT_REFRESH],
    ['can be set by the route', 'GET /device', { cookie: 'device={access}; __Host-at=x' }, IN],
    ['can be set by the route', 'GET /device', { cookie: '__Host-at={access}' }, MISSING_DEVICE],
    ['is that of access for both types', 'GET /either', { cookie: '__Host-at={refresh}' }, IN],
    ['is that of access for both types', 'GET /either', { cookie: 'rt={refresh}' }, MISSING_AT],
  ],
  { controllers: [NamedCookieController] },
);

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe.each(ADAPTERS)('CSRF protection of a token in a cookie on %s', (adapter) => {
  const echo = EchoApp.use(adapter, { locations: ['cookies'] });
  const post = (presented?: string | string[], cookie = ACCESS, path = '/access') =>
    echo.send(`POST ${path}`, {
      cookie,
      ...(presented !== undefined && { 'x-csrf-token': presented }),
    });
  /** A cookie with an access token of these claims. */
  const forged = (changes: Record<string, unknown>) =>
    `${NAME}=${forgeToken(accessClaims({ csrf: echo.values.csrf, ...changes }))}`;

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', ...extensionMethods('PROPFIND', 'MKCOL', 'SEARCH')])(
    'needs the csrf value of the token with %s (R43)',
    async (method) => {
      const send = (headers: object) =>
        echo.send(`${method} /access`, { cookie: ACCESS, ...headers });
      expect(await send({})).toEqual(NO_CSRF);
      expect(await send({ 'X-CSRF-TOKEN': randomUUID() })).toEqual(MISMATCH);
      expect(await send({ 'X-CSRF-TOKEN': '{csrf}' })).toEqual(IN);
    },
  );

  it.each(['GET', 'HEAD', 'TRACE'])('needs no CSRF value with %s (R43)', async (method) => {
    const headers = { cookie: ACCESS, 'X-CSRF-TOKEN': 'wrong' };
    const answer = await echo.send(`${method} /access`, headers);
    expect(answer).toEqual(method === 'HEAD' ? { ...IN, body: '' } : IN);
  });

  it('depends on the real method, not on one in a header or form field (R43)', async () => {
    const claims = { 'x-http-method-override': 'GET', 'x-method-override': 'GET' };
    const headers = { cookie: ACCESS, ...claims, ...FORM };
    expect(await echo.send('POST /access?_method=GET', headers, '_method=GET')).toEqual(NO_CSRF);
    const overriding = { cookie: ACCESS, 'x-http-method-override': 'POST' };
    expect(await echo.send('GET /access?_method=POST', overriding)).toEqual(IN);
  });

  it.each([
    ['an empty value', '', NO_CSRF],
    ['a blank value', '  ', NO_CSRF],
    ['a shorter value', (csrf: string) => csrf.slice(0, -1), MISMATCH],
    ['a longer value', '{csrf}0', MISMATCH],
    ['the value in capital letters', (csrf: string) => csrf.toUpperCase(), MISMATCH],
    ['the value in quotes', '"{csrf}"', MISMATCH],
    ['a value that is not ASCII', 'é'.repeat(36), MISMATCH],
    ['a value of as many characters', (csrf: string) => `${csrf.slice(0, -1)}é`, MISMATCH],
    ['a list in one header', '{csrf}, {csrf}', MISMATCH],
    ['the text "undefined"', 'undefined', MISMATCH],
    ['a value of 8 KB', '{csrf}'.repeat(220), MISMATCH],
    ['the right value in two headers', ['{csrf}', '{csrf}'], MISMATCH],
    ['the right value in the first of two headers', ['{csrf}', 'x'], MISMATCH],
    ['the right value in the second of two headers', ['x', '{csrf}'], MISMATCH],
  ])('refuses %s (R44, F18, F19)', async (_what, presented, outcome) => {
    const value = typeof presented === 'function' ? presented(echo.values.csrf ?? '') : presented;
    expect(await post(value)).toEqual(outcome);
  });

  const IN_COOKIE = `${ACCESS}; csrf_access_token={csrf}; X-CSRF-TOKEN={csrf}`;

  it.each<[where: string, search: string, headers: Record<string, string>, body: string | object]>([
    ['a cookie', '', { cookie: IN_COOKIE }, ''],
    ['the query', '?csrf_token={csrf}&X-CSRF-TOKEN={csrf}', { cookie: ACCESS }, ''],
    ['a form', '', { cookie: ACCESS, ...FORM }, 'csrf_token={csrf}'],
    ['a JSON body', '', { cookie: ACCESS }, { csrf_token: '{csrf}' }],
  ])('does not take the CSRF value from %s (R41, R45)', async (_where, search, headers, body) => {
    expect(await echo.send(`POST /access${search}`, headers, body)).toEqual(NO_CSRF);
  });

  it('compares with the signed claim, so a planted CSRF cookie changes nothing (R41)', async () => {
    const planted = randomUUID();
    expect(await post('{csrf}', `csrf_access_token=${planted}; ${ACCESS}`)).toEqual(IN);
    expect(await post(planted, `csrf_access_token=${planted}; ${ACCESS}`)).toEqual(MISMATCH);
  });

  it.each([[undefined], [null], [''], [1], [true], [{}], [[]], [['x']], [{ toString: 'x' }]])(
    'refuses a protected method if the csrf claim is %j (R42)',
    async (csrf) => {
      const cookie = forged({ csrf });
      expect(await post('x', cookie)).toEqual(invalid('Missing claim: csrf'));
      expect(await echo.send('GET /access', { cookie, 'x-csrf-token': 'x' })).toEqual(IN);
    },
  );

  const PAST = { exp: Math.floor(Date.now() / 1000) - 1 };
  const badlySigned = () =>
    `${forged({}).split('.', 1)[0]}.${echo.fill(ACCESS).split('.', 3)[1]}.AAAA`;

  it.each<[what: string, csrf: string | undefined, cookie: () => string, outcome: object]>([
    ['the missing value before decoding the token', undefined, () => `${NAME}=foobarbaz`, NO_CSRF],
    [
      'a bad signature before a wrong value',
      'wrong',
      badlySigned,
      invalid('Signature verification failed'),
    ],
    ['a wrong value before the expiry', 'wrong', () => forged(PAST), MISMATCH],
    ['the expiry if the value is right', '{csrf}', () => forged(PAST), EXPIRED],
    ['a wrong value before the wrong type', '{csrf}', () => `${NAME}={refresh}`, MISMATCH],
    [
      'the wrong type if the value is right',
      '{refreshCsrf}',
      () => `${NAME}={refresh}`,
      NOT_ACCESS,
    ],
  ])('reports %s', async (_what, presented, cookie, outcome) => {
    expect(await post(presented, cookie())).toEqual(outcome);
  });

  it.each([
    ['/refresh', 'the refresh', '{refreshCsrf}', IN],
    ['/refresh', 'the access', '{csrf}', MISMATCH],
    ['/access', 'the refresh', '{refreshCsrf}', MISMATCH],
  ])(
    'with both cookies, POST %s with the value of %s token (R44)',
    async (path, _of, csrf, end) => {
      expect(await post(csrf, `${ACCESS}; ${REFRESH}`, path)).toEqual(end);
    },
  );

  it('refuses a cookie without its CSRF value on an optional route (R53)', async () => {
    expect(await post(undefined, ACCESS, '/optional')).toEqual(NO_CSRF);
    const anonymous = await echo.send('POST /optional', { 'x-csrf-token': '{csrf}' });
    expect(anonymous).toEqual(welcome(null, null));
  });
});

describe.each(ADAPTERS)('CSRF protection by header and form on %s', (adapter) => {
  const echo = EchoApp.use(adapter, {
    locations: ['cookies'],
    csrf: {
      checkForm: true,
      accessHeaderName: 'X-Access',
      refreshHeaderName: 'X-Refresh',
      accessFieldName: 'access_field',
      refreshFieldName: 'refresh_field',
    },
  });
  const submit = (body: string | object, headers: object = FORM, path = '/access') =>
    echo.send(`POST ${path}`, { cookie: `${ACCESS}; ${REFRESH}`, ...headers }, body);

  it.each([
    ['/access', { 'x-access': '{csrf}' }, IN],
    ['/refresh', { 'x-refresh': '{refreshCsrf}' }, IN],
    ['/access', { 'x-refresh': '{csrf}' }, NO_CSRF],
    ['/refresh', { 'x-access': '{refreshCsrf}' }, NO_CSRF],
    ['/access', { 'x-csrf-token': '{csrf}' }, NO_CSRF],
  ])('reads on %s only the configured header: %j', async (path, headers, outcome) => {
    expect(await submit('', headers, path)).toEqual(outcome);
  });

  it.each([
    ['/access', 'a=b&access_field={csrf}', IN],
    ['/refresh', 'refresh_field={refreshCsrf}', IN],
    ['/access', 'refresh_field={csrf}&csrf_token={csrf}', NO_CSRF],
    ['/refresh', 'access_field={refreshCsrf}', NO_CSRF],
    ['/access', 'access_field=wrong', MISMATCH],
  ])('reads on %s only the configured form field: %j (R45)', async (path, body, outcome) => {
    expect(await submit(body, FORM, path)).toEqual(outcome);
  });

  it('reads a form whose content type has parameters and capital letters', async () => {
    const type = 'Application/X-WWW-Form-Urlencoded; charset=UTF-8';
    expect(await submit('access_field={csrf}', { 'content-type': type })).toEqual(IN);
  });

  it('uses the header if both are present', async () => {
    expect(await submit('access_field=wrong', { ...FORM, 'x-access': '{csrf}' })).toEqual(IN);
    expect(await submit('access_field={csrf}', { ...FORM, 'x-access': 'wrong' })).toEqual(MISMATCH);
  });

  it.each([
    ['twice', 'access_field={csrf}&access_field={csrf}'],
    ['nested', 'access_field[a]={csrf}'],
    ['on the prototype', '__proto__[access_field]={csrf}'],
    ['empty', 'access_field='],
    ['in other letters', 'ACCESS_FIELD={csrf}'],
  ])('does not accept a form field that is there %s (R45)', async (_, body) => {
    expect(await submit(body)).toEqual(NO_CSRF);
    expect(Object.prototype).not.toHaveProperty('access_field');
  });

  it('does not take the CSRF value from a JSON body, plain text or the query (R45)', async () => {
    expect(await submit({ access_field: '{csrf}' }, {})).toEqual(NO_CSRF);
    const plain = { 'content-type': 'text/plain' };
    expect(await submit('access_field={csrf}', plain)).toEqual(NO_CSRF);
    expect(await submit('a=b', FORM, '/access?access_field={csrf}')).toEqual(NO_CSRF);
  });
});

/** The parser of `@fastify/multipart`, as far as it concerns fields. The body is sent as JSON. */
const attachFields =
  (shape: (name: string, value: unknown, body: object) => unknown): AppParts['configure'] =>
  (nest) => {
    const fastify = (nest as NestFastifyApplication).getHttpAdapter().getInstance();
    fastify.addContentTypeParser('multipart/form-data', { parseAs: 'string' }, (_, text, done) => {
      const body: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(JSON.parse(String(text)) as object))
        body[name] = shape(name, value, body);
      done(null, body);
    });
  };

describe.each<[option: string, configure: AppParts['configure']]>([
  [
    'true',
    attachFields((fieldname, value, fields) => {
      const form = { mimetype: 'text/plain', encoding: '7bit', fields };
      return { type: 'field', fieldname, ...form, value, valueTruncated: false };
    }),
  ],
  ["'keyValues'", attachFields((_name, value) => value)],
])('CSRF protection by a multipart form, with attachFieldsToBody: %s', (_option, configure) => {
  const options = { locations: ['cookies'], csrf: { checkForm: true } } as const;
  const echo = EchoApp.use('fastify', options, { configure });

  it.each([
    ['the right value', { csrf_token: '{csrf}', name: 'x' }, IN],
    ['a wrong value', { csrf_token: 'wrong' }, MISMATCH],
    ['a list', { csrf_token: ['{csrf}'] }, NO_CSRF],
    ['an object', { csrf_token: { csrf_token: '{csrf}' } }, NO_CSRF],
    ['no value', { name: '{csrf}' }, NO_CSRF],
  ])('takes a field with %s as it is (R45)', async (_what, fields, outcome) => {
    const headers = { cookie: ACCESS, 'content-type': 'multipart/form-data; boundary=x' };
    expect(await echo.send('POST /access', headers, JSON.stringify(fields))).toEqual(outcome);
  });
});

describe('CSRF protection by a multipart form that nothing has parsed before the guards', () => {
  const options = { locations: ['cookies'], csrf: { checkForm: true } } as const;
  const echo = EchoApp.use('express', options);

  it('refuses the form, and a line of the debug log says once which header helps', async () => {
    const lines: unknown[] = [];
    const note = (line: unknown) => lines.push(line);
    echo.app.nest.useLogger({ log() {}, warn: note, error: note, debug: note });
    const headers = { cookie: ACCESS, 'content-type': 'multipart/form-data; boundary=x' };
    const body = '--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{csrf}\r\n--x--';
    for (let time = 0; time < 2; time += 1)
      expect(await echo.send('POST /access', headers, body)).toEqual(NO_CSRF);
    expect(lines).toEqual([expect.stringMatching(/^A multipart form .*X-CSRF-TOKEN$/)]);
  });
});

/** Requests with a token in a cookie and without its CSRF value. */
const withoutCsrf = (what: string, outcome: object, methods: readonly string[]) =>
  methods.map((method): Row => [what, `${method} /access`, { cookie: ACCESS }, outcome]);

describeRequests('csrf.methods', { locations: ['cookies'], csrf: { methods: ['post', 'Get'] } }, [
  ...withoutCsrf('protects configured methods in any letter case (R43)', NO_CSRF, ['POST', 'GET']),
  ...withoutCsrf('protects unknown methods (R43)', NO_CSRF, extensionMethods('PROPFIND', 'LOCK')),
  ...withoutCsrf('exempts other methods', IN, ['PUT', 'PATCH', 'DELETE', 'TRACE']),
]);

describeRequests('csrf.protect: false', { locations: ['cookies'], csrf: { protect: false } }, [
  ...withoutCsrf('exempts every method', IN, [
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    ...extensionMethods('PROPFIND'),
  ]),
  ['ignores a CSRF value', 'POST /access', { cookie: ACCESS, 'X-CSRF-TOKEN': 'ignored' }, IN],
]);

const EPOCH = 'Thu, 01 Jan 1970 00:00:00 GMT';
const CLEARED = `Max-Age=0; Path=/; Expires=${EPOCH}`;

/** An application whose handler sets and clears cookies as a test says. */
function useStage(
  adapter: AdapterName,
  options: JwtExtendedOptions = {},
  configure?: AppParts['configure'],
) {
  const echo = EchoApp.use(
    adapter,
    { locations: ['cookies'], ...options },
    { ...STAGE, configure },
  );
  return {
    echo,
    act: (act: Act) => perform(echo.app, act),
    setAccess: (options?: object) =>
      perform(echo.app, (cookies, response) =>
        cookies.setAccessCookies(response, echo.pair.accessToken, options),
      ),
    setRefresh: (options?: object) =>
      perform(echo.app, (cookies, response) =>
        cookies.setRefreshCookies(response, echo.pair.refreshToken, options),
      ),
    /** The lines that set both cookies of a token under the default names. */
    linesOf: (type: TokenType, attributes = 'Path=/', isCleared = false) => {
      const { [type]: token, csrf, refreshCsrf } = echo.values;
      const value = type === 'access' ? csrf : refreshCsrf;
      return [
        `${type}_token_cookie=${isCleared ? '' : token}; ${attributes}; HttpOnly; Secure; SameSite=Lax`,
        `csrf_${type}_token=${isCleared ? '' : value}; ${attributes}; Secure; SameSite=Lax`,
      ];
    },
  };
}

describe.each(ADAPTERS)('TokenCookies on %s', (adapter) => {
  const { echo, act, setAccess, setRefresh, linesOf } = useStage(adapter);

  it('sets an HttpOnly token cookie and a CSRF cookie that scripts can read (R46)', async () => {
    const answer = await setAccess();
    expect(said(answer)).toEqual({ status: 200, body: { done: true } });
    expect(answer.cookies).toEqual(linesOf('access'));
    expect((await setRefresh()).cookies).toEqual(linesOf('refresh'));
  });

  it('sets cookies that the guards accept', async () => {
    const lines = [...(await setAccess()).cookies, ...(await setRefresh()).cookies];
    const cookie = lines.map((line) => line.split(';', 1)[0]).join('; ');
    const send = (path: string, csrf: string) =>
      echo.send(`POST ${path}`, { cookie, 'x-csrf-token': csrf });
    expect(await send('/access', '{csrf}')).toEqual(IN);
    expect(await send('/refresh', '{refreshCsrf}')).toEqual(IN);
  });

  it.each([
    [600, 600],
    ['30d', 2_592_000],
    [0, 0],
  ])('sets Max-Age from the option maxAge: %j', async (maxAge, seconds) => {
    const { cookies } = await setAccess({ maxAge });
    const expected = linesOf('access', `Max-Age=${seconds}; Path=/`);
    expect(cookies.map(withoutValue)).toEqual(expected.map(withoutValue));
  });

  it('sets and clears cookies of the domain in the option', async () => {
    const domain = 'example.com';
    const set = await setRefresh({ domain });
    const cleared = await act((cookies, response) => cookies.unsetCookies(response, { domain }));
    expect(set.cookies).toEqual(linesOf('refresh', 'Domain=example.com; Path=/'));
    expect(cleared.cookies).toHaveLength(4);
    expect(cleared.cookies.filter((line) => !line.includes('; Domain=example.com;'))).toEqual([]);
  });

  it('clears both cookies of each token with the attributes that they were set with (R46)', async () => {
    const access = linesOf('access', CLEARED, true);
    const refresh = linesOf('refresh', CLEARED, true);
    const cleared = async (method: 'unsetAccessCookies' | 'unsetRefreshCookies' | 'unsetCookies') =>
      (await act((cookies, response) => cookies[method](response))).cookies;
    expect(await cleared('unsetAccessCookies')).toEqual(access);
    expect(await cleared('unsetRefreshCookies')).toEqual(refresh);
    expect(await cleared('unsetCookies')).toEqual([...access, ...refresh]);
  });

  it('forbids caching of the response (R69)', async () => {
    const cachingOf = ({ headers }: { headers: Headers }) => [
      headers.get('cache-control'),
      headers.get('pragma'),
    ];
    const answers = [
      await setAccess(),
      await setRefresh(),
      await act((cookies, response) => cookies.unsetAccessCookies(response)),
      await act((cookies, response) => cookies.unsetRefreshCookies(response)),
    ];
    for (const answer of answers) expect(cachingOf(answer)).toEqual(['no-store', 'no-cache']);
    expect(cachingOf(await act(() => undefined))).toEqual([null, null]);
  });

  it('sets both cookies of a pair, with the options for both', async () => {
    const set = (options?: object) =>
      act((cookies, response) => cookies.setPair(response, echo.pair, options));
    expect((await set()).cookies).toEqual([...linesOf('access'), ...linesOf('refresh')]);

    const lines = (await set({ maxAge: '1d', domain: 'example.com' })).cookies;
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(line).toContain('; Max-Age=86400; Domain=example.com; Path=/');
  });

  const forged = (changes: object) => forgeToken(accessClaims({ ...changes }));
  const stale = () => forged({ exp: 1_000_000_000 });
  const OTHER_TYPE = 'is not of type';
  const NO_RESPONSE = 'Cookies need the response of Express or Fastify';

  /** What a handler does wrong, and the error. `a` and `r` are good tokens. */
  const MISTAKES: readonly [
    what: string,
    call: (cookies: TokenCookies, response: HttpResponse, a: string, r: string) => void,
    error: readonly [name: string, message: string],
  ][] = [
    ...(['15', -1, 1.5, Number.NaN, null, true, {}] as string[]).map(
      (maxAge) =>
        [
          `the maxAge ${String(maxAge)}`,
          (c, res, a) => c.setAccessCookies(res, a, { maxAge }),
          ['JwtExtendedConfigError', 'maxAge was given'],
        ] as (typeof MISTAKES)[number],
    ),
    ...(['a.com; Secure', 'a.com\r\nX: y', 'exämple.com', '', 5, null] as string[]).flatMap(
      (domain) =>
        [
          [
            `the domain ${JSON.stringify(domain)}`,
            (c, res, a) => c.setAccessCookies(res, a, { domain }),
            ['JwtExtendedConfigError', 'domain was given'],
          ],
          [
            `the domain ${JSON.stringify(domain)} when it clears`,
            (c, res) => c.unsetCookies(res, { domain }),
            ['JwtExtendedConfigError', 'domain was given'],
          ],
        ] as (typeof MISTAKES)[number][],
    ),
    [
      'an unknown option',
      (c, res, a) => c.setAccessCookies(res, a, { maxage: 1 } as object),
      ['JwtExtendedConfigError', 'did you mean setAccessCookies.maxAge?'],
    ],
    [
      'an option of setting when it clears',
      (c, res) => c.unsetCookies(res, { maxAge: 1 } as object),
      ['JwtExtendedConfigError', 'unsetCookies.maxAge is not an option'],
    ],
    [
      'options that are no object',
      (c, res, a) => c.setAccessCookies(res, a, 5 as never),
      ['TypeError', 'The options of setAccessCookies must be an object'],
    ],
    ['a refresh token', (c, res, _, r) => c.setAccessCookies(res, r), ['TypeError', OTHER_TYPE]],
    ['an access token', (c, res, a) => c.setRefreshCookies(res, a), ['TypeError', OTHER_TYPE]],
    [
      'a pair the wrong way round',
      (c, res, a, r) => c.setPair(res, { accessToken: r, refreshToken: a }),
      ['TypeError', OTHER_TYPE],
    ],
    [
      'a pair of which the second token is bad',
      (c, res, a) => c.setPair(res, { accessToken: a, refreshToken: 'foobarbaz' }),
      ['InvalidTokenError', 'Not enough segments'],
    ],
    [
      'no pair',
      (c, res) => c.setPair(res, undefined as never),
      ['TypeError', 'The access token must be text, not undefined'],
    ],
    [
      'an expired token',
      (c, res) => c.setAccessCookies(res, stale()),
      ['ExpiredTokenError', 'Token has expired'],
    ],
    [
      "another module's token",
      (c, res) => c.setAccessCookies(res, forgeToken(accessClaims(), undefined, 'x'.repeat(64))),
      ['InvalidTokenError', 'Signature verification failed'],
    ],
    [
      'a token without a type',
      (c, res) => c.setAccessCookies(res, forged({ type: undefined })),
      ['InvalidTokenError', 'Missing or invalid claim: type'],
    ],
    [
      'a token without a csrf claim',
      (c, res) => c.setAccessCookies(res, forged({ csrf: undefined })),
      ['InvalidTokenError', 'Missing claim: csrf'],
    ],
    [
      'a token with a number for its csrf claim',
      (c, res) => c.setAccessCookies(res, forged({ csrf: 5 })),
      ['InvalidTokenError', 'Missing claim: csrf'],
    ],
    [
      'text that is no token',
      (c, res) => c.setAccessCookies(res, 'foobarbaz'),
      ['InvalidTokenError', 'Not enough segments'],
    ],
    [
      'no token',
      (c, res) => c.setAccessCookies(res, undefined as never),
      ['TypeError', 'The access token must be text, not undefined'],
    ],
    [
      'a promise',
      (c, res) => c.setAccessCookies(res, Promise.resolve('a.b.c') as never),
      ['TypeError', 'must be text, not an object of type Promise: await the call that makes it'],
    ],
    ...[undefined, null, 'response', {}, { getHeader() {} }, { header() {} }].flatMap(
      (response) =>
        [
          [
            `${JSON.stringify(response)} for a response`,
            (c, _, a) => c.setAccessCookies(response as never, a),
            ['TypeError', NO_RESPONSE],
          ],
          [
            `${JSON.stringify(response)} for a response when it clears`,
            (c) => c.unsetCookies(response as never),
            ['TypeError', NO_RESPONSE],
          ],
        ] as (typeof MISTAKES)[number][],
    ),
  ];

  it.each(MISTAKES)('throws at once and sets no cookie for %s', async (_what, call, error) => {
    const { accessToken, refreshToken } = echo.pair;
    const thrown: Error[] = [];
    const answer = await act((cookies, response) => {
      try {
        call(cookies, response, accessToken, refreshToken);
      } catch (fault) {
        thrown.push(fault as Error);
      }
    });
    const [name, message] = error;
    expect(thrown.map((each) => each.constructor.name)).toEqual([name]);
    expect(thrown[0]?.message).toContain(message);
    expect(answer).toMatchObject({ status: 200, cookies: [] });
    expect(answer.headers.get('cache-control')).toBeNull();
  });

  /** An access token with a claim of so many letters in a cookie of so many bytes. */
  const tokenOf = (bytes: number) => {
    const make = (length: number) => forged({ roles: 'r'.repeat(length), name: 'n'.repeat(99) });
    let length = bytes - make(0).length - NAME.length;
    length = Math.floor((length * 3) / 4);
    while (make(length).length + NAME.length < bytes) length += 1;
    return make(length);
  };

  it('sets a cookie of 4096 bytes, and refuses a longer one with the names of the largest claims', async () => {
    const { refreshToken } = echo.pair;
    const fits = tokenOf(4096);
    expect(fits.length + NAME.length).toBe(4096);
    const answer = await act((cookies, response) => cookies.setAccessCookies(response, fits));
    expect(answer.cookies[0]).toContain(`${NAME}=${fits};`);

    const pair = { accessToken: tokenOf(4098), refreshToken };
    const bytes = pair.accessToken.length + NAME.length;
    const faults: unknown[] = [];
    const none = await act((cookies, response) => {
      for (const set of [
        () => cookies.setAccessCookies(response, pair.accessToken),
        () => cookies.setPair(response, pair),
      ])
        try {
          set();
        } catch (fault) {
          faults.push(fault);
        }
    });
    expect(none.cookies).toEqual([]);
    expect(faults).toHaveLength(2);
    for (const fault of faults)
      expect(fault).toMatchObject({
        name: 'TokenCreationError',
        message: expect.stringMatching(
          `^The cookie ${NAME} would have ${bytes} bytes of name and value, .* more than 4096: .*: ` +
            '"roles" \\(\\d+ bytes\\), "name" \\(101 bytes\\), "jti" \\(38 bytes\\)$',
        ),
      });
  });

  it('sets no CSRF cookie, and none beside it, that browsers would drop', async () => {
    const answer = await act((cookies, response) => {
      expect(() => cookies.setAccessCookies(response, forged({ csrf: '%'.repeat(1400) }))).toThrow(
        /^The cookie csrf_access_token would have \d+ bytes.*"csrf" \(1402 bytes\)/,
      );
    });
    expect(answer.cookies).toEqual([]);
  });

  it.each<[what: string, send: (response: Record<string, () => unknown>) => unknown]>([
    ['the answer was sent', (response) => response.send?.()],
    [
      'the headers were written to the socket',
      (response) => ((response.raw ?? response) as typeof response).flushHeaders?.(),
    ],
    ...(adapter === 'fastify'
      ? ([['the reply was hijacked', (response) => response.hijack?.()]] as [
          string,
          (response: Record<string, () => unknown>) => unknown,
        ][])
      : []),
  ])('throws after %s', async (_what, send) => {
    const faults: unknown[] = [];
    echo.app.nest.useLogger(false);
    await act((cookies, response) => {
      send(response as never);
      for (const change of [
        () => cookies.setAccessCookies(response, echo.pair.accessToken),
        () => cookies.unsetCookies(response),
      ])
        try {
          change();
        } catch (fault) {
          faults.push(fault);
        }
      const { raw = response } = response as { raw?: object };
      (raw as { end(): void }).end();
    });
    expect(faults).toHaveLength(2);
    for (const fault of faults)
      expect((fault as Error).message).toContain('the headers of the response have been sent');
  });

  it.each([
    ['an expired token', stale, EXPIRED],
    ['text that is not a token', () => 'foobarbaz', invalid('Not enough segments')],
  ])('answers with the refusal of %s if the handler does not catch it', async (_, token, end) => {
    const answer = await act((cookies, response) => cookies.setAccessCookies(response, token()));
    expect(said(answer)).toEqual(end);
  });

  /** Sets a cookie as an application without a plug-in sets it. */
  const setByHand = (response: HttpResponse) => {
    const { header } = response as FastifyLikeReply;
    if (adapter === 'fastify') header.call(response, 'Set-Cookie', 'mine=1');
    else (response as ExpressLikeResponse).setHeader('Set-Cookie', 'mine=1');
  };

  it('keeps cookies that the handler set itself', async () => {
    const { cookies } = await act((tokenCookies, response) => {
      setByHand(response);
      tokenCookies.setAccessCookies(response, echo.pair.accessToken);
      tokenCookies.unsetRefreshCookies(response);
    });
    expect(cookies).toEqual(['mine=1', ...linesOf('access'), ...linesOf('refresh', CLEARED, true)]);
  });
});

/** The attributes of cleared cookies that differ from those of the cookie that was set. */
const gone = (path: string) => `Max-Age=0; Domain=example.com; Path=${path}; Expires=${EPOCH}`;

const DEFAULT_LINES = [
  `${ACCESS}; Path=/; HttpOnly; Secure; SameSite=Lax`,
  'csrf_access_token={csrf}; Path=/; Secure; SameSite=Lax',
  `${REFRESH}; Path=/; HttpOnly; Secure; SameSite=Lax`,
  'csrf_refresh_token={refreshCsrf}; Path=/; Secure; SameSite=Lax',
  `access_token_cookie=; ${CLEARED}; HttpOnly; Secure; SameSite=Lax`,
  `csrf_access_token=; ${CLEARED}; Secure; SameSite=Lax`,
  `refresh_token_cookie=; ${CLEARED}; HttpOnly; Secure; SameSite=Lax`,
  `csrf_refresh_token=; ${CLEARED}; Secure; SameSite=Lax`,
];
const WITHOUT_CSRF = DEFAULT_LINES.filter((line) => !line.startsWith('csrf_'));

/** Options, the lines that set both tokens and clear all cookies, and the options of the refresh cookies. */
const CONFIGURED: readonly [string, JwtExtendedOptions, readonly string[], object?][] = [
  [
    'configured names, paths and domain',
    {
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
    },
    [
      '__Secure-at={access}; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=None',
      'xsrf={csrf}; Domain=example.com; Path=/app; Secure; SameSite=None',
      'rt={refresh}; Domain=auth.example.com; Path=/auth; HttpOnly; Secure; SameSite=None',
      'rxsrf={refreshCsrf}; Domain=auth.example.com; Path=/auth/form; Secure; SameSite=None',
      `__Secure-at=; ${gone('/')}; HttpOnly; Secure; SameSite=None`,
      `xsrf=; ${gone('/app')}; Secure; SameSite=None`,
      `rt=; ${gone('/auth')}; HttpOnly; Secure; SameSite=None`,
      `rxsrf=; ${gone('/auth/form')}; Secure; SameSite=None`,
    ],
    { domain: 'auth.example.com' },
  ],
  [
    'SameSite=Strict and without Secure',
    { cookies: { secure: false, sameSite: 'strict' } },
    DEFAULT_LINES.map((line) => line.replace('Secure; SameSite=Lax', 'SameSite=Strict')),
  ],
  [
    'cookies.partitioned',
    { cookies: { partitioned: true, sameSite: 'none' } },
    DEFAULT_LINES.map((line) =>
      line.replace('Secure; SameSite=Lax', 'Secure; Partitioned; SameSite=None'),
    ),
  ],
  ['csrf.inCookies: false', { csrf: { inCookies: false } }, WITHOUT_CSRF],
  ['csrf.protect: false', { csrf: { protect: false } }, WITHOUT_CSRF],
  ['no location `cookies`', { locations: ['headers'] }, DEFAULT_LINES],
];

describe.each(
  ADAPTERS.flatMap((adapter) => CONFIGURED.map((row) => ({ adapter, what: row[0], row }))),
)('TokenCookies on $adapter with $what', ({ adapter, row: [, options, lines, perCall] }) => {
  const { echo, act } = useStage(adapter, options);

  it('sets and clears cookies accordingly', async () => {
    const { accessToken, refreshToken } = echo.pair;
    const { cookies } = await act((tokenCookies, response) => {
      tokenCookies.setAccessCookies(response, accessToken);
      tokenCookies.setRefreshCookies(response, refreshToken, perCall);
      tokenCookies.unsetCookies(response);
    });
    expect(cookies).toEqual(lines.map((line) => echo.fill(line)));
  });

  it('issues tokens with a csrf claim unless csrf.protect is off', () => {
    const isProtected = options.csrf?.protect !== false;
    expect(Object.keys(claimsOf(echo.pair.accessToken)).includes('csrf')).toBe(isProtected);
  });
});

describe.each(ADAPTERS)('TokenCookies on %s with names that begin with __Host-', (adapter) => {
  const { echo, act } = useStage(adapter, {
    cookies: { accessName: '__Host-at' },
    csrf: { refreshCookieName: '__host-rcsrf' },
  });

  it('take no domain, with which browsers would drop them', async () => {
    const domain = 'example.com';
    const answer = await act((cookies, response) => {
      for (const change of [
        () => cookies.setPair(response, echo.pair, { domain }),
        () => cookies.setRefreshCookies(response, echo.pair.refreshToken, { domain }),
        () => cookies.unsetCookies(response, { domain }),
      ])
        expect(change).toThrow(
          /^domain was given 'example.com'; the prefix of __[Hh]ost-\w+ demands no domain$/,
        );
    });
    expect(answer).toMatchObject({ status: 200, cookies: [] });
  });
});

describe('TokenCookies with userClaimsKey', () => {
  const { act } = useStage('express', { userClaimsKey: 'user' });

  it('names the claims of the application if a cookie is too long', async () => {
    const user = { permissions: 'p'.repeat(4000), ['n'.repeat(99)]: 'n'.repeat(200) };
    const token = forgeToken(accessClaims({ user }));
    const named = ['"permissions" (4002 bytes)', `"${'n'.repeat(64)}" (202 bytes)`].join(', ');
    const answer = await act((cookies, response) => {
      expect(() => cookies.setAccessCookies(response, token)).toThrow(named);
    });
    expect(answer.cookies).toEqual([]);
  });
});

describe('TokenCookies on fastify, with the response of Node that a handler took over,', () => {
  const { echo, act, linesOf } = useStage('fastify');

  it('sets cookies on it', async () => {
    const { cookies } = await act((tokenCookies, response) => {
      const reply = response as FastifyLikeReply & { hijack(): void; raw: ServerResponse };
      reply.hijack();
      tokenCookies.setPair(reply.raw, echo.pair);
      reply.raw.end();
    });
    expect(cookies).toEqual([...linesOf('access'), ...linesOf('refresh')]);
  });
});

describe.each(ADAPTERS)('TokenCookies with cookies.session: false on %s', (adapter) => {
  const clock = new Clock();
  const { setAccess, setRefresh, linesOf } = useStage(adapter, {
    cookies: { session: false },
    accessTokenExpires: '15m',
    refreshTokenExpires: false,
    leeway: 30,
    clock: clock.now,
  });

  it("sets Max-Age to the rest of the token's life, or to a year if the token never expires", async () => {
    const expectAge = async (seconds: number, maxAge?: string) =>
      expect((await setAccess({ maxAge })).cookies).toEqual(
        linesOf('access', `Max-Age=${seconds}; Path=/`),
      );
    await expectAge(900);
    clock.forward(300);
    await expectAge(600);
    clock.forward(0.5);
    await expectAge(599);
    await expectAge(60, '1m');
    clock.forward(610);
    await expectAge(0);
    expect((await setRefresh()).cookies).toEqual(linesOf('refresh', 'Max-Age=31540000; Path=/'));
  });
});

describe.each(ADAPTERS)('TokenCookies on %s, with its cookie plug-in,', (adapter) => {
  const { echo, act, linesOf } = useStage(adapter, {}, (nest) => useCookiePlugin(adapter, nest));
  /** Sets a cookie by `response.cookie` of Express, or `reply.setCookie` of its plug-in for Fastify. */
  const setByPlugin = (response: unknown, name: string) => {
    const { cookie, setCookie } = response as Record<'cookie' | 'setCookie', unknown>;
    const set = (adapter === 'fastify' ? setCookie : cookie) as (n: string, v: string) => void;
    set.call(response, name, '1');
  };

  it('keeps cookies that the plug-in set before and after', async () => {
    const { cookies } = await act((tokenCookies, response) => {
      setByPlugin(response, 'before');
      tokenCookies.setAccessCookies(response, echo.pair.accessToken);
      setByPlugin(response, 'after');
    });
    const names = cookies.map((line) => line.split('=', 1)[0]);
    expect(names.sort()).toEqual([NAME, 'after', 'before', 'csrf_access_token']);
    expect(cookies).toEqual(expect.arrayContaining(linesOf('access')));
  });
});

function withoutValue(line: string): string {
  return line.replace(/=[^;]*/, '');
}
