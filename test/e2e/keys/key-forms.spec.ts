import { describe, expect, it } from '@jest/globals';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Algorithm, JsonWebKey, KeyInput } from '../../../src/index.js';
import { Clock } from '../../support/forge.js';
import { ecPair, ed25519Pair, type KeyPair, rsaPair, strongSecret } from '../../support/keys.js';
import { claimsAtNow, claimsOf, headerOf, refusalOf, startTokens } from '../../support/tokens.js';
import { structuresOf } from '../../unit/keys/key-forms.js';
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

/** Makes a token with the one key, and verifies it with the other. */
async function expectExchange(
  algorithm: Algorithm,
  signing: object,
  verifying: object,
): Promise<void> {
  const bound = { kid: 'k', algorithm };
  const current = { ...bound, ...signing } as KeyInput;
  const others = [{ ...bound, ...verifying } as KeyInput];
  const signer = await startTokens({ secret: undefined, keys: { current } });
  const verifier = await startTokens({
    secret: undefined,
    keys: { current: ringKey('own', 'ES256').signing, others },
  });

  const token = await signer.tokens.createAccessToken('alice');

  expect(headerOf(token)).toEqual({ alg: algorithm, typ: 'JWT', kid: 'k' });
  expect(await verifier.tokens.decodeToken(token)).toMatchObject({ identity: 'alice' });
}

describe.each(FAMILIES)('A pair for %s', (algorithm, { privateKey, publicKey }) => {
  const lock = { cipher: 'aes-256-cbc', passphrase: 'correct horse' } as const;

  it.each<Form>([...structuresOf(privateKey), ['a KeyObject', privateKey]])(
    'signs as %s',
    (_, form) => expectExchange(algorithm, { privateKey: form }, { publicKey }),
  );

  it.each<Form>([...structuresOf(publicKey), ['a KeyObject', publicKey]])(
    'verifies as %s',
    (_, form) => expectExchange(algorithm, { privateKey }, { publicKey: form }),
  );

  it('signs as an encrypted PEM with its passphrase', async () => {
    const locked = privateKey.export({ format: 'pem', type: 'pkcs8', ...lock });
    const signing = { privateKey: locked, passphrase: lock.passphrase };

    await expectExchange(algorithm, signing, { publicKey });
  });
});

describe.each(['HS256', 'HS384', 'HS512'] as const)('A secret for %s', (algorithm) => {
  const text = strongSecret();
  const bytes = Buffer.from(text);
  const jwk = { kty: 'oct', k: bytes.toString('base64url') };

  it.each<Form>([
    ['text', text],
    ['bytes', bytes],
    ['a KeyObject', createSecretKey(bytes)],
    ['an oct JWK', jwk],
    ['the text of an oct JWK', JSON.stringify(jwk)],
  ])('signs and verifies as %s', async (_, secret) => {
    await expectExchange(algorithm, { secret }, { secret: text });
    await expectExchange(algorithm, { secret: text }, { secret });
  });
});

describe('A token of EdDSA', () => {
  const { privateKey, publicKey } = ed25519Pair();
  const clock = new Clock();
  const options = { secret: undefined, algorithm: 'EdDSA', clock: clock.now } as const;

  it('is verified by jose, and may be made by jose', async () => {
    const { tokens } = await startTokens({ ...options, privateKey, publicKey });
    const { accessToken, refreshToken } = await tokens.createTokenPair('alice');
    const rules = { algorithms: ['EdDSA'], currentDate: clock.now() };
    const claims = claimsAtNow({ roles: ['ä'] });
    const signer = new SignJWT(claims as JWTPayload).setProtectedHeader({ alg: 'EdDSA' });

    for (const token of [accessToken, refreshToken]) {
      const { payload, protectedHeader } = await jwtVerify(token, publicKey, rules);
      expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: 'JWT' });
      expect(payload).toEqual(claimsOf(token));
    }
    expect(await tokens.decodeToken(await signer.sign(privateKey))).toMatchObject({
      claims,
      header: { alg: 'EdDSA' },
    });
  });

  it('is verified with a public key alone, and made with a private key alone', async () => {
    const { tokens: verifier } = await startTokens({ ...options, publicKey });
    const { tokens: signer } = await startTokens({ ...options, privateKey });

    expect(await verifier.verifyToken(await signer.createAccessToken('alice'))).toBe(true);
    expect(await refusalOf(verifier.createAccessToken('alice'))).toMatchObject({
      name: 'TokenCreationError',
    });
  });

  it('is verified with a key from a loader, which refuses a token of another key', async () => {
    const loaders = { decodeKey: () => publicKey.export({ format: 'jwk' }) };
    const { tokens } = await startTokens({ ...options, loaders });
    const own = ringKey('first', 'EdDSA').token({}, { kid: undefined });
    const strange = ringKey('another', 'EdDSA').token({}, { kid: undefined });

    expect(await tokens.decodeToken(own)).toMatchObject({ identity: 'alice' });
    expect(await refusalOf(tokens.decodeToken(strange))).toMatchObject({
      message: 'Signature verification failed',
    });
  });
});
