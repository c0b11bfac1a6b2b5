import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BlocklistService, TokenService } from '../../src/index.js';
import type { RunningApp } from '../support/app.js';
import { FlaskApp } from '../support/flask.js';
import { segment } from '../support/forge.js';
import { alike, ask, mint, NAMES, payloadOf, type Peers, startNest } from './peers.js';

const IN_5_MINUTES = { fresh: 300 };
const NEVER = { expires_in: false } as const;
const PAST = { expires_in: -5 };
const EXPIRED = [401, 'Token has expired'] as const;
const NOT_FRESH = [401, 'Fresh token required'] as const;
const NOT_ACCESS = [422, 'Only non-refresh tokens are allowed'] as const;
const NOT_REFRESH = [422, 'Only refresh tokens are allowed'] as const;

let flask: FlaskApp;
beforeAll(async () => {
  flask = await FlaskApp.start();
});
afterAll(() => flask.close());

describe('Flask and Nest share a secret', () => {
  let nest: RunningApp;
  let peers: Peers;
  beforeAll(async () => {
    nest = await startNest('fastify');
    peers = { Flask: flask, Nest: nest };
  });
  afterAll(() => nest.close());

  describe.each(NAMES)('of the tokens that %s mints', (minter) => {
    it.each([
      ['an access token opens an access route', 'access', {}, 'GET', '/access'],
      ['an access token opens an optional route', 'access', {}, 'GET', '/optional'],
      ['a fresh token opens a fresh route', 'access', { fresh: true }, 'GET', '/fresh'],
      ['one fresh for a time opens a fresh route', 'access', IN_5_MINUTES, 'GET', '/fresh'],
      ['one that never expires opens an access route', 'access', NEVER, 'GET', '/access'],
      ['a refresh token opens the refresh route', 'refresh', {}, 'POST', '/refresh'],
    ] as const)('%s on both sides', async (_, kind, wanted, method, path) => {
      const token = await mint(peers[minter], kind, { identity: 'alice', ...wanted });
      const said = await ask(peers, method, path, { token });
      expect(said).toEqual(alike(200, { identity: 'alice', claims: payloadOf(token) }));
    });

    it.each([
      ['one that is not fresh, on a fresh route', 'access', {}, 'GET', '/fresh', NOT_FRESH],
      ['a refresh token on an access route (R55)', 'refresh', {}, 'GET', '/access', NOT_ACCESS],
      ['a refresh token on a fresh route (R34)', 'refresh', {}, 'GET', '/fresh', NOT_ACCESS],
      ['a refresh token on an optional route (R53)', 'refresh', {}, 'GET', '/optional', NOT_ACCESS],
      ['an access token on the refresh route (R55)', 'access', {}, 'POST', '/refresh', NOT_REFRESH],
      ['an expired token', 'access', PAST, 'GET', '/access', EXPIRED],
      ['an expired token on an optional route (R53)', 'access', PAST, 'GET', '/optional', EXPIRED],
      ['an expired token on a fresh route', 'access', PAST, 'GET', '/fresh', EXPIRED],
      ['an expired refresh token on an access route', 'refresh', PAST, 'GET', '/access', EXPIRED],
    ] as const)(
      '%s is refused by both with the same status and body',
      async (_, kind, wanted, method, path, [status, msg]) => {
        const token = await mint(peers[minter], kind, { identity: 'alice', ...wanted });
        const said = await ask(peers, method, path, { token });
        expect(said).toEqual(alike(status, { msg }));
      },
    );

    it.each([
      ['payload', (token: string) => withSegment(token, 1, { ...payloadOf(token), sub: 'bob' })],
      ['header', (token: string) => withSegment(token, 0, { alg: 'HS256', typ: 'JWT', x: 1 })],
      ['signature', (token: string) => withSegment(token, 2, Buffer.alloc(32))],
    ])('one whose %s was tampered with is refused by both alike', async (_, tamper) => {
      const token = tamper(await mint(peers[minter], 'access', { identity: 'alice' }));
      const said = await ask(peers, 'GET', '/access', { token });
      expect(said).toEqual(alike(422, { msg: 'Signature verification failed' }));
    });

    it.each(['42', 'Zoë ☃ 你好', 'a "quoted" \\ name', ' ', 'x'.repeat(500)])(
      'one of %j keeps that identity on both sides',
      async (identity) => {
        const token = await mint(peers[minter], 'access', { identity });
        const said = await ask(peers, 'GET', '/access', { token });
        expect(said).toEqual(alike(200, { identity, claims: payloadOf(token) }));
      },
    );

    it.each([
      ['access', 'GET', '/access'],
      ['refresh', 'POST', '/refresh'],
    ] as const)(
      'one of type %s keeps additional claims of every JSON type on both sides',
      async (kind, method, path) => {
        const claims = {
          roles: ['admin', 'Köchin'],
          plan: { name: 'gold', seats: 12, trial: null },
          ratio: 0.25,
          active: true,
          note: '',
        };
        const token = await mint(peers[minter], kind, { identity: 'alice', claims });
        const said = await ask(peers, method, path, { token });
        expect(payloadOf(token)).toMatchObject(claims);
        expect(said).toEqual(alike(200, { identity: 'alice', claims: payloadOf(token) }));
      },
    );
  });

  it('a pair that Nest minted is good for Flask too, session and all', async () => {
    const pair = await nest.get(TokenService).createTokenPair('alice', { fresh: true });
    const fresh = await ask(peers, 'GET', '/fresh', { token: pair.accessToken });
    const refreshed = await ask(peers, 'POST', '/refresh', { token: pair.refreshToken });
    const session = { identity: 'alice', claims: { sid: pair.sessionId } };
    expect(fresh).toMatchObject(alike(200, session));
    expect(refreshed).toMatchObject(alike(200, session));
  });

  it('a token that Flask minted can be revoked by Nest, for Nest', async () => {
    const token = await mint(flask, 'access', { identity: 'alice' });
    await nest.get(BlocklistService).revoke(token);
    const said = await ask(peers, 'GET', '/access', { token });
    expect(said).toMatchObject({
      Flask: { status: 200, body: { identity: 'alice' } },
      Nest: { status: 401, body: { msg: 'Token has been revoked' } },
    });
  });

  it.each([
    ['GET', '/access'],
    ['POST', '/access'],
    ['GET', '/fresh'],
    ['POST', '/refresh'],
  ])('both refuse %s %s without a token, with the same body', async (method, path) => {
    const said = await ask(peers, method, path);
    expect(said).toEqual(alike(401, { msg: 'Missing Authorization Header' }));
  });

  it('both let a request without a token through an optional route, without an identity', async () => {
    const said = await ask(peers, 'GET', '/optional');
    expect(said).toEqual(alike(200, { identity: null, claims: {} }));
  });
});

function withSegment(token: string, index: number, part: unknown): string {
  const segments = token.split('.');
  segments[index] = segment(part);
  return segments.join('.');
}
