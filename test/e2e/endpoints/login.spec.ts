import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ForbiddenException } from '@nestjs/common';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { JwtExtendedOptions, LoginOptions, TokenPair } from '../../../src/index.js';
import { expectRefusal } from '../../../src/testing/index.js';
import { type AdapterName, ADAPTERS, type Answer, type RunningApp } from '../../support/app.js';
import { Browser } from '../../support/browser.js';
import { ALICE, pairIn, startEndpoints, Users } from '../../support/endpoints.js';
import { Clock, forgeToken, NOW } from '../../support/forge.js';
import { exchangesIn } from '../../support/http-block.js';
import { blocksIn } from '../../support/readme.js';
import { ErrorLog } from '../../support/routes.js';
import { compileSample, Sample } from '../../support/sample.js';
import { namesIn } from '../../support/sliding.js';
import { claimsOf } from '../../support/tokens.js';
import { refusal, said, sendRaw, welcome } from '../../support/transport.js';

describe('The login endpoint', () => {
  const BAD = refusal(401, 'CREDENTIALS_INVALID', 'Bad username or password');
  const UNAVAILABLE = refusal(503, 'CHECK_UNAVAILABLE', 'Token could not be checked');
  const running: RunningApp[] = [];

  afterAll(() => Promise.all(running.splice(0).map((app) => app.close())));

  async function start(adapter: AdapterName, options: JwtExtendedOptions): Promise<RunningApp> {
    const app = await startEndpoints(adapter, { options });
    running.push(app);
    return app;
  }

  /** The answer to a login of alice in an application with these login options. */
  async function loggedIn(adapter: AdapterName, login: LoginOptions): Promise<Answer> {
    const log = new ErrorLog();
    const app = await start(adapter, { login, loaderTimeout: '50ms' });
    app.nest.useLogger(log);
    return app.send('POST', '/auth', { json: ALICE });
  }

  describe.each(ADAPTERS)('POST /auth on %s', (adapter) => {
    const users = new Users();
    const clock = new Clock();
    let app: RunningApp;

    beforeAll(async () => {
      const { authenticate } = users;
      app = await start(adapter, { login: { authenticate }, clock: clock.now, realm: 'shop' });
    });

    it('returns a fresh pair of one session and forbids caching (R69)', async () => {
      const answer = await app.send('POST', '/auth', { json: ALICE });

      const { access, refresh } = pairIn(answer.body);
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.body as object)).toEqual(['access_token', 'refresh_token']);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.cookies).toEqual([]);
      const session = { sub: 'alice', sid: claimsOf(access).sid, auth_time: NOW };
      expect(claimsOf(access)).toMatchObject({ ...session, type: 'access', fresh: true });
      expect(claimsOf(refresh)).toMatchObject({ ...session, type: 'refresh', fresh: false });
      expect(said(await app.send('GET', '/vault', { token: access }))).toEqual(welcome('headers'));
    });

    it.each([
      ['application/json'],
      ['application/json; charset=utf-8'],
      ['Application/JSON;charset="utf-8"'],
    ])('accepts a body of the content type %s', async (type) => {
      const body = JSON.stringify(ALICE);
      const answer = await app.send('POST', '/auth', { body, headers: { 'content-type': type } });

      expect(answer.status).toBe(200);
    });

    it.each([
      ['a wrong password', { username: 'alice', password: 'looking-glass' }],
      ['an unknown user', { username: 'mallory', password: 'wonderland' }],
      ['a name that every object inherits', { username: '__proto__', password: 'wonderland' }],
    ])('refuses %s with a challenge (R71)', async (_what, json) => {
      const answer = await app.send('POST', '/auth', { json });

      expect(said(answer)).toEqual(BAD);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="shop"');
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.cookies).toEqual([]);
    });

    it.each<[what: string, body: string | undefined, type: string]>([
      ['nothing', undefined, 'none'],
      ['an empty object', '{}', 'application/json'],
      ['an array', '["alice","wonderland"]', 'application/json'],
      ['an array of both', `[${JSON.stringify(ALICE)}]`, 'application/json'],
      ['only a username', '{"username":"alice"}', 'application/json'],
      ['only a password', '{"password":"wonderland"}', 'application/json'],
      ['an empty username', '{"username":"","password":"wonderland"}', 'application/json'],
      ['an empty password', '{"username":"alice","password":""}', 'application/json'],
      ['null for both', '{"username":null,"password":null}', 'application/json'],
      ['numbers', '{"username":1,"password":2}', 'application/json'],
      ['true', '{"username":true,"password":true}', 'application/json'],
      [
        'a query for a database',
        '{"username":{"$gt":""},"password":{"$ne":""}}',
        'application/json',
      ],
      ['arrays', '{"username":["alice"],"password":["wonderland"]}', 'application/json'],
      [
        'all members and an additional one',
        '{"username":"alice","password":"wonderland","admin":true}',
        'application/json',
      ],
      ['other names', '{"user":"alice","pass":"wonderland"}', 'application/json'],
      ['names in capitals', '{"Username":"alice","Password":"wonderland"}', 'application/json'],
      ['a form', 'username=alice&password=wonderland', 'application/x-www-form-urlencoded'],
      ['JSON with the content type of text', JSON.stringify(ALICE), 'text/plain'],
      ['JSON with the content type of a script', JSON.stringify(ALICE), 'application/jsonp'],
    ])(
      'refuses a body of %s as bad credentials without calling login.authenticate',
      async (_what, body, type) => {
        users.asked.length = 0;
        const headers = { ...(body !== undefined && { 'content-type': type }) };

        const answer = await sendRaw(app, 'POST', '/auth', { headers, body });

        // Fastify itself refuses a body of a type that it has no parser for.
        const isUnread = adapter === 'fastify' && type === 'application/jsonp';
        expect(said(answer)).toEqual(isUnread ? { status: 415, body: expect.anything() } : BAD);
        expect(users.asked).toEqual([]);
      },
    );

    it.each([
      ['null', 'null'],
      ['a number', '5'],
      ['text', '"alice"'],
      ['half of an object', '{"username":'],
      ['nothing with the content type of JSON', ''],
      ['names that are inherited', '{"__proto__":{"username":"alice","password":"wonderland"}}'],
    ])('refuses a body of %s, in the endpoint or in the body parser', async (_what, body) => {
      users.asked.length = 0;

      const { status } = await sendRaw(app, 'POST', '/auth', {
        headers: { 'content-type': 'application/json' },
        body,
      });

      expect([400, 401]).toContain(status);
      expect(users.asked).toEqual([]);
    });

    it.each([
      ['broken JSON', 400, '{"username":'],
      ['two megabytes', 413, JSON.stringify({ ...ALICE, password: 'x'.repeat(2 ** 21) })],
    ])('does not receive %s, which the adapter answers with %i', async (_what, status, body) => {
      const headers = { 'content-type': 'application/json' };

      expect((await sendRaw(app, 'POST', '/auth', { headers, body })).status).toBe(status);
    });

    it('accepts POST only', async () => {
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
        const headers = { 'content-type': 'application/json' };
        const answer = await sendRaw(app, method, '/auth', {
          headers,
          body: JSON.stringify(ALICE),
        });
        expect({ method, status: answer.status }).toEqual({ method, status: 404 });
      }
    });

    it('passes the request to login.authenticate and uses its result as the subject', async () => {
      const seen: unknown[] = [];
      const own = await start(adapter, {
        login: {
          authenticate: async (username, _password, { request }) => {
            seen.push(request.headers['user-agent']);
            return { id: 7, name: username };
          },
        },
        loaders: {
          userIdentity: (user: { id: number }) => String(user.id),
          userLookup: () => ({ id: 7, name: 'alice' }),
          additionalClaims: (user: { name: string }, { request }) => {
            seen.push(request.headers['user-agent']);
            return { name: user.name };
          },
        },
      });

      const answer = await own.send('POST', '/auth', {
        json: ALICE,
        headers: { 'user-agent': 'tea party' },
      });

      expect(claimsOf(pairIn(answer.body).access)).toMatchObject({ sub: '7', name: 'alice' });
      expect(new Set(seen)).toEqual(new Set(['tea party']));
    });

    it('reads the members named by usernameKey and passwordKey', async () => {
      const own = await start(adapter, {
        login: { authenticate: users.authenticate, usernameKey: 'email', passwordKey: 'secret' },
      });

      const good = await own.send('POST', '/auth', {
        json: { email: 'alice', secret: 'wonderland' },
      });

      expect(good.status).toBe(200);
      expect(said(await own.send('POST', '/auth', { json: ALICE }))).toEqual(BAD);
    });

    it('calls the functions of login with their object as `this`', async () => {
      class Directory implements LoginOptions {
        readonly #people = new Set(['alice']);

        authenticate(username: string) {
          return this.#people.has(username) && username;
        }

        respond(pair: TokenPair, subject: string) {
          return { known: this.#people.has(subject), length: pair.accessToken.split('.').length };
        }
      }
      const answer = await loggedIn(adapter, new Directory());

      expect(said(answer)).toEqual({ status: 200, body: { known: true, length: 3 } });
    });
  });

  describe.each(ADAPTERS)('login.authenticate on %s', (adapter) => {
    it.each<[what: string, authenticate: LoginOptions['authenticate']]>([
      ['null', () => null],
      ['undefined', () => undefined],
      ['false', () => false],
      ['a promise of null', async () => null],
    ])('refuses the login if it returns %s', async (_what, authenticate) => {
      expect(said(await loggedIn(adapter, { authenticate }))).toEqual(BAD);
    });

    it.each<[what: string, authenticate: LoginOptions['authenticate']]>([
      [
        'throws',
        () => {
          throw new Error('the database is down: secret-canary');
        },
      ],
      ['rejects', () => Promise.reject(new Error('the database is down: secret-canary'))],
      ['rejects with nothing', () => Promise.reject(undefined)],
      ['hangs', () => new Promise(() => {})],
      ['returns an object that pretends to be a promise', () => ({ then: () => {} })],
    ])(
      'makes the login fail with 503 within loaderTimeout if it %s',
      async (_what, authenticate) => {
        const answer = await loggedIn(adapter, { authenticate });

        expect(said(answer)).toEqual(UNAVAILABLE);
        expect(answer.headers.get('cache-control')).toBe('no-store');
        expect(JSON.stringify(answer.body)).not.toContain('canary');
      },
    );

    it.each<[line: string, authenticate: LoginOptions['authenticate']]>([
      [
        'login.authenticate failed: the database is down',
        () => {
          throw new Error('the database is down');
        },
      ],
      ['login.authenticate failed: null was thrown', () => Promise.reject(null)],
      ['login.authenticate failed: undefined was thrown', () => Promise.reject(undefined)],
      [
        'login.authenticate failed: something of type string was thrown',
        () => Promise.reject('no'),
      ],
      [
        'login.authenticate failed: it did not answer within 50 ms',
        () => new Promise<never>(() => {}),
      ],
    ])('is named in the log if it fails: %s', async (line, authenticate) => {
      const app = await start(adapter, { login: { authenticate }, loaderTimeout: '50ms' });
      const log = new ErrorLog();
      app.nest.useLogger(log);

      await app.send('POST', '/auth', { json: ALICE });

      expect(log.errors).toEqual([line]);
    });

    it('can throw an HttpException, which keeps its status', async () => {
      const answer = await loggedIn(adapter, {
        authenticate: () => {
          throw new ForbiddenException({ msg: 'Locked for an hour' });
        },
      });

      expect(said(answer)).toEqual({ status: 403, body: { msg: 'Locked for an hour' } });
      expect(answer.headers.get('cache-control')).toBe('no-store');
    });

    it.each([
      ['true', true],
      ['an empty string', ''],
      ['a number', 7],
      ['a function', () => 'alice'],
      ['an object without a loader for it', { id: 'alice' }],
    ])('cannot log in a subject without a valid identity: %s', async (_what, subject) => {
      const answer = await loggedIn(adapter, { authenticate: () => subject });

      expect(said(answer)).toEqual({
        status: 500,
        body: { statusCode: 500, message: 'Internal server error' },
      });
    });
  });

  describe.each(ADAPTERS)('login.respond on %s', (adapter) => {
    const { authenticate } = new Users();

    it('returns the body of the response', async () => {
      const answer = await loggedIn(adapter, {
        authenticate,
        respond: async (pair, subject, { request }) => ({
          access_token: pair.accessToken,
          user: subject,
          agent: request.method,
        }),
      });

      expect(said(answer)).toEqual({
        status: 200,
        body: { access_token: expect.stringMatching(/^eyJ/), user: 'alice', agent: 'POST' },
      });
      expect(answer.headers.get('cache-control')).toBe('no-store');
    });

    it('can return status, body and headers', async () => {
      const answer = await loggedIn(adapter, {
        authenticate,
        respond: (pair) => ({
          status: 201,
          body: { session: pair.sessionId },
          headers: { 'X-Session': 'begun' },
        }),
      });

      expect(said(answer)).toEqual({ status: 201, body: { session: expect.any(String) } });
      expect(answer.headers.get('x-session')).toBe('begun');
      expect(answer.headers.get('cache-control')).toBe('no-store');
    });

    it.each([
      ['with a status that is text', { status: 'ok', user: 'alice' }],
      ['with a status among other members', { status: 1, user: 'alice' }],
      ['that is a list', ['alice']],
      ['that is an empty object', {}],
    ])('can return a body %s', async (_what, body) => {
      const answer = await loggedIn(adapter, { authenticate, respond: () => body });

      expect(said(answer)).toEqual({ status: 200, body });
    });

    it('is named in the log if it fails', async () => {
      const app = await start(adapter, {
        login: { authenticate, respond: () => ({ status: 99 }) },
      });
      const log = new ErrorLog();
      app.nest.useLogger(log);

      expect(said(await app.send('POST', '/auth', { json: ALICE }))).toEqual(UNAVAILABLE);
      expect(log.errors).toEqual([
        'login.respond failed: it must give { status, body?, headers? } with a status from 100 to 599',
      ]);
    });

    it('can return undefined for the standard response', async () => {
      const answer = await loggedIn(adapter, { authenticate, respond: () => undefined });

      expect(said(answer)).toEqual({ status: 200, body: '' });
    });

    it.each<[what: string, respond: NonNullable<LoginOptions['respond']>]>([
      [
        'throws',
        () => {
          throw new Error('secret-canary');
        },
      ],
      ['hangs', () => new Promise(() => {})],
      ['returns a status that does not exist', () => ({ status: 99 })],
      ['returns a header of two lines', () => ({ status: 200, headers: { 'X-A': 'a\r\nb' } })],
      ['returns a value that JSON cannot hold', () => ({ id: 7n })],
    ])('makes the login fail with 503 without a token if it %s', async (_what, respond) => {
      const cookies = await start(adapter, {
        locations: ['cookies'],
        login: { authenticate, respond },
        loaderTimeout: '50ms',
      });
      cookies.nest.useLogger(new ErrorLog());

      const answer = await cookies.send('POST', '/auth', { json: ALICE });

      expect(said(answer)).toEqual(UNAVAILABLE);
      expect(answer.cookies).toEqual([]);
    });
  });

  describe.each(ADAPTERS)('POST /auth with tokens in cookies, on %s', (adapter) => {
    it('sets the tokens as cookies and leaves them out of the body', async () => {
      const app = await start(adapter, { locations: ['cookies', 'headers'] });
      const browser = new Browser(app);

      const answer = await browser.send('POST', '/auth', { json: ALICE });

      expect(said(answer)).toEqual({ status: 200, body: { msg: 'Successfully logged in' } });
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(browser.cookies).toEqual([
        'access_token_cookie',
        'csrf_access_token',
        'csrf_refresh_token',
        'refresh_token_cookie',
      ]);
      expect(answer.cookies.filter((line) => line.includes('HttpOnly'))).toHaveLength(2);
      expect(said(await browser.send('GET', '/vault'))).toEqual(welcome('cookies'));
      expect(said(await browser.send('POST', '/room', { csrf: 'csrf_access_token' }))).toEqual({
        ...welcome('cookies'),
        status: 201,
      });
    });

    it('returns the tokens in the body if cookies are the second location', async () => {
      const app = await start(adapter, { locations: ['headers', 'cookies'] });

      const answer = await app.send('POST', '/auth', { json: ALICE });

      expect(pairIn(answer.body).access).toMatch(/^eyJ/);
      expect(answer.cookies).toEqual([]);
    });

    it("sets the cookies also with the application's own response", async () => {
      const { authenticate } = new Users();
      const respond = (_pair: TokenPair, subject: string) => ({ welcome: subject });
      const app = await start(adapter, {
        locations: ['cookies'],
        login: { authenticate, respond },
      });

      const answer = await app.send('POST', '/auth', { json: ALICE });

      expect(said(answer)).toEqual({ status: 200, body: { welcome: 'alice' } });
      expect(answer.cookies).toHaveLength(4);
    });

    it.each(['Set-Cookie', 'set-cookie'])(
      "sets them beside the application's own %s",
      async (name) => {
        const { authenticate } = new Users();
        const app = await start(adapter, {
          locations: ['cookies'],
          login: {
            authenticate,
            respond: () => ({ status: 200, headers: { [name]: 'theme=dark' } }),
          },
        });

        const { cookies } = await app.send('POST', '/auth', { json: ALICE });

        expect(namesIn(cookies)).toEqual([
          'access_token_cookie',
          'csrf_access_token',
          'refresh_token_cookie',
          'csrf_refresh_token',
          'theme',
        ]);
      },
    );

    it('sets no cookie for bad credentials', async () => {
      const app = await start(adapter, { locations: ['cookies'] });

      const answer = await app.send('POST', '/auth', { json: { ...ALICE, password: 'x' } });

      expect(said(answer)).toEqual(BAD);
      expect(answer.cookies).toEqual([]);
    });
  });

  describe.each(ADAPTERS)('Bad credentials on %s', (adapter) => {
    it('are recognized by expectRefusal', async () => {
      const app = await startEndpoints(adapter, { options: { errorCodeKey: undefined } });
      running.push(app);

      const response = await fetch(`${app.url}/auth`, { method: 'POST' });

      await expectRefusal(response, 'CREDENTIALS_INVALID');
      await expect(expectRefusal(response, 'TOKEN_MISSING')).rejects.toThrow();
    });

    it('publish a security event without the credentials', async () => {
      const app = await start(adapter, {});
      const events: unknown[] = [];
      const listen = (event: unknown) => void events.push(event);
      subscribe('nestjs-jwt-extended:refused', listen);

      await app.send('POST', '/auth', { json: { ...ALICE, password: 'looking-glass' } });
      await app.send('POST', '/auth', { json: {} });
      await app.send('POST', '/auth', { json: ALICE });

      unsubscribe('nestjs-jwt-extended:refused', listen);
      expect(events).toEqual([{ code: 'CREDENTIALS_INVALID' }, { code: 'CREDENTIALS_INVALID' }]);
    });

    it('are answered by responses.unauthorized', async () => {
      const app = await start(adapter, {
        responses: {
          unauthorized: (reason, { request }) => ({
            status: 418,
            body: { reason, method: request.method },
          }),
        },
      });

      const answer = await app.send('POST', '/auth', { json: {} });

      expect(said(answer)).toEqual({
        status: 418,
        body: { reason: 'Bad username or password', method: 'POST' },
      });
    });

    it("use errorMessageKey, and Nest's own form without the filter", async () => {
      const named = await start(adapter, { errorMessageKey: 'message' });
      const bare = await startEndpoints(adapter, { extras: { registerFilter: false } });
      running.push(bare);

      expect(said(await named.send('POST', '/auth', { json: {} }))).toEqual({
        status: 401,
        body: { message: 'Bad username or password', code: 'CREDENTIALS_INVALID' },
      });
      expect(said(await bare.send('POST', '/auth', { json: {} }))).toMatchObject({
        status: 401,
        body: { message: 'Bad username or password', statusCode: 401 },
      });
    });
  });
});

describe('Sample 05', () => {
  const SECRET = 'tX4mQ9vB2kLs7WzR1cYhN6pJfGdE8uKaO3iVbSxTqCe';
  const JOE = '{"username":"joe","password":"pass"}';

  interface Said {
    readonly status: number;
    readonly type: string | null;
    readonly challenge: string | null;
    readonly body: string;
  }

  describe("The sample with Flask-JWT's protocol", () => {
    let sample: Sample;

    beforeAll(async () => {
      await compileSample('start:login-endpoint');
      sample = await Sample.start('start:login-endpoint', { PORT: '0', JWT_SECRET: SECRET });
    });
    afterAll(() => sample?.stop());

    it("answers the requests of Flask-JWT's documentation, as the README shows", async () => {
      const exchanges = blocksIn('http').flatMap(exchangesIn);
      let token = '';

      for (const { method, path, headers, body, ...expected } of exchanges) {
        const sent = Object.entries(headers).map(([name, value]) => [name, withToken(value)]);
        const answer = await fetch(sample.url + path, {
          method,
          headers: Object.fromEntries(sent) as Record<string, string>,
          body,
        });
        const text = await answer.text();
        token = /"access_token":"([^"]+)"/.exec(text)?.[1] ?? token;
        const shown = Object.keys(expected.answerHeaders).map((name) => [
          name,
          answer.headers.get(name)?.replace('; charset=utf-8', ''),
        ]);
        expect({
          status: answer.status,
          answerHeaders: Object.fromEntries(shown) as object,
          answer: token ? text.replace(token, '<token>') : text,
        }).toEqual(expected);
      }
      expect(exchanges.length).toBeGreaterThanOrEqual(4);

      function withToken(text: string): string {
        return text.replace('<token>', token);
      }
    });

    it('makes tokens that a Flask-JWT service accepts', async () => {
      const { access_token: token } = JSON.parse((await logIn(JOE)).body) as {
        access_token: string;
      };

      const { identity, iat, nbf, exp } = claimsOf(token);
      expect({ identity, nbf, exp }).toEqual({ identity: 1, nbf: iat, exp: Number(iat) + 300 });
    });

    it.each([
      ['of now', 0, 200, "User(id='2')"],
      ['that has expired within the leeway', -302, 200, "User(id='2')"],
      ['that has expired', -311, 401, refusal('Invalid token', 'Signature has expired')],
    ])('accepts the token of a Flask-JWT service %s', async (_what, age, status, body) => {
      const iat = Math.floor(Date.now() / 1000) + age;
      const token = forgeToken({ identity: 2, iat, nbf: iat, exp: iat + 300 }, undefined, SECRET);

      expect(await get(`JWT ${token}`)).toMatchObject({ status, body });
    });

    it.each([
      ['a wrong password', '{"username":"joe","password":"abcxyz"}'],
      ['an additional member', '{"username":"joe","password":"pass","remember":true}'],
      ['a missing member', '{"username":"joe"}'],
      ['no members', '{}'],
    ])('refuses credentials with %s', async (_what, body) => {
      expect(await logIn(body)).toMatchObject({
        status: 401,
        body: refusal('Bad Request', 'Invalid credentials'),
      });
    });

    it.each([
      ['Bearer a.b.c', 'Invalid JWT header', 'Unsupported authorization type'],
      ['JWT', 'Invalid JWT header', 'Token missing'],
      ['JWT a b', 'Invalid JWT header', 'Token contains spaces'],
      ['JWT a.b', 'Invalid token', 'Not enough segments'],
      [
        `JWT ${forgeToken({ identity: 1, exp: 2e9, iat: 1, nbf: 1 }, undefined, 'x'.repeat(64))}`,
        'Invalid token',
        'Signature verification failed',
      ],
      [
        `JWT ${forgeToken({ identity: 3, exp: 2e9, iat: 1, nbf: 1 }, undefined, SECRET)}`,
        'Invalid JWT',
        'User does not exist',
      ],
    ])('refuses the header %s with the texts of Flask-JWT', async (header, error, description) => {
      expect(await get(header)).toMatchObject({ status: 401, body: refusal(error, description) });
    });

    it('sends a challenge', async () => {
      expect(await get()).toEqual({
        status: 401,
        type: 'application/json; charset=utf-8',
        challenge: 'JWT realm="Login Required"',
        body: refusal('Authorization Required', 'Request does not contain an access token'),
      });
    });

    function logIn(body: string): Promise<Said> {
      return said(sample.post('/auth', body));
    }

    function get(authorization?: string): Promise<Said> {
      const headers = authorization === undefined ? undefined : { authorization };
      return said(fetch(`${sample.url}/protected`, { headers }));
    }
  });

  async function said(answered: Promise<Response>): Promise<Said> {
    const answer = await answered;
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      challenge: answer.headers.get('www-authenticate'),
      body: await answer.text(),
    };
  }

  /** An error in the form of Flask-JWT, with the members in its order. */
  function refusal(error: string, description: string): string {
    return JSON.stringify({ status_code: 401, error, description });
  }
});
