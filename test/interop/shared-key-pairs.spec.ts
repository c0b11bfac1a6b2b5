import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningApp } from '../support/app.js';
import { FlaskApp } from '../support/flask.js';
import { accessClaims, forgeToken } from '../support/forge.js';
import { ecPair, type KeyPair, rsaPair } from '../support/keys.js';
import { alike, ask, headerOf, mint, NAMES, payloadOf, type Peers, startNest } from './peers.js';

it('Python has the library that RSA and EC need: python3-cryptography', async () => {
  const imported = promisify(execFile)('/usr/bin/python3', ['-c', 'import cryptography']);
  await expect(imported).resolves.toEqual({ stdout: '', stderr: '' });
});

describe.each([
  ['RS256', rsaPair(), rsaPair('another')],
  ['ES256', ecPair(), ecPair('P-256', 'another')],
] as const)('%s', (algorithm, pair, anotherPair) => {
  const { privateKey, publicKey } = pemOf(pair);
  let flask: FlaskApp;
  beforeAll(async () => {
    flask = await FlaskApp.start({
      JWT_ALGORITHM: algorithm,
      JWT_PRIVATE_KEY: privateKey,
      JWT_PUBLIC_KEY: publicKey,
    });
  });
  afterAll(() => flask.close());

  describe('Flask and Nest share a key pair', () => {
    let nest: RunningApp;
    let verifying: RunningApp;
    let stranger: RunningApp;
    let peers: Peers;
    beforeAll(async () => {
      const none = { secret: undefined, algorithm };
      nest = await startNest('fastify', { ...none, privateKey, publicKey });
      verifying = await startNest('fastify', { ...none, publicKey });
      stranger = await startNest('fastify', { ...none, ...pemOf(anotherPair) });
      peers = { Flask: flask, Nest: nest };
    });
    afterAll(() => Promise.all([nest.close(), verifying.close(), stranger.close()]));

    it.each(NAMES)('a token that %s signed opens routes on both sides', async (minter) => {
      const token = await mint(peers[minter], 'access', { identity: 'alice', fresh: true });
      const said = await ask(peers, 'GET', '/fresh', { token });
      expect(headerOf(token)).toEqual({ alg: algorithm, typ: 'JWT' });
      expect(said).toEqual(alike(200, { identity: 'alice', claims: payloadOf(token) }));
    });

    it.each(NAMES)('a refresh token that %s signed refreshes on both sides', async (minter) => {
      const token = await mint(peers[minter], 'refresh', { identity: 'alice' });
      const said = await ask(peers, 'POST', '/refresh', { token });
      expect(said).toEqual(alike(200, { identity: 'alice', claims: payloadOf(token) }));
    });

    it('a token of Flask opens a route of a service that has the public key alone', async () => {
      const token = await mint(flask, 'access', { identity: 'alice' });
      const { status, body } = await verifying.send('GET', '/access', { token });
      expect({ status, body }).toEqual({
        status: 200,
        body: { identity: 'alice', claims: payloadOf(token) },
      });
    });

    it('a token of another pair is refused alike on both sides', async () => {
      const token = await mint(stranger, 'access', { identity: 'alice' });
      const said = await ask(peers, 'GET', '/access', { token });
      expect(said).toEqual(alike(422, { msg: 'Signature verification failed' }));
    });

    it('a token with a signature of the wrong length is refused alike on both sides (R14)', async () => {
      const token = await mint(flask, 'access', { identity: 'alice' });
      const shorter = token.replace(/[^.]+$/, 'AAAA');
      const said = await ask(peers, 'GET', '/access', { token: shorter });
      expect(said).toEqual(alike(422, { msg: 'Signature verification failed' }));
    });

    it('a token signed with the public key as a secret is refused alike on both sides (R3)', async () => {
      const token = forgeToken(accessClaims(), { alg: 'HS256', typ: 'JWT' }, publicKey);
      const said = await ask(peers, 'GET', '/access', { token });
      expect(said).toEqual(alike(422, { msg: 'The specified alg value is not allowed' }));
    });
  });
});

/** As keys travel between services. */
function pemOf(pair: KeyPair): { readonly privateKey: string; readonly publicKey: string } {
  return {
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
