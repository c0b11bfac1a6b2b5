import { describe, expect, it } from '@jest/globals';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Algorithm, KeyInput, JsonWebKey } from '../../../src/index.js';
import { Clock, NOW } from '../../support/forge.js';
import { ecPair, ed25519Pair, type KeyPair, rsaPair, strongSecret } from '../../support/keys.js';
import {
  claimsAtNow,
  claimsOf,
  describeTokens,
  headerOf,
  invalid,
  LET_IN,
  refusalOf,
  startTokens,
  UUID_V4,
} from '../../support/tokens.js';
import { privateStructures, publicStructures } from '../../unit/keys/key-forms.js';
import { ringKey } from './ring-keys.js';

type Form = readonly [form: string, material: string | Buffer | JsonWebKey | KeyObject];

const FAMILIES: readonly (readonly [Algorithm, KeyPair])[] = [
  ['RS256', rsaPair()],
  ['PS384', rsaPair()],
  ['ES256', ecPair('P-256')],
  ['ES384', ecPair('P-384')],
  ['ES512', ecPair('P-521')],
  ['EdDSA', ed25519Pair()],
];

const privateForms = ({ privateKey }: KeyPair): Form[] => [
  ...privateStructures(privateKey),
  ['a KeyObject', privateKey],
];
const publicForms = ({ publicKey }: KeyPair): Form[] => [
  ...publicStructures(publicKey),
  ['a KeyObject', publicKey],
];

/** Makes a token with the one key, and verifies it with the other. */
async function exchange(signing: KeyInput, verifying: KeyInput): Promise<unknown> {
  const signer = await startTokens({ secret: undefined, keys: { current: signing } });
  const verifier = await startTokens({
    secret: undefined,
    keys: { current: ringKey('own', 'ES256').signing, others: [verifying] },
  });
  const token = await signer.tokens.createAccessToken('alice');
  const { identity } = await verifier.tokens.decodeToken(token);
  return { ...headerOf(token), identity };
}

describe.each(FAMILIES)('A pair for %s', (algorithm, pair) => {
  const bound = { kid: 'k', algorithm };
  const expected = { alg: algorithm, typ: 'JWT', kid: 'k', identity: 'alice' };

  it.each(privateForms(pair))('signs as %s', async (_, privateKey) => {
    const { publicKey } = pair;

    expect(await exchange({ ...bound, privateKey }, { ...bound, publicKey })).toEqual(expected);
  });

  it.each(publicForms(pair))('verifies as %s', async (_, publicKey) => {
    const { privateKey } = pair;

    expect(await exchange({ ...bound, privateKey }, { ...bound, publicKey })).toEqual(expected);
  });

  it('signs as an encrypted PEM with its passphrase', async () => {
    const lock = { cipher: 'aes-256-cbc', passphrase: 'correct horse' } as const;
    const privateKey = pair.privateKey.export({ format: 'pem', type: 'pkcs8', ...lock });
    const { publicKey } = pair;
    const signing = { ...bound, privateKey, passphrase: 'correct horse' };

    expect(await exchange(signing, { ...bound, publicKey })).toEqual(expected);
  });
});

describe.each(['HS256', 'HS384', 'HS512'] as const)('A secret for %s', (algorithm) => {
  const text = strongSecret();
  const bytes = Buffer.from(text);
  const jwk = { kty: 'oct', k: bytes.toString('base64url') };
  const FORMS: Form[] = [
    ['text', text],
    ['bytes', bytes],
    ['a KeyObject', createSecretKey(bytes)],
    ['an oct JWK', jwk],
    ['the text of an oct JWK', JSON.stringify(jwk)],
  ];

  it.each(FORMS)('signs and verifies as %s', async (_, secret) => {
    const bound = { kid: 'k', algorithm };
    const expected = { alg: algorithm, typ: 'JWT', kid: 'k', identity: 'alice' };

    expect(await exchange({ ...bound, secret }, { ...bound, secret: text })).toEqual(expected);
    expect(await exchange({ ...bound, secret: text }, { ...bound, secret })).toEqual(expected);
  });
});

describe('EdDSA', () => {
  const { privateKey, publicKey } = ed25519Pair();
  const options = { secret: undefined, privateKey, publicKey, algorithm: 'EdDSA' } as const;
  const clock = new Clock();
  const key = ringKey('first', 'EdDSA', 'first');
  const another = ringKey('another', 'EdDSA');
  const noKid = { kid: undefined };

  describe('A token of EdDSA', () => {
    it('has the claims of every token, in the order of Flask-JWT-Extended', async () => {
      const { tokens } = await startTokens({ ...options, clock: clock.now });

      const token = await tokens.createAccessToken('alice', {
        fresh: true,
        additionalClaims: { roles: ['ä'] },
        additionalHeaders: { region: 'eu' },
      });

      expect(Object.entries(headerOf(token))).toEqual([
        ['alg', 'EdDSA'],
        ['typ', 'JWT'],
        ['region', 'eu'],
      ]);
      expect(Object.entries(claimsOf(token))).toEqual([
        ['fresh', true],
        ['iat', NOW],
        ['jti', expect.stringMatching(UUID_V4)],
        ['type', 'access'],
        ['sub', 'alice'],
        ['nbf', NOW],
        ['csrf', expect.stringMatching(UUID_V4)],
        ['exp', NOW + 900],
        ['auth_time', NOW],
        ['roles', ['ä']],
      ]);
      expect(await tokens.decodeToken(token)).toMatchObject({ identity: 'alice', fresh: true });
    });

    it('is verified by jose', async () => {
      const { tokens } = await startTokens({ ...options, clock: clock.now });
      const pair = await tokens.createTokenPair('alice');

      for (const token of [pair.accessToken, pair.refreshToken]) {
        const { payload, protectedHeader } = await jwtVerify(token, publicKey, {
          algorithms: ['EdDSA'],
          currentDate: clock.now(),
        });
        expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: 'JWT' });
        expect(payload).toEqual(claimsOf(token));
      }
    });

    it('may be made by jose', async () => {
      const { tokens } = await startTokens({ ...options, clock: clock.now });
      const claims = claimsAtNow({ roles: ['ä'] });

      const token = await new SignJWT(claims as JWTPayload)
        .setProtectedHeader({ alg: 'EdDSA' })
        .sign(privateKey);

      expect(await tokens.decodeToken(token)).toMatchObject({ claims, header: { alg: 'EdDSA' } });
    });

    it('is verified with a public key alone, and made with a private key alone', async () => {
      const { tokens: verifier } = await startTokens({
        ...options,
        privateKey: undefined,
        clock: clock.now,
      });
      const { tokens: signer } = await startTokens({
        ...options,
        publicKey: undefined,
        clock: clock.now,
      });

      const token = await signer.createAccessToken('alice');

      expect(await verifier.verifyToken(token)).toBe(true);
      expect(await refusalOf(verifier.createAccessToken('alice'))).toMatchObject({
        name: 'TokenCreationError',
      });
    });
  });

  const good = key.token({}, noKid);
  describeTokens(
    'A key of EdDSA from a loader',
    {
      isVariant: true,
      options: {
        secret: undefined,
        algorithm: 'EdDSA',
        loaders: { decodeKey: () => publicKey.export({ format: 'jwk' }) },
      },
    },
    [
      ['accepts its token', good, LET_IN],
      [
        'refuses a token of another key',
        another.token({}, noKid),
        invalid('Signature verification failed'),
      ],
    ],
  );
});
