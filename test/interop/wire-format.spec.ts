import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JwtExtendedOptions } from '../../src/index.js';
import type { RunningApp } from '../support/app.js';
import { FlaskApp, type FlaskConfig } from '../support/flask.js';
import { accessClaims, forgeToken, SECRET } from '../support/forge.js';
import { alike, ask, headerOf, mint, NAMES, payloadOf, type Peers, startNest } from './peers.js';
import type { Wanted } from './nest-twin.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ISSUER = 'https://accounts.example.com';

/** Up to 4.5, Flask-JWT-Extended mints a csrf claim only where cookies are a location. */
const WITH_COOKIES: FlaskConfig = {
  JWT_SECRET_KEY: SECRET,
  JWT_TOKEN_LOCATION: ['headers', 'cookies'],
};

describe.each([
  ['by default', WITH_COOKIES, {}],
  [
    'with an issuer and several audiences',
    {
      ...WITH_COOKIES,
      JWT_ENCODE_ISSUER: ISSUER,
      JWT_DECODE_ISSUER: ISSUER,
      JWT_ENCODE_AUDIENCE: ['web', 'mobile'],
      JWT_DECODE_AUDIENCE: 'mobile',
    },
    {
      encodeIssuer: ISSUER,
      decodeIssuer: ISSUER,
      encodeAudience: ['web', 'mobile'],
      decodeAudience: 'mobile',
    },
  ],
  [
    'without csrf and nbf, for an hour',
    {
      ...WITH_COOKIES,
      JWT_COOKIE_CSRF_PROTECT: false,
      JWT_ENCODE_NBF: false,
      JWT_ACCESS_TOKEN_EXPIRES: '3600',
    },
    { csrf: { protect: false }, encodeNotBefore: false, accessTokenExpires: '1h' },
  ],
] as const satisfies readonly (readonly [string, FlaskConfig, JwtExtendedOptions])[])(
  'the tokens of Flask and Nest, %s',
  (_, config, options) => {
    let flask: FlaskApp;
    beforeAll(async () => {
      flask = await FlaskApp.start(config);
    });
    afterAll(() => flask.close());

    describe('compared', () => {
      let nest: RunningApp;
      let peers: Peers;
      beforeAll(async () => {
        nest = await startNest('fastify', options);
        peers = { Flask: flask, Nest: nest };
      });
      afterAll(() => nest.close());

      it.each([
        ['access tokens', 'access', {}],
        ['access tokens of another lifetime', 'access', { expires_in: 5 }],
        ['access tokens that never expire', 'access', { expires_in: false }],
        [
          'access tokens with claims of their own',
          'access',
          { claims: { roles: ['a'], plan: { n: 1 }, z: null } },
        ],
        ['refresh tokens', 'refresh', {}],
        ['refresh tokens with claims of their own', 'refresh', { claims: { roles: [], a: 1.5 } }],
      ] as const satisfies readonly (readonly [
        string,
        'access' | 'refresh',
        Omit<Wanted, 'identity'>,
      ])[])(
        '%s have the same header, and the same claims of the same types in the same order',
        async (_, kind, wanted) => {
          const theirs = await mint(flask, kind, { identity: 'alice', ...wanted });
          const ours = await mint(nest, kind, { identity: 'alice', ...wanted });
          expect(headerOf(ours)).toEqual(headerOf(theirs));
          expect(shapeOf(ours)).toEqual(shapeOf(theirs));
        },
      );

      it('fresh access tokens too, but for the moment of the login that only ours tell', async () => {
        const wanted = { identity: 'alice', fresh: true };
        const theirs = shapeOf(await mint(flask, 'access', wanted));
        const ours = shapeOf(await mint(nest, 'access', wanted));
        expect(ours).toEqual([...theirs, ['auth_time', 'iat + 0']]);
      });

      it.each(NAMES)('what %s mints is accepted on both sides', async (minter) => {
        const token = await mint(peers[minter], 'access', { identity: 'alice' });
        const said = await ask(peers, 'GET', '/access', { token });
        expect(said).toEqual(alike(200, { identity: 'alice', claims: payloadOf(token) }));
      });
    });
  },
);

describe('the default claims of an access token', () => {
  it('are those of Flask-JWT-Extended 4, in its order', async () => {
    const nest = await startNest('fastify');
    const token = await mint(nest, 'access', { identity: 'alice', claims: { role: 'admin' } });
    await nest.close();
    expect(shapeOf(token)).toEqual([
      ['fresh', false],
      ['iat', 'a whole second'],
      ['jti', 'a UUID v4'],
      ['type', 'access'],
      ['sub', 'alice'],
      ['nbf', 'iat + 0'],
      ['csrf', 'a UUID v4'],
      ['exp', 'iat + 900'],
      ['role', 'admin'],
    ]);
  });
});

describe('a token that is fresh for a time', () => {
  let flask: FlaskApp;
  beforeAll(async () => {
    flask = await FlaskApp.start();
  });
  afterAll(() => flask.close());

  it('says until when: in fractions there, in whole seconds here', async () => {
    const nest = await startNest('fastify');
    const wanted = { identity: 'alice', fresh: 300 };
    const theirs = payloadOf(await mint(flask, 'access', wanted));
    const ours = payloadOf(await mint(nest, 'access', wanted));
    await nest.close();
    expect(Math.floor(Number(theirs.fresh))).toBe(Number(theirs.iat) + 300);
    expect(ours.fresh).toBe(Number(ours.iat) + 300);
  });
});

describe('issuer and audience', () => {
  let nest: RunningApp;
  let peers: Peers;
  beforeAll(async () => {
    nest = await startNest('fastify', { decodeIssuer: ISSUER, decodeAudience: ['web', 'mobile'] });
    const flask = await FlaskApp.start({
      JWT_SECRET_KEY: SECRET,
      JWT_DECODE_ISSUER: ISSUER,
      JWT_DECODE_AUDIENCE: ['web', 'mobile'],
    });
    peers = { Flask: flask, Nest: nest };
  });
  afterAll(() => Promise.all([peers.Flask.close(), nest.close()]));

  it.each([
    ['no issuer', { iss: undefined }, 'Token is missing the "iss" claim'],
    ['another issuer', { iss: `${ISSUER}.evil.com` }, 'Invalid issuer'],
    ['no audience', { aud: undefined }, 'Token is missing the "aud" claim'],
  ])('both refuse a token with %s alike (R31)', async (_, changes, msg) => {
    const token = forgeToken(accessClaims({ iss: ISSUER, aud: 'web', ...changes }));
    const said = await ask(peers, 'GET', '/access', { token });
    expect(said).toEqual(alike(422, { msg }));
  });

  it('both refuse a token for another audience, in words of their own (PyJWT 2.6 there) (R31)', async () => {
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

/** Names, values and order of a token's claims, except for what is never twice the same. */
function shapeOf(token: string): [name: string, shape: unknown][] {
  const claims = payloadOf(token);
  return Object.entries(claims).map(([name, value]) => {
    if (name === 'iat') return [name, Number.isInteger(value) ? 'a whole second' : value];
    if (typeof value === 'string' && UUID.test(value)) return [name, 'a UUID v4'];
    const isInstant = ['nbf', 'exp', 'auth_time'].includes(name);
    return [name, isInstant ? `iat + ${Number(value) - Number(claims.iat)}` : value];
  });
}
