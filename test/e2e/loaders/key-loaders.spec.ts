import { createSecretKey, type KeyObject } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type Algorithm,
  type JwtExtendedOptions,
  TokenCreationError,
  TokenService,
  type UnverifiedToken,
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

const FAILED = { status: 422, body: { msg: 'Signature verification failed' } };
const ALICE = { status: 200, body: { identity: 'alice' } };

let app: RunningApp;
let output: Output;

beforeEach(() => {
  output = new Output();
});
afterEach(async () => {
  await app.close();
  output.restore();
});

async function boot(loaders: object, options: JwtExtendedOptions = {}): Promise<TokenService> {
  app = await createApp('fastify', {
    controllers: [ProbeController],
    options: { ...options, loaders },
  });
  return app.get(TokenService);
}

/** The response of a guarded route. */
async function access(token: string) {
  const { status, body } = await app.send('GET', '/access', { token });
  return { status, body };
}

describe('Key loaders', () => {
  it.each(KEYS)(
    'that give %s for %s sign and verify with the key',
    async (_, algorithm, signing, verifying) => {
      const encodeKey = jest.fn<() => unknown>();
      const loaders = { encodeKey, decodeKey: () => verifying };
      const tokens = await boot(loaders, { secret: undefined, algorithm });

      for (const [given, kid] of [
        [signing, undefined],
        [{ key: signing, kid: '2026-11' }, '2026-11'],
        [{ key: signing }, undefined],
        [Promise.resolve({ key: signing, kid: 'late' }), 'late'],
      ]) {
        encodeKey.mockReturnValue(given);
        const { token } = (await app.send('POST', '/mint')).body as { token: string };
        const header = await tokens.getUnverifiedHeaders(token);
        expect(header).toEqual({ alg: algorithm, typ: 'JWT', ...(kid !== undefined && { kid }) });
        expect(await access(token)).toEqual(ALICE);
      }
    },
  );

  describe('for tenants with secrets of their own', () => {
    const secrets = new Map([
      ['alice', strongSecret()],
      ['bob', strongSecret()],
    ]);
    let tokens: TokenService;

    beforeEach(async () => {
      tokens = await boot({
        encodeKey: (subject: string) => secrets.get(subject) ?? '',
        decodeKey: ({ claims }: UnverifiedToken) => secrets.get(String(claims.sub)),
      });
    });

    it('verify each with its own', async () => {
      for (const identity of secrets.keys()) {
        const token = await tokens.createAccessToken(identity);
        expect(await access(token)).toEqual({ status: 200, body: { identity } });
      }
    });

    it.each([
      ["another tenant's secret", 'alice', secrets.get('bob')],
      ["the module's own secret (F14)", 'alice', SECRET],
      ['no secret that is known (R71)', 'carol', SECRET],
    ])('refuse a token signed with %s, with the same body', async (_, sub, key) => {
      expect(await access(forgeToken(accessClaims({ sub }), undefined, key))).toEqual(FAILED);
    });

    it("refuse to sign with an empty secret, or with the module's instead (R4, F14)", async () => {
      const minted = tokens.createAccessToken('carol');
      expect(await failureOf(minted)).toBeInstanceOf(TokenCreationError);
    });
  });

  it.each([
    ['the public key as if it were a secret', pem(rsa.publicKey), pem(rsa.publicKey)],
    ['an empty text', '', ''],
    ['blanks', '   ', '   '],
    ['empty bytes', Buffer.alloc(0), ''],
    ['an empty KeyObject', createSecretKey(Buffer.alloc(0)), ''],
  ])('that give %s refuse a token signed with it (R4, F14)', async (_, given, signedWith) => {
    await boot({ decodeKey: () => given });
    for (const key of [signedWith, SECRET])
      expect(await access(forgeToken(accessClaims(), undefined, key))).toEqual(UNAVAILABLE);
  });

  it.each([undefined, null])(
    'that give %s for no key refuse the token: 422 (R4)',
    async (given) => {
      await boot({ decodeKey: () => given });
      expect(await access(forgeToken(accessClaims()))).toEqual(FAILED);
    },
  );

  it('cannot change the token that they get (R12)', async () => {
    const change = jest.fn<(claims: Record<string, object>) => unknown>();
    const tokens = await boot({
      decodeKey: ({ claims }: { claims: Record<string, object> }) => {
        change(claims);
        return SECRET;
      },
    });
    change.mockImplementation((claims) => Object.assign(claims, { sub: 'mallory' }));
    expect(await access(forgeToken(accessClaims()))).toEqual(UNAVAILABLE);

    change.mockImplementation((claims) => Reflect.set(claims.deep ?? {}, 'role', 'admin'));
    const token = forgeToken(accessClaims({ deep: { role: 'user' } }));
    expect((await tokens.decodeToken(token)).claims).toMatchObject({ deep: { role: 'user' } });
  });

  it('make a service that only verifies if there is only a decodeKey loader', async () => {
    const options = { secret: undefined, algorithm: 'HS256' } as const;
    const tokens = await boot({ decodeKey: () => SECRET }, options);

    expect(await access(forgeToken(accessClaims()))).toEqual(ALICE);
    expect(await failureOf(tokens.createAccessToken('alice'))).toBeInstanceOf(TokenCreationError);
    expect(await app.send('POST', '/mint')).toMatchObject({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
    });
  });
});
