import type { Type } from '@nestjs/common';
import { accessClaims, forgeToken } from '../support/forge.js';
import { claimsOf } from '../support/tokens.js';
import { aged, type Step, type Visitor } from './visitor.js';

/** A program of Flask-JWT-Extended's documentation, which we wrote for Flask and for Nest. */
export interface Program {
  /** A file in `sample/11-from-flask/flask`. */
  readonly flask: string;
  /** A file in `sample/11-from-flask/src`. */
  readonly nest: () => Promise<{ readonly AppModule: Type }>;
  /** Calls an application that runs it. */
  readonly walk: (visitor: Visitor) => Promise<unknown>;
  /** What both applications answer. */
  readonly answers: readonly Step[];
}

const ALICE = { username: 'alice', password: 'wonderland' };
const LOGIN: Step = [200, { access_token: '<token>' }];
const PAIR: Step = [200, { access_token: '<token>', refresh_token: '<token>' }];
const MISSING: Step = [401, { msg: 'Missing Authorization Header' }];
const ACCESS_SET = { access_token_cookie: 'set', csrf_access_token: 'set' };

export const PROGRAMS: Readonly<Record<string, Program>> = {
  'basic-usage': {
    flask: 'basic_usage.py',
    nest: () => import('../../sample/11-from-flask/src/basic-usage.js'),
    async walk(visitor) {
      await visitor.send('POST', '/login', { json: { ...ALICE, password: 'looking-glass' } });
      const { access_token: token = '' } = await visitor.send('POST', '/login', { json: ALICE });
      await visitor.send('GET', '/protected');
      await visitor.send('GET', '/protected', { token });
      await visitor.send('GET', '/protected', { token: `${token}x` });
      await visitor.send('GET', '/protected', { token: aged(token, 900) });
    },
    answers: [
      [401, { msg: 'Bad username or password' }],
      LOGIN,
      MISSING,
      [200, { logged_in_as: 'alice' }],
      [422, { msg: 'Signature verification failed' }],
      [401, { msg: 'Token has expired' }],
    ],
  },
  'user-loading': {
    flask: 'user_loading.py',
    nest: () => import('../../sample/11-from-flask/src/user-loading.js'),
    async walk(visitor) {
      await visitor.send('POST', '/login', { json: { username: 'mallory' } });
      const { access_token: token } = await visitor.send('POST', '/login', {
        json: { username: 'bob' },
      });
      await visitor.send('GET', '/who_am_i', { token });
      await visitor.send('GET', '/who_am_i', { token: forgeToken(accessClaims({ sub: '3' })) });
    },
    answers: [
      [401, { msg: 'Bad username or password' }],
      LOGIN,
      [200, { id: '2', username: 'bob', full_name: 'Bob Sawyer' }],
      [401, { msg: 'Error loading the user 3' }],
    ],
  },
  'custom-claims': {
    flask: 'custom_claims.py',
    nest: () => import('../../sample/11-from-flask/src/custom-claims.js'),
    async walk(visitor) {
      const { access_token: token } = await visitor.send('POST', '/login');
      await visitor.send('GET', '/protected', { token });
    },
    answers: [LOGIN, [200, { plan: 'pro', name: 'ALICE', audience: 'shop' }]],
  },
  'optional-route': {
    flask: 'optional_route.py',
    nest: () => import('../../sample/11-from-flask/src/optional-route.js'),
    async walk(visitor) {
      const { access_token: token = '' } = await visitor.send('POST', '/login');
      await visitor.send('GET', '/optionally_protected');
      await visitor.send('GET', '/optionally_protected', { token });
      await visitor.send('GET', '/optionally_protected', { token: aged(token, 900) });
    },
    answers: [
      LOGIN,
      [200, { logged_in_as: 'anonymous user' }],
      [200, { logged_in_as: 'alice' }],
      [401, { msg: 'Token has expired' }],
    ],
  },
  locations: {
    flask: 'locations.py',
    nest: () => import('../../sample/11-from-flask/src/locations.js'),
    async walk(visitor) {
      await visitor.send('GET', '/protected');
      const { access_token: token } = await visitor.send('POST', '/login_without_cookies');
      await visitor.send('POST', '/protected', { token });
      await visitor.send('GET', `/protected?jwt=${token}`);
      await visitor.send('POST', '/protected', { json: { access_token: token } });
      await visitor.send('GET', '/only_headers', { token });
      await visitor.send('GET', `/only_headers?jwt=${token}`);
      await visitor.send('POST', '/login_with_cookies');
      await visitor.send('GET', '/protected');
      await visitor.send('POST', '/protected');
      const headers = { 'X-CSRF-TOKEN': visitor.cookie('csrf_access_token') };
      await visitor.send('POST', '/protected', { headers });
      await visitor.send('POST', '/logout_with_cookies');
    },
    answers: [
      [
        401,
        {
          msg:
            'Missing JWT in headers, cookies, json or query_string (Missing Authorization Header; ' +
            'Missing cookie "access_token_cookie"; Invalid content-type. Must be application/json.; ' +
            "Missing 'jwt' query paramater)",
        },
      ],
      LOGIN,
      [200, { foo: 'bar' }],
      [200, { foo: 'bar' }],
      [200, { foo: 'bar' }],
      [200, { foo: 'baz' }],
      MISSING,
      [200, { msg: 'login successful' }, ACCESS_SET],
      [200, { foo: 'bar' }],
      [401, { msg: 'Missing CSRF token' }],
      [200, { foo: 'bar' }],
      [
        200,
        { msg: 'logout successful' },
        {
          access_token_cookie: 'cleared',
          csrf_access_token: 'cleared',
          refresh_token_cookie: 'cleared',
          csrf_refresh_token: 'cleared',
        },
      ],
    ],
  },
  csrf: {
    flask: 'csrf.py',
    nest: () => import('../../sample/11-from-flask/src/csrf.js'),
    async walk(visitor) {
      const login = await visitor.send('POST', '/token/auth');
      const access = { 'X-CSRF-TOKEN': login['access_csrf']! };
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      await visitor.send('GET', '/api/example');
      await visitor.send('POST', '/api/example');
      await visitor.send('POST', '/api/example', { headers: access });
      await visitor.send('POST', '/api/example', {
        headers: form,
        body: `csrf_token=${login['access_csrf']}`,
      });
      await visitor.send('POST', '/token/refresh', { headers: access });
      const refresh = { 'X-CSRF-TOKEN': login['refresh_csrf']! };
      await visitor.send('POST', '/token/refresh', { headers: refresh });
    },
    answers: [
      [
        200,
        { access_csrf: '<uuid>', refresh_csrf: '<uuid>' },
        { access_token_cookie: 'set', refresh_token_cookie: 'set' },
      ],
      [200, { hello: 'alice' }],
      [401, { msg: 'Missing CSRF token' }],
      [200, { changed_by: 'alice' }],
      [200, { changed_by: 'alice' }],
      [401, { msg: 'CSRF double submit tokens do not match' }],
      [200, { access_csrf: '<uuid>' }, { access_token_cookie: 'set' }],
    ],
  },
  'implicit-refresh': {
    flask: 'implicit_refresh.py',
    nest: () => import('../../sample/11-from-flask/src/implicit-refresh.js'),
    async walk(visitor) {
      await visitor.send('POST', '/login');
      await visitor.send('GET', '/protected');
      visitor.age('access_token_cookie', 29 * 60);
      await visitor.send('GET', '/protected');
      visitor.age('access_token_cookie', 2 * 60);
      await visitor.send('GET', '/protected');
      await visitor.send('GET', '/protected');
      await visitor.send('POST', '/logout');
      await visitor.send('GET', '/protected');
    },
    answers: [
      [200, { msg: 'login successful' }, ACCESS_SET],
      [200, { foo: 'bar' }],
      [200, { foo: 'bar' }],
      [200, { foo: 'bar' }, ACCESS_SET],
      [200, { foo: 'bar' }],
      [
        200,
        { msg: 'logout successful' },
        {
          access_token_cookie: 'cleared',
          csrf_access_token: 'cleared',
          refresh_token_cookie: 'cleared',
          csrf_refresh_token: 'cleared',
        },
      ],
      [401, { msg: 'Missing cookie "access_token_cookie"' }],
    ],
  },
  'refresh-tokens': {
    flask: 'refresh_tokens.py',
    nest: () => import('../../sample/11-from-flask/src/refresh-tokens.js'),
    async walk(visitor) {
      const { access_token: access, refresh_token: refresh } = await visitor.send('POST', '/login');
      await visitor.send('POST', '/refresh', { token: access });
      await visitor.send('GET', '/protected', { token: refresh });
      const { access_token: token } = await visitor.send('POST', '/refresh', { token: refresh });
      await visitor.send('GET', '/protected', { token });
    },
    answers: [
      PAIR,
      [422, { msg: 'Only refresh tokens are allowed' }],
      [422, { msg: 'Only non-refresh tokens are allowed' }],
      LOGIN,
      [200, { logged_in_as: 'alice' }],
    ],
  },
  'token-freshness': {
    flask: 'token_freshness.py',
    nest: () => import('../../sample/11-from-flask/src/token-freshness.js'),
    async walk(visitor) {
      const { access_token: fresh, refresh_token: refresh } = await visitor.send('POST', '/login');
      await visitor.send('GET', '/protected', { token: fresh });
      const { access_token: stale } = await visitor.send('POST', '/refresh', { token: refresh });
      await visitor.send('GET', '/protected', { token: stale });
      const { access_token: again = '' } = await visitor.send('POST', '/fresh-login');
      await visitor.send('GET', '/protected', { token: again });
      const then = { fresh: Math.floor(Date.now() / 1000) - 1 };
      const token = forgeToken({ ...claimsOf(again), ...then });
      await visitor.send('GET', '/protected', { token });
    },
    answers: [
      PAIR,
      [200, { foo: 'bar' }],
      LOGIN,
      [401, { msg: 'Fresh token required' }],
      LOGIN,
      [200, { foo: 'bar' }],
      [401, { msg: 'Fresh token required' }],
    ],
  },
  'blocklist-redis': {
    flask: 'blocklist.py',
    nest: () => import('../../sample/11-from-flask/src/blocklist-redis.js'),
    ...revoking(),
  },
  'blocklist-database': {
    flask: 'blocklist.py',
    nest: () => import('../../sample/11-from-flask/src/blocklist-database.js'),
    ...revoking(),
  },
  'custom-decorators': {
    flask: 'custom_decorators.py',
    nest: () => import('../../sample/11-from-flask/src/custom-decorators.js'),
    async walk(visitor) {
      await visitor.send('GET', '/protected');
      for (const username of ['alice', 'bob']) {
        const login = await visitor.send('POST', '/login', { json: { username } });
        await visitor.send('GET', '/protected', { token: login['access_token'] });
      }
    },
    answers: [MISSING, LOGIN, [200, { foo: 'bar' }], LOGIN, [403, { msg: 'Admins only!' }]],
  },
  responses: {
    flask: 'responses.py',
    nest: () => import('../../sample/11-from-flask/src/responses.js'),
    async walk(visitor) {
      const past = Math.floor(Date.now() / 1000) - 60;
      const claims = [{}, { exp: past }, { jti: 'stolen' }, { tenant: 'bankrupt' }, { sub: 'bob' }];
      await visitor.send('GET', '/protected');
      for (const changes of claims)
        await visitor.send('GET', '/protected', { token: forgeToken(accessClaims(changes)) });
      await visitor.send('GET', '/protected', { token: 'a.b' });
      await visitor.send('GET', '/protected-fresh', { token: forgeToken(accessClaims()) });
    },
    answers: [
      [403, { code: 'unauthorized', why: 'Missing Authorization Header' }],
      [200, { hello: 'world' }],
      [401, { code: 'expired', who: 'alice' }],
      [410, { code: 'revoked', which: 'stolen' }],
      [409, { code: 'closed', which: 'bankrupt' }],
      [404, { code: 'unknown', who: 'bob' }],
      [400, { code: 'invalid', why: 'Not enough segments' }],
      [418, { code: 'stale', who: 'alice' }],
    ],
  },
  'token-lifetimes': {
    flask: 'token_lifetimes.py',
    nest: () => import('../../sample/11-from-flask/src/token-lifetimes.js'),
    async walk(visitor) {
      const { token = '' } = await visitor.send('POST', '/login');
      const { token: forDevelopers = '' } = await visitor.send('POST', '/create-dev-token', {
        token,
      });
      const { token: forPrograms = '' } = await visitor.send('POST', '/create-api-token', {
        token,
      });
      const lives = [token, forDevelopers, forPrograms].map((each) => {
        const { exp, iat } = claimsOf(each);
        return exp === undefined ? 'for ever' : Number(exp) - Number(iat);
      });
      visitor.answers.push([0, lives]);
    },
    answers: [
      [200, { token: '<token>' }],
      [201, { token: '<token>' }],
      [201, { token: '<token>' }],
      [0, [300, 365 * 86_400, 'for ever']],
    ],
  },
};

/** The same program with two stores. */
function revoking(): Pick<Program, 'walk' | 'answers'> {
  return {
    async walk(visitor) {
      const { access_token: access, refresh_token: refresh } = await visitor.send('POST', '/login');
      await visitor.send('GET', '/protected', { token: access });
      await visitor.send('DELETE', '/logout', { token: access });
      await visitor.send('GET', '/protected', { token: access });
      await visitor.send('POST', '/refresh', { token: refresh });
      await visitor.send('DELETE', '/logout', { token: refresh });
      await visitor.send('POST', '/refresh', { token: refresh });
      await visitor.send('DELETE', '/logout', { token: refresh });
    },
    answers: [
      PAIR,
      [200, { hello: 'world' }],
      [200, { msg: 'Access token revoked' }],
      [401, { msg: 'Token has been revoked' }],
      LOGIN,
      [200, { msg: 'Refresh token revoked' }],
      [401, { msg: 'Token has been revoked' }],
      [401, { msg: 'Token has been revoked' }],
    ],
  };
}
