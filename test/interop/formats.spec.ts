import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { JwtExtendedOptions } from '../../src/index.js';
import { ADAPTERS } from '../support/app.js';
import type { FlaskConfig } from '../support/flask.js';
import { accessClaims, forgeToken, SECRET } from '../support/forge.js';
import type { Wanted } from './nest-twin.js';
import { alike, ask, headerOf, mint, NAMES, payloadOf, startPeers } from './peers.js';

/** Up to 4.5, Flask-JWT-Extended mints a csrf claim only if cookies are a location. */
const WITH_COOKIES: FlaskConfig = {
  JWT_SECRET_KEY: SECRET,
  JWT_TOKEN_LOCATION: ['headers', 'cookies'],
};

describe('The claims of tokens', () => {
  const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const ISSUER = 'https://accounts.example.com';

  const FOR_SEVERAL = {
    JWT_ENCODE_ISSUER: ISSUER,
    JWT_DECODE_ISSUER: ISSUER,
    JWT_ENCODE_AUDIENCE: ['web', 'mobile'],
    JWT_DECODE_AUDIENCE: 'mobile',
  };
  const PLAIN = { JWT_COOKIE_CSRF_PROTECT: false, JWT_ENCODE_NBF: false };
  const ALIKE = { encodeIssuer: ISSUER, decodeIssuer: ISSUER, encodeAudience: ['web', 'mobile'] };

  describe.each<[string, FlaskConfig, JwtExtendedOptions]>([
    ['by default', {}, {}],
    ['with an issuer and several audiences', FOR_SEVERAL, { ...ALIKE, decodeAudience: 'mobile' }],
    [
      'without csrf and nbf, for an hour',
      { ...PLAIN, JWT_ACCESS_TOKEN_EXPIRES: '3600' },
      { csrf: { protect: false }, encodeNotBefore: false, accessTokenExpires: '1h' },
    ],
  ])('Tokens of Flask and Nest, %s', (_, config, options) => {
    const peers = startPeers(options, { ...WITH_COOKIES, ...config });

    it.each<[string, 'access' | 'refresh', Omit<Wanted, 'identity'>]>([
      ['access tokens', 'access', {}],
      ['access tokens with another lifetime', 'access', { expires_in: 5 }],
      ['access tokens that never expire', 'access', { expires_in: false }],
      ['access tokens with claims', 'access', { claims: { roles: ['a'], n: { m: 1 }, z: null } }],
      ['refresh tokens', 'refresh', {}],
      ['refresh tokens with claims', 'refresh', { claims: { roles: [], a: 1.5 } }],
    ])(
      '%s have the same header, and the same claims of the same types in the same order',
      async (_, kind, wanted) => {
        const theirs = await mint(peers.Flask, kind, { identity: 'alice', ...wanted });
        const ours = await mint(peers.Nest, kind, { identity: 'alice', ...wanted });
        expect(headerOf(ours)).toEqual(headerOf(theirs));
        // Only Nest remembers which claims were given in the call.
        expect(shapeOf(ours).filter(([name]) => name !== 'grant')).toEqual(shapeOf(theirs));
      },
    );

    it('fresh access tokens have the same claims, except that only those of Nest have auth_time', async () => {
      const wanted = { identity: 'alice', fresh: true };
      const theirs = shapeOf(await mint(peers.Flask, 'access', wanted));
      const ours = shapeOf(await mint(peers.Nest, 'access', wanted));
      expect(ours).toEqual([...theirs, ['auth_time', 'iat + 0']]);
    });

    it.each(NAMES)('a token that %s minted is accepted on both sides', async (minter) => {
      const token = await mint(peers[minter], 'access', { identity: 'alice' });
      const said = await ask(peers, 'GET', '/access', { token });
      expect(said).toEqual(alike(200, { identity: 'alice', claims: payloadOf(token) }));
    });
  });

  describe('A token that is fresh for a while', () => {
    const peers = startPeers({}, WITH_COOKIES);

    it('states the end of that time, in whole seconds by Nest and in fractions by Flask', async () => {
      const wanted = { identity: 'alice', fresh: 300 };
      const theirs = payloadOf(await mint(peers.Flask, 'access', wanted));
      const ours = payloadOf(await mint(peers.Nest, 'access', wanted));
      expect(Math.floor(Number(theirs.fresh))).toBe(Number(theirs.iat) + 300);
      expect(ours.fresh).toBe(Number(ours.iat) + 300);
    });
  });

  describe('Issuer and audience', () => {
    const audiences = ['web', 'mobile'];
    const peers = startPeers(
      { decodeIssuer: ISSUER, decodeAudience: audiences },
      { JWT_SECRET_KEY: SECRET, JWT_DECODE_ISSUER: ISSUER, JWT_DECODE_AUDIENCE: audiences },
    );

    it.each([
      ['no issuer', { iss: undefined }, 'Token is missing the "iss" claim'],
      ['another issuer', { iss: `${ISSUER}.evil.com` }, 'Invalid issuer'],
      ['no audience', { aud: undefined }, 'Token is missing the "aud" claim'],
    ])('both refuse a token that has %s with the same body (R31)', async (_, changes, msg) => {
      const token = forgeToken(accessClaims({ iss: ISSUER, aud: 'web', ...changes }));
      expect(await ask(peers, 'GET', '/access', { token })).toEqual(alike(422, { msg }));
    });

    it('both refuse a token for another audience, each with its own message (Flask with PyJWT 2.6) (R31)', async () => {
      const token = forgeToken(accessClaims({ iss: ISSUER, aud: ['desktop'] }));
      const said = await ask(peers, 'GET', '/access', { token });
      expect(said).toEqual({
        Flask: { status: 422, body: { msg: 'Invalid audience' } },
        Nest: { status: 422, body: { msg: "Audience doesn't match" } },
      });
    });

    it('both accept a token for one of several audiences (R31)', async () => {
      const token = forgeToken(accessClaims({ iss: ISSUER, aud: ['desktop', 'mobile'] }));
      const said = await ask(peers, 'GET', '/access', { token });
      expect(said).toMatchObject(alike(200, { identity: 'alice' }));
    });
  });

  /** The names, values and order of a token's claims. A description replaces each value that differs from token to token. */
  function shapeOf(token: string): [name: string, shape: unknown][] {
    const claims = payloadOf(token);
    return Object.entries(claims).map(([name, value]) => {
      if (name === 'iat') return [name, Number.isInteger(value) ? 'a whole second' : value];
      if (typeof value === 'string' && UUID.test(value)) return [name, 'a UUID v4'];
      const isInstant = ['nbf', 'exp', 'auth_time'].includes(name);
      return [name, isInstant ? `iat + ${Number(value) - Number(claims.iat)}` : value];
    });
  }
});

describe('Token cookies', () => {
  const ALICE = { identity: 'alice' };
  const OPEN = [200, ALICE] as const;
  const MISSING_CSRF = [401, { msg: 'Missing CSRF token' }] as const;
  const OTHER_CSRF = [401, { msg: 'CSRF double submit tokens do not match' }] as const;
  const ACCESS_CSRF = 'csrf_access_token';
  const REFRESH_CSRF = 'csrf_refresh_token';

  describe.each(ADAPTERS)('Flask and Nest on %s, which both also read cookies', (adapter) => {
    const peers = startPeers({ locations: ['headers', 'cookies'] }, WITH_COOKIES, adapter);

    describe.each(NAMES)('Cookies that %s set', (setter) => {
      let jar: CookieJar;
      beforeEach(async () => {
        const { cookies } = await peers[setter].send('POST', '/cookies', { json: ALICE });
        jar = new CookieJar(cookies);
      });

      it('are an HttpOnly token cookie and a CSRF cookie that scripts can read, for each token type (R46)', () => {
        expect(jar.names).toEqual([
          'access_token_cookie (HttpOnly; Path=/)',
          'csrf_access_token (Path=/)',
          'refresh_token_cookie (HttpOnly; Path=/)',
          'csrf_refresh_token (Path=/)',
        ]);
        expect(jar.get('csrf_access_token')).toBe(payloadOf(jar.get('access_token_cookie')).csrf);
        expect(jar.get('csrf_refresh_token')).toBe(payloadOf(jar.get('refresh_token_cookie')).csrf);
      });

      it.each([
        ['open a GET without a CSRF value', 'GET /access', '', OPEN],
        ['open a POST with their CSRF value', 'POST /access', ACCESS_CSRF, OPEN],
        ['open the refresh route with their CSRF value', 'POST /refresh', REFRESH_CSRF, OPEN],
        ['do not open a POST without a CSRF value', 'POST /access', '', MISSING_CSRF],
        ['do not open the refresh route without one', 'POST /refresh', '', MISSING_CSRF],
        ['do not open a POST with another CSRF value', 'POST /access', 'nonsense', OTHER_CSRF],
        ['do not open a POST with the other one (R44)', 'POST /access', REFRESH_CSRF, OTHER_CSRF],
        ['do not refresh with the other one (R44)', 'POST /refresh', ACCESS_CSRF, OTHER_CSRF],
      ] as const)('%s, on both sides', async (_, route, csrf, [status, body]) => {
        const [method, path] = route.split(' ') as [string, string];
        const headers = {
          cookie: jar.header,
          ...(csrf && { 'x-csrf-token': jar.get(csrf) || csrf }),
        };
        expect(await ask(peers, method, path, { headers })).toMatchObject(alike(status, body));
      });

      it('are ignored if the Authorization header has an invalid token (R40)', async () => {
        const headers = { cookie: jar.header, authorization: 'Bearer nonsense' };
        const said = await ask(peers, 'GET', '/access', { headers });
        expect(said).toEqual(alike(422, { msg: 'Not enough segments' }));
      });

      it('hold tokens that are also accepted in a header, without a CSRF value (R43)', async () => {
        const said = await ask(peers, 'POST', '/access', { token: jar.get('access_token_cookie') });
        expect(said).toMatchObject(alike(200, ALICE));
      });

      it.each(NAMES)('are cleared by %s', async (clearer) => {
        const { cookies } = await peers[clearer].send('DELETE', '/cookies');
        const cleared = new CookieJar(cookies);
        expect(cleared.names).toEqual(jar.names);
        expect(cleared.header).toBe(jar.header.replace(/=[^;]*/g, '='));
        expect(cookies).toEqual(
          cookies.map(() => expect.stringContaining('Expires=Thu, 01 Jan 1970 00:00:00 GMT')),
        );
      });
    });

    it.each([
      ['GET', '/access', 'access_token_cookie'],
      ['POST', '/refresh', 'refresh_token_cookie'],
    ])('both refuse %s %s without a token and name the cookie %s', async (method, path, name) => {
      const msg = `Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie "${name}")`;
      expect(await ask(peers, method, path)).toEqual(alike(401, { msg }));
    });

    it('only Nest sets Secure and SameSite on its cookies (R46)', async () => {
      const theirs = await peers.Flask.send('POST', '/cookies', { json: ALICE });
      const ours = await peers.Nest.send('POST', '/cookies', { json: ALICE });
      expect(theirs.cookies.filter((cookie) => /; (Secure|SameSite)/.test(cookie))).toEqual([]);
      const secure = ours.cookies.filter((cookie) => /; Secure; SameSite=Lax$/.test(cookie));
      expect(secure).toHaveLength(4);
    });
  });

  /** The cookies of `Set-Cookie` headers, as a browser keeps them. */
  class CookieJar {
    private readonly values: ReadonlyMap<string, string>;
    /** Each name, with the attributes that both sides must agree on. */
    readonly names: readonly string[];

    constructor(cookies: readonly string[]) {
      const parts = cookies.map((cookie) => cookie.split('; '));
      this.values = new Map(parts.map(([pair = '']) => pair.split('=') as [string, string]));
      this.names = parts.map(([pair = '', ...attributes]) => {
        const shared = attributes.filter((attribute) => /^(HttpOnly|Path=.*)$/.test(attribute));
        return `${pair.split('=')[0]} (${shared.sort().join('; ')})`;
      });
    }

    /** The `Cookie` header. */
    get header(): string {
      return [...this.values].map(([name, value]) => `${name}=${value}`).join('; ');
    }

    get(name: string): string {
      return this.values.get(name) ?? '';
    }
  }
});

describe('Older formats of tokens', () => {
  describe('Tokens in the format of Flask-JWT-Extended 3 (for Flask 4.4.4 with the identity claim "identity")', () => {
    const peers = startPeers(
      { identityClaim: 'identity', userClaimsKey: 'user_claims', csrf: { protect: false } },
      { JWT_SECRET_KEY: SECRET, JWT_IDENTITY_CLAIM: 'identity' },
    );

    it.each([
      ['an identity that is text', { identity: 'alice' }],
      ['an identity that is a number', { identity: 42 }],
      ['an identity that is an object', { identity: { id: 42, name: 'alice' } }],
      ['claims of the user', { identity: 'alice', user_claims: { roles: ['admin'] } }],
    ])('both accept an access token with %s', async (_, changes) => {
      const claims = version3('access', changes);
      const said = await ask(peers, 'GET', '/access', { token: forgeToken(claims) });
      expect(said).toEqual(alike(200, { identity: changes.identity, claims }));
    });

    it.each([
      ['a refresh token, which has no fresh claim', 'refresh', 'POST', '/refresh', {}],
      ['a token with a last fresh second', 'access', 'GET', '/fresh', { fresh: now() + 3600 }],
    ] as const)('both accept %s', async (_, type, method, path, changes) => {
      const token = forgeToken(version3(type, { identity: 42, ...changes }));
      expect(await ask(peers, method, path, { token })).toMatchObject(alike(200, { identity: 42 }));
    });

    it('both refuse a token of version 4, which has its identity in `sub`, with the same body', async () => {
      const { identity, ...claims } = version3('access', { identity: 'alice' });
      const token = forgeToken({ ...claims, sub: identity });
      const said = await ask(peers, 'GET', '/access', { token });
      expect(said).toEqual(alike(422, { msg: 'Missing claim: identity' }));
    });

    it.each([
      ['access', { claims: { roles: ['admin'] } }, { user_claims: { roles: ['admin'] } }],
      ['access', {}, {}],
      [
        'refresh',
        { claims: { device: 'phone' } },
        { user_claims: { device: 'phone' }, grant: { claims: ['device'] } },
      ],
    ] as const)(
      'Nest mints %s tokens from %j with additional claims under user_claims',
      async (kind, wanted, nested) => {
        const claims = payloadOf(await mint(peers.Nest, kind, { identity: 42, ...wanted }));
        const registered = Object.keys(version3(kind, {}));
        expect(claims).toMatchObject({ identity: 42, type: kind, ...nested });
        expect(Object.keys(claims).sort()).toEqual(
          [...new Set([...registered, 'fresh', ...Object.keys(nested)])].sort(),
        );
      },
    );

    it.each(NAMES)('a token that %s minted is accepted on both sides', async (minter) => {
      const claims = minter === 'Nest' ? { a: 1 } : { user_claims: { a: 1 } };
      const token = await mint(peers[minter], 'access', { identity: 42, claims });
      const said = await ask(peers, 'GET', '/access', { token });
      expect(payloadOf(token)).toMatchObject({ identity: 42, user_claims: { a: 1 } });
      expect(said).toEqual(alike(200, { identity: 42, claims: payloadOf(token) }));
    });
  });

  describe('Tokens in the format of Flask-JWT (for Flask-JWT-Extended 4.4.4, configured for them)', () => {
    const peers = startPeers(
      { identityClaim: 'identity', headerType: 'JWT', leeway: 60, acceptForeignTokens: true },
      {
        JWT_SECRET_KEY: SECRET,
        JWT_IDENTITY_CLAIM: 'identity',
        JWT_HEADER_TYPE: 'JWT',
        JWT_DECODE_LEEWAY: '60',
      },
    );

    it.each([
      ['an identity that is a number', () => ({}), 1],
      ['an identity that is text', () => ({ identity: 'alice' }), 'alice'],
      ['an exp in the past but within the leeway', () => ({ exp: now() - 2 }), 1],
      ['claims of its payload handler', () => ({ roles: ['admin'] }), 1],
    ])('both accept a token with %s as an access token', async (_, changes, identity) => {
      const said = await ask(peers, 'GET', '/access', bearing(flaskJwt(changes())));
      expect(said).toMatchObject(alike(200, { identity }));
    });

    it.each([
      ['that has expired', { exp: now() - 120 }, 401, 'Token has expired'],
      ['from the future', { nbf: now() + 3600 }, 422, 'The token is not yet valid (nbf)'],
      ['without an identity', { identity: undefined }, 422, 'Missing claim: identity'],
    ])('both refuse a token %s with the same body', async (_, changes, status, msg) => {
      const said = await ask(peers, 'GET', '/access', bearing(flaskJwt(changes)));
      expect(said).toEqual(alike(status, { msg }));
    });

    it.each([
      ['a fresh route', 'GET', '/fresh', 401, 'Fresh token required'],
      ['a refresh route', 'POST', '/refresh', 422, 'Only refresh tokens are allowed'],
    ])('both refuse it on %s with the same body', async (_, method, path, status, msg) => {
      expect(await ask(peers, method, path, bearing(flaskJwt()))).toEqual(alike(status, { msg }));
    });

    it('both refuse the scheme Bearer with the same body', async () => {
      const msg =
        "Missing 'JWT' type in 'Authorization' header. Expected 'Authorization: JWT <JWT>'";
      const said = await ask(peers, 'GET', '/access', { token: flaskJwt() });
      expect(said).toEqual(alike(401, { msg }));
    });

    it('Nest mints tokens with the claims that Flask-JWT requires: exp, iat, nbf and identity, without aud', async () => {
      const token = await mint(peers.Nest, 'access', { identity: 1 });
      const said = await ask(peers, 'GET', '/access', bearing(token));
      const number: unknown = expect.any(Number);
      const claims = { identity: 1, iat: number, nbf: number, exp: number };
      expect(payloadOf(token)).toMatchObject(claims);
      expect(payloadOf(token)).not.toHaveProperty('aud');
      expect(said).toEqual(alike(200, { identity: 1, claims: payloadOf(token) }));
    });
  });

  /** The claims of version 3.25 in its order. A refresh token has no `fresh`. */
  function version3(type: 'access' | 'refresh', changes: object): Record<string, unknown> {
    return {
      iat: now(),
      nbf: now(),
      jti: randomUUID(),
      exp: now() + 900,
      identity: 'alice',
      ...(type === 'access' && { fresh: false }),
      type,
      ...changes,
    };
  }

  /** A token as Flask-JWT 0.3.2 makes it, from its default payload handler. */
  function flaskJwt(changes: object = {}): string {
    const claims = { exp: now() + 300, iat: now(), nbf: now(), identity: 1, ...changes };
    return forgeToken(claims, { typ: 'JWT', alg: 'HS256' });
  }

  function bearing(token: string): { headers: { authorization: string } } {
    return { headers: { authorization: `JWT ${token}` } };
  }

  /** Reads the real clock, because Flask has no other. */
  function now(): number {
    return Math.floor(Date.now() / 1000);
  }
});
