import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningApp } from '../support/app.js';
import { FlaskApp } from '../support/flask.js';
import { forgeToken, SECRET } from '../support/forge.js';
import { alike, ask, mint, NAMES, payloadOf, type Peers, startNest } from './peers.js';

describe('tokens in the format of Flask-JWT-Extended 3', () => {
  let flask: FlaskApp;
  beforeAll(async () => {
    flask = await FlaskApp.start({ JWT_SECRET_KEY: SECRET, JWT_IDENTITY_CLAIM: 'identity' });
  });
  afterAll(() => flask.close());

  describe('Flask (4.4.4, identity claim "identity") and Nest', () => {
    let nest: RunningApp;
    let peers: Peers;
    beforeAll(async () => {
      nest = await startNest('fastify', {
        identityClaim: 'identity',
        userClaimsKey: 'user_claims',
        csrf: { protect: false },
      });
      peers = { Flask: flask, Nest: nest };
    });
    afterAll(() => nest.close());

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

    it('both accept a refresh token, which has no fresh claim', async () => {
      const token = forgeToken(version3('refresh', { identity: 42 }));
      const said = await ask(peers, 'POST', '/refresh', { token });
      expect(said).toMatchObject(alike(200, { identity: 42 }));
    });

    it('both accept a fresh token whose last fresh second is a whole number', async () => {
      const token = forgeToken(version3('access', { identity: 42, fresh: now() + 60 }));
      const said = await ask(peers, 'GET', '/fresh', { token });
      expect(said).toMatchObject(alike(200, { identity: 42 }));
    });

    it('both refuse a token of version 4, whose identity is elsewhere, with the same body', async () => {
      const { identity, ...claims } = version3('access', { identity: 'alice' });
      const token = forgeToken({ ...claims, sub: identity });
      const said = await ask(peers, 'GET', '/access', { token });
      expect(said).toEqual(alike(422, { msg: 'Missing claim: identity' }));
    });

    it.each([
      ['access', { claims: { roles: ['admin'] } }, { user_claims: { roles: ['admin'] } }],
      ['access', {}, {}],
      ['refresh', { claims: { device: 'phone' } }, { user_claims: { device: 'phone' } }],
    ] as const)(
      'Nest mints %s tokens of %j with the claims of the user in their place',
      async (kind, wanted, nested) => {
        const claims = payloadOf(await mint(nest, kind, { identity: 42, ...wanted }));
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
});

describe('tokens in the format of Flask-JWT', () => {
  const NO_SCHEME = {
    msg: "Missing 'JWT' type in 'Authorization' header. Expected 'Authorization: JWT <JWT>'",
  };
  let flask: FlaskApp;
  beforeAll(async () => {
    flask = await FlaskApp.start({
      JWT_SECRET_KEY: SECRET,
      JWT_IDENTITY_CLAIM: 'identity',
      JWT_HEADER_TYPE: 'JWT',
      JWT_DECODE_LEEWAY: '60',
    });
  });
  afterAll(() => flask.close());

  describe('Flask-JWT-Extended (4.4.4, set up for them) and Nest', () => {
    let nest: RunningApp;
    let peers: Peers;
    beforeAll(async () => {
      nest = await startNest('fastify', {
        identityClaim: 'identity',
        headerType: 'JWT',
        leeway: 60,
        acceptForeignTokens: true,
      });
      peers = { Flask: flask, Nest: nest };
    });
    afterAll(() => nest.close());

    it.each([
      ['an identity that is a number', () => ({}), 1],
      ['an identity that is text', () => ({ identity: 'alice' }), 'alice'],
      ['an exp that passed within the leeway', () => ({ exp: now() - 2 }), 1],
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

    it('both take it for a token that is not fresh and does not refresh', async () => {
      const onFresh = await ask(peers, 'GET', '/fresh', bearing(flaskJwt()));
      const onRefresh = await ask(peers, 'POST', '/refresh', bearing(flaskJwt()));
      expect(onFresh).toEqual(alike(401, { msg: 'Fresh token required' }));
      expect(onRefresh).toEqual(alike(422, { msg: 'Only refresh tokens are allowed' }));
    });

    it('both refuse the scheme Bearer with the same body', async () => {
      const said = await ask(peers, 'GET', '/access', { token: flaskJwt() });
      expect(said).toEqual(alike(401, NO_SCHEME));
    });

    it('Nest mints what Flask-JWT asks of a token: exp, iat, nbf and identity, and no aud', async () => {
      const token = await mint(nest, 'access', { identity: 1 });
      const said = await ask(peers, 'GET', '/access', bearing(token));
      expect(payloadOf(token)).toMatchObject({
        identity: 1,
        iat: expect.any(Number),
        nbf: expect.any(Number),
        exp: expect.any(Number),
      });
      expect(payloadOf(token)).not.toHaveProperty('aud');
      expect(said).toEqual(alike(200, { identity: 1, claims: payloadOf(token) }));
    });
  });

  it('are refused by Nest unless it accepts foreign tokens (R29)', async () => {
    const nest = await startNest('fastify', { identityClaim: 'identity', headerType: 'JWT' });
    const { status, body } = await nest.send('GET', '/access', bearing(flaskJwt()));
    await nest.close();
    expect({ status, body }).toEqual({ status: 422, body: { msg: 'Missing claim: jti' } });
  });
});

/** The claims of version 3.25, in its order; a refresh token has no `fresh`. */
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

/** By the real clock, which is the only one that Flask has. */
function now(): number {
  return Math.floor(Date.now() / 1000);
}
