import { describe, expect, it } from '@jest/globals';
import { type JsonWebKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { Algorithm, KeyInput } from '../../../src/index.js';
import { ecPair, ed25519Pair, type KeyPair, rsaPair, strongSecret } from '../../support/keys.js';
import { headerOf, startTokens } from '../../support/tokens.js';
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

/** Makes a token with the one key, and takes it with the other; a key without the id is none of theirs. */
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

  it('signs as PEM that a passphrase opens', async () => {
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
