import { createSecretKey, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type Algorithm,
  type JwtExtendedLoaders,
  TokenCheckUnavailableError,
  TokenCreationError,
  TokenService,
} from '../../../src/index.js';
import { createApp, type RunningApp } from '../../support/app.js';
import { failureOf, Output, ProbeController, UNAVAILABLE } from '../../support/faults.js';
import { accessClaims, forgeToken, SECRET } from '../../support/forge.js';
import { ecPair, rsaPair, strongSecret } from '../../support/keys.js';

const secret = strongSecret();
const rsa = rsaPair();
const ec = ecPair();

function pem(key: KeyObject): string {
  return key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }) as string;
}

const KEYS: readonly (readonly [string, Algorithm, unknown, unknown])[] = [
  ['text', 'HS256', secret, secret],
  ['bytes', 'HS384', Buffer.from(secret), Buffer.from(secret)],
  ['a secret KeyObject', 'HS512', createSecretKey(Buffer.from(secret)), secret],
  ['an oct JWK', 'HS256', { kty: 'oct', k: Buffer.from(secret).toString('base64url') }, secret],
  ['PEM', 'RS256', pem(rsa.privateKey), pem(rsa.publicKey)],
  ['PEM bytes', 'PS256', Buffer.from(pem(rsa.privateKey)), Buffer.from(pem(rsa.publicKey))],
  ['KeyObjects', 'ES256', ec.privateKey, ec.publicKey],
  [
    'JWKs',
    'ES256',
    ec.privateKey.export({ format: 'jwk' }),
    ec.publicKey.export({ format: 'jwk' }),
  ],
];

describe('Key loaders', () => {
  describe.each(KEYS)('that give %s for %s', (_, algorithm, signing, verifying) => {
    const loaders = {
      encodeKey: jest.fn<() => unknown>(),
      decodeKey: jest.fn<() => unknown>(() => verifying),
    };
    let app: RunningApp;

    beforeAll(async () => {
      app = await createApp('fastify', {
        controllers: [ProbeController],
        options: { secret: undefined, algorithm, loaders: loaders as JwtExtendedLoaders },
      });
    });
    afterAll(() => app.close());

    it.each([
      ['by itself', () => signing, undefined],
      ['beside a kid', () => ({ key: signing, kid: '2026-11' }), '2026-11'],
      ['beside no kid', () => ({ key: signing }), undefined],
      ['in a promise', () => Promise.resolve({ key: signing, kid: 'late' }), 'late'],
    ])('sign and verify with the key %s', async (_how, encodeKey, kid) => {
      loaders.encodeKey.mockImplementation(encodeKey);
      const minted = await app.send('POST', '/mint');
      const { token } = minted.body as { token: string };
      const header = await app.get(TokenService).getUnverifiedHeaders(token);
      expect(header).toEqual({ alg: algorithm, typ: 'JWT', ...(kid && { kid }) });
      expect(await app.send('GET', '/access', { token })).toMatchObject({
        status: 200,
        body: { identity: 'alice' },
      });
    });
  });

  describe('for tenants with secrets of their own', () => {
    const secrets = new Map([
      ['alice', strongSecret()],
      ['bob', strongSecret()],
    ]);
    let app: RunningApp;

    beforeAll(async () => {
      app = await createApp('fastify', {
        controllers: [ProbeController],
        options: {
          loaders: {
            encodeKey: (subject: string) => secrets.get(subject) ?? '',
            decodeKey: ({ claims }) => secrets.get(String(claims.sub)) as string,
          },
        },
      });
    });
    afterAll(() => app.close());

    it('verify each with its own', async () => {
      for (const name of secrets.keys()) {
        const token = await app.get(TokenService).createAccessToken(name);
        expect(await app.send('GET', '/access', { token })).toMatchObject({
          status: 200,
          body: { identity: name },
        });
      }
    });

    it.each([
      ["another tenant's secret", 'alice', secrets.get('bob')],
      ["the module's own secret (F14)", 'alice', SECRET],
      ['no secret that is known (R71)', 'carol', SECRET],
    ])('refuse a token signed with %s, with the same body', async (_, sub, key) => {
      const token = forgeToken(accessClaims({ sub }), undefined, key);
      const { status, body } = await app.send('GET', '/access', { token });
      expect({ status, body }).toEqual({
        status: 422,
        body: { msg: 'Signature verification failed' },
      });
    });

    it("refuse to sign with an empty secret, or with the module's instead (R4, F14)", async () => {
      const minted = app.get(TokenService).createAccessToken('carol');
      expect(await failureOf(minted)).toBeInstanceOf(TokenCheckUnavailableError);
    });
  });

  describe('that give something other than a key', () => {
    const decodeKey = jest.fn<(unverified: unknown) => unknown>();
    let app: RunningApp;
    let output: Output;

    beforeAll(async () => {
      output = new Output();
      app = await createApp('fastify', {
        controllers: [ProbeController],
        options: { secret: SECRET, loaders: { decodeKey } as JwtExtendedLoaders },
      });
    });
    beforeEach(() => {
      decodeKey.mockReset();
    });
    afterAll(async () => {
      await app.close();
      output.restore();
    });

    it.each([
      ['the public key as if it were a secret', pem(rsa.publicKey), pem(rsa.publicKey)],
      ['an empty text', '', ''],
      ['blanks', '   ', '   '],
      ['empty bytes', Buffer.alloc(0), ''],
      ['an empty KeyObject', createSecretKey(Buffer.alloc(0)), ''],
    ])('refuse a token signed with %s (R4, F14)', async (_, given, signedWith) => {
      decodeKey.mockReturnValue(given);
      for (const key of [signedWith, SECRET]) {
        const token = forgeToken(accessClaims(), undefined, key);
        const { status, body } = await app.send('GET', '/access', { token });
        expect({ status, body }).toEqual(UNAVAILABLE);
      }
    });

    it.each([undefined, null])(
      'can give %s for no key, which refuses the token: 422 (R4)',
      async (given) => {
        decodeKey.mockReturnValue(given);
        const { status, body } = await app.send('GET', '/access', {
          token: forgeToken(accessClaims()),
        });
        expect({ status, body }).toEqual({
          status: 422,
          body: { msg: 'Signature verification failed' },
        });
      },
    );

    it('cannot change the token that they get (R12)', async () => {
      decodeKey.mockImplementation((unverified) => {
        Object.assign((unverified as { claims: object }).claims, { sub: 'mallory' });
        return SECRET;
      });
      const { status, body } = await app.send('GET', '/access', {
        token: forgeToken(accessClaims()),
      });
      expect({ status, body }).toEqual(UNAVAILABLE);

      decodeKey.mockImplementation((unverified) => {
        Reflect.set((unverified as { claims: { deep: object } }).claims.deep, 'role', 'admin');
        return SECRET;
      });
      const { claims } = await app
        .get(TokenService)
        .decodeToken(forgeToken(accessClaims({ deep: { role: 'user' } })));
      expect(claims).toMatchObject({ deep: { role: 'user' } });
    });
  });

  it('a decodeKey loader alone makes a service that only verifies', async () => {
    const output = new Output();
    const app = await createApp('fastify', {
      controllers: [ProbeController],
      options: { secret: undefined, algorithm: 'HS256', loaders: { decodeKey: () => SECRET } },
    });
    expect(await app.send('GET', '/access', { token: forgeToken(accessClaims()) })).toMatchObject({
      status: 200,
      body: { identity: 'alice' },
    });
    expect(await failureOf(app.get(TokenService).createAccessToken('alice'))).toBeInstanceOf(
      TokenCreationError,
    );
    expect(await app.send('POST', '/mint')).toMatchObject({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
    });
    await app.close();
    output.restore();
  });
});
