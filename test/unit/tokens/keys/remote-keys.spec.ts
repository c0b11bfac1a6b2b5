import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Algorithm } from '../../../../src/options/key-options.js';
import { RemoteKeys } from '../../../../src/keys/remote-jwks.js';
import { JwksServer, published, SystemTime } from '../../../support/jwks-server.js';
import { ecPair, ed25519Pair, rsaPair, shortRsaPair } from '../../../support/keys.js';
import { refusalOf, rejectionOf } from '../../../support/tokens.js';

const rsa = rsaPair().publicKey;
const ec = ecPair().publicKey;
const edwards = ed25519Pair().publicKey;
const UNKNOWN = {
  name: 'InvalidTokenError',
  code: 'TOKEN_INVALID',
  message: 'Signature verification failed',
};
const UNAVAILABLE = {
  name: 'TokenCheckUnavailableError',
  code: 'CHECK_UNAVAILABLE',
  message: 'Token could not be checked',
};

let server: JwksServer;
let time: SystemTime;

beforeEach(async () => {
  server = await JwksServer.start();
  time = new SystemTime();
});
afterEach(async () => {
  time.restore();
  await server.stop();
});

const at = (...algorithms: readonly Algorithm[]) => RemoteKeys.at(new URL(server.uri), algorithms);

describe("Another issuer's key", () => {
  it.each<[Algorithm, KeyObject]>([
    ['RS256', rsa],
    ['PS384', rsa],
    ['ES256', ec],
    ['EdDSA', edwards],
  ])('is found by its id, for the algorithm of the token: %s', async (alg, publicKey) => {
    server.publish(published(publicKey, { kid: 'k' }));
    const keys = await at('RS256', 'PS384', 'ES256', 'EdDSA');

    const { key, algorithms } = await keys.find({ alg, kid: 'k' });

    expect(key.equals(publicKey)).toBe(true);
    expect(key.type).toBe('public');
    expect(algorithms).toContain(alg);
  });

  it('is the same object every time, until the set is a new one', async () => {
    server.publish(published(rsa, { kid: 'k' }));
    const keys = await at('RS256');
    const { key } = await keys.find({ alg: 'RS256', kid: 'k' });

    expect((await keys.find({ alg: 'RS256', kid: 'k' })).key).toBe(key);
    time.forward(601);
    expect((await keys.find({ alg: 'RS256', kid: 'k' })).key.equals(key)).toBe(true);
    expect(server.requests).toBe(2);
  });

  it.each(['RS512', 'HS256', 'none', 'rs256', 'toString', ''])(
    'is not even asked for where the token says %s (R2, R3)',
    async (alg) => {
      const keys = await at('RS256');

      expect(await refusalOf(keys.find({ alg, kid: 'k' }))).toEqual({
        ...UNKNOWN,
        message: 'The specified alg value is not allowed',
      });
      expect(server.requests).toBe(0);
    },
  );

  it.each<[what: string, keys: () => readonly object[]]>([
    ['another id', () => [published(rsa, { kid: 'other' })]],
    ['no keys', () => []],
    ['another kind of key', () => [published(ec, { kid: 'k' })]],
    ['a key for encryption', () => [published(rsa, { kid: 'k', use: 'enc' })]],
    ['a key for another algorithm', () => [published(rsa, { kid: 'k', alg: 'RS384' })]],
    ['a key for other operations', () => [published(rsa, { kid: 'k', key_ops: ['sign'] })]],
    ['a short key (R16)', () => [published(shortRsaPair().publicKey, { kid: 'k' })]],
  ])('is unknown where the set has %s (R24)', async (_, keySet) => {
    server.publish(...keySet());

    expect(await refusalOf((await at('RS256')).find({ alg: 'RS256', kid: 'k' }))).toEqual(UNKNOWN);
  });

  it('is unknown where two may be meant, since no id is named', async () => {
    server.publish(published(rsa), published(rsaPair('second').publicKey));

    expect(await refusalOf((await at('RS256')).find({ alg: 'RS256' }))).toEqual(UNKNOWN);
  });

  it('is unknown where it is on a curve that is not supported', async () => {
    const { publicKey } = generateKeyPairSync('ed448');
    server.publish(published(publicKey, { kid: 'k' }));

    expect(await refusalOf((await at('EdDSA')).find({ alg: 'EdDSA', kid: 'k' }))).toEqual(UNKNOWN);
  });

  it.each<[what: string, fail: () => unknown]>([
    ['the issuer is away', () => server.goAway()],
    ['the issuer fails', () => server.answer(500)],
    ['the set is none', () => server.answer(200, '[]')],
    ['the key is damaged', () => server.publish(published(ec, { kid: 'k', x: 'AQAB' }))],
  ])('cannot be told where %s: the cause is kept', async (_, fail) => {
    await fail();
    const keys = await at('ES256');

    const error = await rejectionOf(keys.find({ alg: 'ES256', kid: 'k' }));

    expect(await refusalOf(Promise.reject(error as Error))).toEqual(UNAVAILABLE);
    expect((error as Error).cause).toBeDefined();
  });
});
