import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ForbiddenException } from '@nestjs/common';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  BlocklistService,
  type JwtExtendedOptions,
  type LoginOptions,
  SessionService,
  type TokenPair,
} from '../../../src/index.js';
import { expectRefusal } from '../../../src/testing/index.js';
import { ADAPTERS, type RunningApp } from '../../support/app.js';
import { ALICE, pairIn, Users } from '../../support/endpoints.js';
import { hanging, rejecting, throwing } from '../../support/faults.js';
import { Clock, forgeToken, NOW } from '../../support/forge.js';
import { exchangesIn } from '../../support/http-block.js';
import { blocksIn } from '../../support/readme.js';
import { DebugLog, ErrorLog } from '../../support/routes.js';
import { compileSample, Sample } from '../../support/sample.js';
import { claimsOf } from '../../support/tokens.js';
import { refusal, said, sendRaw, welcome } from '../../support/transport.js';
import { ALL_COOKIES, inBrowser, shown, start, uncached } from './endpoint-apps.js';

const REFUSED = 'The body of a login was refused: ';
const JSON_TYPE = { 'content-type': 'application/json' };
const BAD = refusal(401, 'CREDENTIALS_INVALID', 'Bad username or password');
const UNAVAILABLE = refusal(503, 'CHECK_UNAVAILABLE', 'Token could not be checked');

describe.each(ADAPTERS)('POST /auth on %s', (adapter) => {
  const users = new Users();
  const { authenticate } = users;
  const clock = new Clock();
  let app: RunningApp;

  beforeAll(async () => {
    const options = { login: { authenticate }, clock: clock.now, realm: 'shop' };
    app = await start(adapter, { options });
  });

  it('returns a fresh pair of one session and forbids caching (R69)', async () => {
    const answer = await app.send('POST', '/auth', { json: ALICE });

    const { access, refresh } = pairIn(answer.body);
    const body = { access_token: access, refresh_token: refresh };
    expect(shown(answer)).toEqual(uncached({ status: 200, body }));
    const session = { sub: 'alice', sid: claimsOf(access).sid, auth_time: NOW };
    expect(claimsOf(access)).toMatchObject({ ...session, type: 'access', fresh: true });
    expect(claimsOf(refresh)).toMatchObject({ ...session, type: 'refresh', fresh: false });
    expect(said(await app.send('GET', '/vault', { token: access }))).toEqual(welcome('headers'));
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="utf-8"',
  ])('accepts a body of the content type %s', async (type) => {
    const body = JSON.stringify(ALICE);
    const { status } = await app.send('POST', '/auth', { body, headers: { 'content-type': type } });
    expect(status).toBe(200);
  });

  it.each([
    ['a wrong password', { username: 'alice', password: 'looking-glass' }],
    ['an unknown user', { username: 'mallory', password: 'wonderland' }],
    ['a name that every object inherits', { username: '__proto__', password: 'wonderland' }],
  ])('refuses %s with a challenge (R71)', async (_what, json) => {
    const answer = await app.send('POST', '/auth', { json });
    expect(shown(answer)).toEqual(uncached(BAD));
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="shop"');
  });

  it.each<[what: string, body: string, type?: string]>([
    ['nothing', '', ''],
    ['an empty object', '{}'],
    ['an array', '["alice","wonderland"]'],
    ['an array of both', `[${JSON.stringify(ALICE)}]`],
    ['only a username', '{"username":"alice"}'],
    ['only a password', '{"password":"wonderland"}'],
    ['an empty username', '{"username":"","password":"wonderland"}'],
    ['an empty password', '{"username":"alice","password":""}'],
    ['null for both', '{"username":null,"password":null}'],
    ['numbers', '{"username":1,"password":2}'],
    ['true', '{"username":true,"password":true}'],
    ['a query for a database', '{"username":{"$gt":""},"password":{"$ne":""}}'],
    ['arrays', '{"username":["alice"],"password":["wonderland"]}'],
    ['an additional member', '{"username":"alice","password":"wonderland","admin":true}'],
    ['other names', '{"user":"alice","pass":"wonderland"}'],
    ['names in capitals', '{"Username":"alice","Password":"wonderland"}'],
    ['a form', 'username=alice&password=wonderland', 'application/x-www-form-urlencoded'],
    ['JSON with the content type of text', JSON.stringify(ALICE), 'text/plain'],
    ['JSON with the content type of a script', JSON.stringify(ALICE), 'application/jsonp'],
  ])(
    'refuses a body of %s as bad credentials without calling login.authenticate',
    async (_what, body, type = 'application/json') => {
      users.asked.length = 0;
      const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };

      const answer = await sendRaw(app, 'POST', '/auth', { headers, body });

      // Fastify itself refuses a body of a type that it has no parser for.
      const isUnread = adapter === 'fastify' && type === 'application/jsonp';
      expect(said(answer)).toEqual(isUnread ? { status: 415, body: expect.anything() } : BAD);
      expect(users.asked).toEqual([]);
    },
  );

  it.each([
    ['null', [400, 401], 'null'],
    ['a number', [400, 401], '5'],
    ['text', [400, 401], '"alice"'],
    ['nothing with the content type of JSON', [400, 401], ''],
    ['inherited names', [400, 401], '{"__proto__":{"username":"alice","password":"wonderland"}}'],
    ['broken JSON', [400], '{"username":'],
    ['two megabytes', [413], JSON.stringify({ ...ALICE, password: 'x'.repeat(2 ** 21) })],
  ])('refuses a body of %s with a status of %j', async (_what, statuses, body) => {
    users.asked.length = 0;
    const { status } = await sendRaw(app, 'POST', '/auth', { headers: JSON_TYPE, body });
    expect(statuses).toContain(status);
    expect(users.asked).toEqual([]);
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE'])('does not accept %s', async (method) => {
    const body = JSON.stringify(ALICE);
    const { status } = await sendRaw(app, method, '/auth', { headers: JSON_TYPE, body });
    expect(status).toBe(404);
  });

  it('reads the members named by usernameKey and passwordKey', async () => {
    const login = { authenticate, usernameKey: 'email', passwordKey: 'secret' };
    const own = await start(adapter, { options: { login } });
    const json = { email: 'alice', secret: 'wonderland' };
    expect((await own.send('POST', '/auth', { json })).status).toBe(200);
    expect(said(await own.send('POST', '/auth', { json: ALICE }))).toEqual(BAD);
  });
});

describe.each(ADAPTERS)('The body of a login on %s', (adapter) => {
  const users = new Users();
  const { authenticate } = users;
  const log = new DebugLog();
  let app: RunningApp;

  beforeAll(async () => {
    const login = { authenticate, fields: ['remember', 'device'] };
    app = await start(adapter, { options: { login } });
    app.nest.useLogger(log);
  });

  /** The answer to a body, and what is logged about it. */
  async function loggedBy(body: unknown, type = 'application/json') {
    log.lines.length = 0;
    users.asked.length = 0;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
    const answer = await sendRaw(app, 'POST', '/auth', { headers, body: text });
    return { ...said(answer), lines: log.lines.map((line) => line.replace(REFUSED, '')) };
  }

  it.each([{}, { remember: true }, { device: { name: ['phone'] }, remember: null }])(
    'may have the members of login.fields with any values: %j',
    async (more) => {
      expect(await loggedBy({ ...ALICE, ...more })).toMatchObject({ status: 200, lines: [] });
    },
  );

  const ALLOWED = ', which login.fields could allow';

  it.each<[body: unknown, reason: string]>([
    [{ ...ALICE, admin: true }, `unexpected 'admin'${ALLOWED}`],
    [{ ...ALICE, Remember: true, x: 1 }, `unexpected 'Remember', 'x'${ALLOWED}`],
    [{ username: 'alice', remember: true }, "missing 'password'"],
    [
      { Username: 'alice', password: '' },
      `unexpected 'Username'${ALLOWED}; missing 'username'; not a string, or empty: 'password'`,
    ],
    [{}, "missing 'username', 'password'"],
    [{ ...ALICE, password: 7 }, "not a string, or empty: 'password'"],
    [{ username: ['alice'], password: '' }, "not a string, or empty: 'username', 'password'"],
    [
      { username: { toString: 'x' }, password: null },
      "not a string, or empty: 'username', 'password'",
    ],
    [[ALICE.username, ALICE.password], 'it is not an object'],
    [
      { ...ALICE, 'a\nb': 1, ['x'.repeat(500)]: 1 },
      `unexpected a string of 3 characters, a string of 500 characters${ALLOWED}`,
    ],
    [
      { ...ALICE, ...Object.fromEntries(Array.from('abcdefgh', (name) => [name, 1])) },
      `unexpected 'a', 'b', 'c', 'd', 'e', more${ALLOWED}`,
    ],
    [
      { ...ALICE, toString: 1, hasOwnProperty: 2 },
      `unexpected 'toString', 'hasOwnProperty'${ALLOWED}`,
    ],
  ])('is refused as bad credentials, and the log names its members: %j', async (body, reason) => {
    const found = await loggedBy(body);
    expect(found).toEqual({ ...BAD, lines: [reason] });
    expect(users.asked).toEqual([]);
    expect(log.lines.join()).not.toMatch(/alice|wonderland/);
  });

  it.each([
    ['username=alice&password=wonderland', 'application/x-www-form-urlencoded'],
    [JSON.stringify(ALICE), 'text/plain'],
    ['', ''],
  ])('%j of the type %j is refused for its type', async (body, type) => {
    const lines = ['the content type is not JSON'];
    expect(await loggedBy(body, type)).toEqual({ ...BAD, lines });
  });

  it.each<[what: string, body: string]>([
    ['names of the prototype', '{"__proto__":{"username":"alice"},"password":"wonderland"}'],
    ['a constructor', '{"constructor":{"prototype":{"username":"alice"}},"password":"wonderland"}'],
    [
      'two members of one name',
      '{"username":"alice","username":["alice"],"password":"wonderland"}',
    ],
    [
      'ten thousand members',
      JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [n, n]))),
    ],
    ['a hundred levels', `{"username":${'['.repeat(5000)}${']'.repeat(5000)},"password":"x"}`],
    ['a lone surrogate', '{"username":"\\ud800","password":"wonderland"}'],
    ['a NUL', '{"username":"alice\\u0000","password":"wonderland"}'],
  ])('never makes the login fail with 500: %s', async (_what, body) => {
    const { status } = await loggedBy(body);
    // Fastify itself refuses names of the prototype.
    const isUnread = adapter === 'fastify' && /__proto__|constructor/.test(body);
    expect(status).toBe(isUnread ? 400 : 401);
  });
});

describe.each(ADAPTERS)('login.pairOptions on %s', (adapter) => {
  const { authenticate } = new Users();

  /** The answer to a login of alice with a body, and the errors that are logged. */
  async function loggedIn(
    pairOptions: LoginOptions['pairOptions'],
    options: JwtExtendedOptions = {},
    more: object = {},
  ) {
    const log = new ErrorLog();
    const login = { authenticate, pairOptions, fields: ['remember'] };
    const app = await start(adapter, { options: { login, loaderTimeout: '50ms', ...options } });
    app.nest.useLogger(log);
    const answer = await app.send('POST', '/auth', { json: { ...ALICE, ...more } });
    return { app, answer, errors: log.errors };
  }

  it('decides about the session with subject and request', async () => {
    const clock = new Clock();
    const pairOptions: LoginOptions['pairOptions'] = async (subject: string, { request }) => ({
      additionalClaims: { who: subject, how: (request as { method: string }).method },
      accessExpiresIn: '1m',
      refreshExpiresIn: '1h',
      note: 'the kitchen',
    });
    const options = { clock: clock.now, sessions: { list: true } };
    const { app, answer } = await loggedIn(pairOptions, options);
    const { access, refresh } = pairIn(answer.body);
    const custom = { who: 'alice', how: 'POST' };
    expect(claimsOf(access)).toMatchObject({ ...custom, exp: NOW + 60, fresh: true });
    expect(claimsOf(refresh)).toMatchObject({ ...custom, exp: NOW + 3600 });
    const [session] = await app.get(SessionService).list('alice');
    expect(session).toMatchObject({ note: 'the kitchen' });
    const again = await app.send('POST', '/auth/refresh', { token: refresh });
    expect(claimsOf(pairIn(again.body).access)).toMatchObject({ ...custom, exp: NOW + 60 });
  });

  it.each<[remember: unknown, maxAge: boolean]>([
    [true, true],
    [false, false],
    [undefined, false],
  ])('makes cookies persistent for a body with remember: %j', async (remember, isKept) => {
    const { app, answer } = await loggedIn(
      (_user, { request }) => ({
        remember: (request as { body: { remember?: boolean } }).body.remember === true,
      }),
      { locations: ['cookies'] },
      { remember },
    );
    const kept = (lines: readonly string[]) => lines.map((line) => /Max-Age=\d{3}/.test(line));
    expect(kept(answer.cookies)).toEqual([isKept, isKept, isKept, isKept]);
    const [access = '', , refresh = '', csrf = ''] = answer.cookies.map(
      (line) => line.split(';')[0] ?? '',
    );
    const again = await app.send('POST', '/auth/refresh', {
      headers: { cookie: `${access}; ${refresh}`, 'x-csrf-token': csrf.split('=')[1] ?? '' },
    });
    expect(kept(again.cookies)).toEqual([isKept, isKept, isKept, isKept]);
  });

  it.each<[given: unknown, fresh: unknown]>([
    [undefined, true],
    [null, true],
    [{}, true],
    [{ fresh: undefined }, true],
    [{ fresh: false }, false],
    [{ fresh: '10m' }, NOW + 600],
  ])('of %j gives an access token with fresh: %j', async (given, fresh) => {
    const { answer } = await loggedIn(() => given as object, { clock: new Clock().now });
    expect(claimsOf(pairIn(answer.body).access).fresh).toBe(fresh);
  });

  it('cannot keep a login alive that a revocation has overtaken', async () => {
    const app: RunningApp = await start(adapter, {
      options: {
        login: {
          authenticate: async (username) => {
            await app.get(BlocklistService).revokeAllFor(username);
            return username;
          },
          pairOptions: () => ({ accessExpiresIn: '1h' }),
        },
      },
    });
    const { access } = pairIn((await app.send('POST', '/auth', { json: ALICE })).body);
    const answer = access === '' ? 401 : (await app.send('GET', '/room', { token: access })).status;
    expect(answer).toBe(401);
  });

  const NAMES =
    'return an object with any of additionalClaims, additionalHeaders, accessExpiresIn, refreshExpiresIn, sessionId, fresh, remember, note';

  it.each<[what: string, given: unknown, message: string]>([
    ['text', 'secret-canary', `login.pairOptions returned a string of 13 characters; ${NAMES}`],
    ['true', true, `login.pairOptions returned a boolean; ${NAMES}`],
    ['a list', ['remember'], `login.pairOptions returned an array; ${NAMES}`],
    ['a Map', new Map(), `login.pairOptions returned an object of type Map; ${NAMES}`],
    [
      'an unknown name',
      { rember: true },
      `login.pairOptions returned the member 'rember'; ${NAMES}`,
    ],
    [
      'the moment, which the endpoint notes',
      { authenticatedAt: new Date() },
      `login.pairOptions returned the member 'authenticatedAt'; ${NAMES}`,
    ],
    ['a request', { request: {} }, `login.pairOptions returned the member 'request'; ${NAMES}`],
    ['a wrong remember', { remember: 'yes' }, 'remember must be true or false'],
    [
      'a reserved claim',
      { additionalClaims: { exp: 0 } },
      "additionalClaims may not contain 'exp': the name is reserved",
    ],
  ])('makes the login fail with 500 and a log if it gives %s', async (_what, given, message) => {
    const { answer, errors } = await loggedIn(() => given as object, { locations: ['cookies'] });
    const body = { statusCode: 500, message: 'Internal server error' };
    expect(shown(answer)).toMatchObject({ status: 500, body, cookies: [] });
    expect(errors).toEqual([message]);
  });

  it.each<[what: string, pairOptions: NonNullable<LoginOptions['pairOptions']>, reason: string]>([
    ['throws', throwing(new Error('secret-canary')), 'secret-canary'],
    ['hangs', hanging, 'it did not answer within 50 ms'],
  ])('makes the login fail with 503 and a log if it %s', async (_what, pairOptions, reason) => {
    const { answer, errors } = await loggedIn(pairOptions);
    expect(shown(answer)).toEqual(uncached(UNAVAILABLE));
    expect(errors).toEqual([`login.pairOptions failed: ${reason}`]);
  });

  it('can throw an HttpException, which keeps its status', async () => {
    const { answer } = await loggedIn(throwing(new ForbiddenException({ msg: 'No' })));
    expect(shown(answer)).toEqual(uncached({ status: 403, body: { msg: 'No' } }));
  });
});

describe.each(ADAPTERS)('The functions of login on %s', (adapter) => {
  const { authenticate } = new Users();

  /** The answer to a login of alice, and the errors that are logged. */
  async function loggedIn(login: LoginOptions, options: JwtExtendedOptions = {}) {
    const log = new ErrorLog();
    const app = await start(adapter, { options: { login, loaderTimeout: '50ms', ...options } });
    app.nest.useLogger(log);
    const answer = await app.send('POST', '/auth', { json: ALICE });
    return { answer, shown: shown(answer), errors: log.errors };
  }

  it('receive the request, and the result of login.authenticate is the subject', async () => {
    const seen: unknown[] = [];
    const see = ({ request }: { request?: { headers: object } }) =>
      seen.push((request?.headers as Record<string, string>)['user-agent']);
    const app = await start(adapter, {
      options: {
        login: {
          authenticate: async (username, _password, context) => {
            see(context);
            return { id: 7, name: username };
          },
        },
        loaders: {
          userIdentity: (user: { id: number }) => String(user.id),
          userLookup: () => ({ id: 7, name: 'alice' }),
          additionalClaims: (user: { name: string }, context) => {
            see(context);
            return { name: user.name };
          },
        },
      },
    });

    const headers = { 'user-agent': 'tea party' };
    const { body } = await app.send('POST', '/auth', { json: ALICE, headers });

    expect(claimsOf(pairIn(body).access)).toMatchObject({ sub: '7', name: 'alice' });
    expect(new Set(seen)).toEqual(new Set(['tea party']));
  });

  it('are called with their object as `this`', async () => {
    class Directory implements LoginOptions {
      readonly #people = new Set(['alice']);

      authenticate(username: string) {
        return this.#people.has(username) && username;
      }

      respond(pair: TokenPair, subject: string) {
        return { known: this.#people.has(subject), length: pair.accessToken.split('.').length };
      }
    }
    const { answer } = await loggedIn(new Directory());

    expect(said(answer)).toEqual({ status: 200, body: { known: true, length: 3 } });
  });

  it.each<[what: string, authenticate: LoginOptions['authenticate']]>([
    ['null', () => null],
    ['undefined', () => undefined],
    ['false', () => false],
    ['a promise of null', async () => null],
  ])('refuse the login if login.authenticate returns %s', async (_what, authenticate) => {
    expect((await loggedIn({ authenticate })).shown).toEqual(uncached(BAD));
  });

  const CANARY = new Error('the database is down: secret-canary');
  const LATE = 'it did not answer within 50 ms';

  it.each<[what: string, options: JwtExtendedOptions]>([
    ['by itself', {}],
    ['beside loaders.userIdentity', { loaders: { userIdentity: String } }],
    ['without verifySub', { verifySub: false }],
  ])('make the login fail with 500 if login.authenticate returns true, %s', async (_w, options) => {
    const { shown, errors } = await loggedIn({ authenticate: () => true }, options);
    expect(shown.status).toBe(500);
    expect(errors).toEqual([
      'login.authenticate returned true; return the user, or nothing if the credentials are wrong',
    ]);
  });

  it.each<[what: string, authenticate: LoginOptions['authenticate'], reason: string]>([
    ['throws', throwing(CANARY), CANARY.message],
    ['rejects', rejecting(CANARY), CANARY.message],
    ['rejects with undefined', rejecting(undefined), 'undefined was thrown'],
    ['rejects with null', rejecting(null), 'null was thrown'],
    ['rejects with text', rejecting('no'), 'something of type string was thrown'],
    ['hangs', hanging, LATE],
    ['returns an object that pretends to be a promise', () => ({ then: () => {} }), LATE],
  ])(
    'make the login fail with 503 and are named in the log if login.authenticate %s',
    async (_what, authenticate, reason) => {
      const { shown, errors } = await loggedIn({ authenticate });
      expect(shown).toEqual(uncached(UNAVAILABLE));
      expect(errors).toEqual([`login.authenticate failed: ${reason}`]);
    },
  );

  it('can throw an HttpException, which keeps its status', async () => {
    const body = { msg: 'Locked for an hour' };
    const { shown } = await loggedIn({ authenticate: throwing(new ForbiddenException(body)) });
    expect(shown).toEqual(uncached({ status: 403, body }));
  });

  it.each([
    ['true', true],
    ['an empty string', ''],
    ['a number', 7],
    ['a function', () => 'alice'],
    ['an object without a loader for it', { id: 'alice' }],
  ])('cannot log in a subject without a valid identity: %s', async (_what, subject) => {
    const { answer } = await loggedIn({ authenticate: () => subject });
    const body = { statusCode: 500, message: 'Internal server error' };
    expect(said(answer)).toEqual({ status: 500, body });
  });

  const JWT = expect.stringMatching(/^eyJ/);
  const TEXT = { status: 'ok', user: 'alice' };
  const MIXED = { status: 1, user: 'alice' };

  it.each<[what: string, NonNullable<LoginOptions['respond']>, status: number, body: unknown]>([
    [
      'the body of the response',
      async ({ accessToken }, user, { request }) => ({ accessToken, user, agent: request.method }),
      200,
      { accessToken: JWT, user: 'alice', agent: 'POST' },
    ],
    [
      'status, body and headers',
      ({ sessionId }) => ({ status: 201, body: { sessionId }, headers: { 'X-Session': 'begun' } }),
      201,
      { sessionId: expect.any(String) },
    ],
    ['a body with a status that is text', () => TEXT, 200, TEXT],
    ['a body with a status among other members', () => MIXED, 200, MIXED],
    ['a list', () => ['alice'], 200, ['alice']],
    ['an empty object', () => ({}), 200, {}],
    ['undefined for an empty body', () => undefined, 200, ''],
  ])('can return %s', async (_what, respond, status, body) => {
    const { answer, shown } = await loggedIn({ authenticate, respond });
    expect(shown).toEqual(uncached({ status, body }));
    expect(answer.headers.get('x-session')).toBe(status === 201 ? 'begun' : null);
  });

  const NOT_A_RESPONSE =
    /^it must give \{ status, body\?, headers\? \} with a status from 100 to 599$/;

  it.each<[what: string, respond: NonNullable<LoginOptions['respond']>, reason: RegExp]>([
    ['throws', throwing(new Error('secret-canary')), /^secret-canary$/],
    ['hangs', hanging, /^it did not answer within 50 ms$/],
    ['returns a status that does not exist', () => ({ status: 99 }), NOT_A_RESPONSE],
    ['returns a header of two lines', () => ({ status: 200, headers: { 'X-A': 'a\r\nb' } }), /./],
    ['returns a value that JSON cannot hold', () => ({ id: 7n }), /BigInt/],
  ])(
    'make the login fail with 503, without a token, if login.respond %s',
    async (_what, respond, reason) => {
      const { shown, errors } = await loggedIn(
        { authenticate, respond },
        { locations: ['cookies'] },
      );

      expect(shown).toEqual(uncached(UNAVAILABLE));
      expect(errors).toHaveLength(1);
      expect(errors[0]?.replace('login.respond failed: ', '')).toMatch(reason);
    },
  );
});

describe.each(ADAPTERS)('POST /auth with tokens in cookies, on %s', (adapter) => {
  const { authenticate } = new Users();

  it('sets the tokens as cookies and leaves them out of the body', async () => {
    const app = await start(adapter, { options: { locations: ['cookies', 'headers'] } });
    const answer = await app.send('POST', '/auth', { json: ALICE });
    const body = { msg: 'Successfully logged in' };
    expect(shown(answer)).toEqual({ ...uncached({ status: 200, body }), cookies: ALL_COOKIES });
    expect(answer.cookies.filter((line) => line.includes('HttpOnly'))).toHaveLength(2);

    const browser = await inBrowser(app);
    expect(browser.cookies).toEqual([...ALL_COOKIES].sort());
    expect(said(await browser.send('GET', '/vault'))).toEqual(welcome('cookies'));
    expect(said(await browser.send('POST', '/room', { csrf: 'csrf_access_token' }))).toEqual({
      ...welcome('cookies'),
      status: 201,
    });
  });

  it('returns the tokens in the body if cookies are the second location', async () => {
    const app = await start(adapter, { options: { locations: ['headers', 'cookies'] } });
    const answer = await app.send('POST', '/auth', { json: ALICE });
    expect(pairIn(answer.body).access).toMatch(/^eyJ/);
    expect(answer.cookies).toEqual([]);
  });

  it.each([
    ['body', { welcome: 'alice' }, { welcome: 'alice' }, []],
    ['Set-Cookie', { status: 200, headers: { 'Set-Cookie': 'theme=dark' } }, '', ['theme']],
    ['set-cookie', { status: 200, headers: { 'set-cookie': 'theme=dark' } }, '', ['theme']],
  ])("sets them beside the application's own %s", async (_what, response, body, others) => {
    const login = { authenticate, respond: () => response };
    const app = await start(adapter, { options: { locations: ['cookies'], login } });
    const answer = await app.send('POST', '/auth', { json: ALICE });
    const cookies = [...ALL_COOKIES, ...others];
    expect(shown(answer)).toEqual({ ...uncached({ status: 200, body }), cookies });
  });

  it('sets no cookie for bad credentials', async () => {
    const app = await start(adapter, { options: { locations: ['cookies'] } });
    const answer = await app.send('POST', '/auth', { json: { ...ALICE, password: 'x' } });
    expect(shown(answer)).toEqual(uncached(BAD));
  });
});

describe.each(ADAPTERS)('Bad credentials on %s', (adapter) => {
  const refusedBy = async (parts: Parameters<typeof start>[1]) =>
    said(await (await start(adapter, parts)).send('POST', '/auth', { json: {} }));

  it('are recognized by expectRefusal', async () => {
    const app = await start(adapter, { options: { errorCodeKey: undefined } });
    const response = await fetch(`${app.url}/auth`, { method: 'POST' });
    await expectRefusal(response, 'CREDENTIALS_INVALID');
    await expect(expectRefusal(response, 'TOKEN_MISSING')).rejects.toThrow();
  });

  it('publish a security event without the credentials', async () => {
    const app = await start(adapter);
    const events: unknown[] = [];
    const listen = (event: unknown) => void events.push(event);
    subscribe('nestjs-jwt-extended:refused', listen);

    for (const json of [{ ...ALICE, password: 'looking-glass' }, {}, ALICE])
      await app.send('POST', '/auth', { json });

    unsubscribe('nestjs-jwt-extended:refused', listen);
    expect(events).toEqual([{ code: 'CREDENTIALS_INVALID' }, { code: 'CREDENTIALS_INVALID' }]);
  });

  it('are answered by responses.unauthorized', async () => {
    const unauthorized = (reason: string, { request }: { request: { method?: string } }) => ({
      status: 418,
      body: { reason, method: request.method },
    });

    const body = { reason: 'Bad username or password', method: 'POST' };
    expect(await refusedBy({ options: { responses: { unauthorized } } })).toEqual({
      status: 418,
      body,
    });
  });

  it("use errorMessageKey, and Nest's own form without the filter", async () => {
    const message = 'Bad username or password';
    expect(await refusedBy({ options: { errorMessageKey: 'message' } })).toEqual({
      status: 401,
      body: { message, code: 'CREDENTIALS_INVALID' },
    });
    expect(await refusedBy({ extras: { registerFilter: false } })).toMatchObject({
      status: 401,
      body: { message, statusCode: 401 },
    });
  });
});

describe("Sample 05, with Flask-JWT's protocol,", () => {
  const SECRET = 'tX4mQ9vB2kLs7WzR1cYhN6pJfGdE8uKaO3iVbSxTqCe';
  let sample: Sample;

  beforeAll(async () => {
    await compileSample('start:login-endpoint');
    sample = await Sample.start('start:login-endpoint', { PORT: '0', JWT_SECRET: SECRET });
  });
  afterAll(() => sample?.stop());

  const logIn = async (body: string) => {
    const answer = await sample.post('/auth', body);
    return { status: answer.status, body: await answer.text() };
  };
  const get = (authorization?: string) =>
    fetch(`${sample.url}/protected`, { headers: { ...(authorization && { authorization }) } });
  const forge = (identity: number, iat: number, secret = SECRET) =>
    `JWT ${forgeToken({ identity, iat, nbf: iat, exp: iat + 300 }, undefined, secret)}`;
  /** An error in the form of Flask-JWT, with the members in its order. */
  const errorOf = (error: string, description: string) =>
    JSON.stringify({ status_code: 401, error, description });

  it("answers the requests of Flask-JWT's documentation, as the README shows", async () => {
    const exchanges = blocksIn('http').flatMap(exchangesIn);
    let token = '';

    for (const { method, path, headers, body, ...expected } of exchanges) {
      const sent = JSON.stringify(headers).replace('<token>', token);
      const answer = await fetch(sample.url + path, {
        method,
        headers: JSON.parse(sent) as Record<string, string>,
        body,
      });
      const text = await answer.text();
      token = /"access_token":"([^"]+)"/.exec(text)?.[1] ?? token;
      const named = Object.keys(expected.answerHeaders).map((name) => [
        name,
        answer.headers.get(name)?.replace('; charset=utf-8', ''),
      ]);
      expect({
        status: answer.status,
        answerHeaders: Object.fromEntries(named) as object,
        answer: token ? text.replace(token, '<token>') : text,
      }).toEqual(expected);
    }
    expect(exchanges.length).toBeGreaterThanOrEqual(4);
  });

  it('makes tokens that a Flask-JWT service accepts', async () => {
    const { body } = await logIn('{"username":"joe","password":"pass"}');
    const { access_token: token } = JSON.parse(body) as { access_token: string };
    const { identity, iat, nbf, exp } = claimsOf(token);
    expect({ identity, nbf, exp }).toEqual({ identity: 1, nbf: iat, exp: Number(iat) + 300 });
  });

  it.each([
    ['accepts', 'of now', 0, 200, "User(id='2')"],
    ['accepts', 'that has expired within the leeway', -302, 200, "User(id='2')"],
    ['refuses', 'that has expired', -311, 401, errorOf('Invalid token', 'Signature has expired')],
  ])('%s the token of a Flask-JWT service %s', async (_verb, _what, age, status, body) => {
    const answer = await get(forge(2, Math.floor(Date.now() / 1000) + age));
    expect({ status: answer.status, body: await answer.text() }).toEqual({ status, body });
  });

  it.each([
    ['a wrong password', '{"username":"joe","password":"abcxyz"}'],
    ['an additional member', '{"username":"joe","password":"pass","remember":true}'],
    ['a missing member', '{"username":"joe"}'],
    ['no members', '{}'],
  ])('refuses credentials with %s', async (_what, body) => {
    const refused = { status: 401, body: errorOf('Bad Request', 'Invalid credentials') };
    expect(await logIn(body)).toEqual(refused);
  });

  const now = Math.floor(Date.now() / 1000);

  it.each([
    [undefined, 'Authorization Required', 'Request does not contain an access token'],
    ['Bearer a.b.c', 'Invalid JWT header', 'Unsupported authorization type'],
    ['JWT', 'Invalid JWT header', 'Token missing'],
    ['JWT a b', 'Invalid JWT header', 'Token contains spaces'],
    ['JWT a.b', 'Invalid token', 'Not enough segments'],
    [forge(1, now, 'x'.repeat(64)), 'Invalid token', 'Signature verification failed'],
    [forge(3, now), 'Invalid JWT', 'User does not exist'],
  ])('refuses the header %s with the texts of Flask-JWT', async (header, error, description) => {
    const answer = await get(header);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await answer.text()).toBe(errorOf(error, description));
  });

  it('sends a challenge', async () => {
    expect((await get()).headers.get('www-authenticate')).toBe('JWT realm="Login Required"');
  });
});
