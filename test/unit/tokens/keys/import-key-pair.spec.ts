import { describe, expect, it } from '@jest/globals';
import { X509Certificate, type JsonWebKey, type KeyObject } from 'node:crypto';
import { importPrivateKey, importPublicKey } from '../../../../src/keys/key-pair.js';
import {
  CERTIFICATE,
  ecPair,
  ed25519Pair,
  rsaPair,
  strongSecret,
  strongSecretKey,
} from '../../../support/keys.js';
import { privateStructures, publicStructures, textForms } from './key-forms.js';
import { mistakeOf } from './mistake.js';

const families = [
  ['RS256', rsaPair()],
  ['PS512', rsaPair()],
  ['ES256', ecPair('P-256')],
  ['ES384', ecPair('P-384')],
  ['ES512', ecPair('P-521')],
  ['EdDSA', ed25519Pair()],
] as const;
const rsa = rsaPair();
const pem = (key: KeyObject) =>
  key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }) as string;
const jwkOf = (key: KeyObject): JsonWebKey => key.export({ format: 'jwk' });

describe.each(families)('The keys of %s', (algorithm, { privateKey, publicKey }) => {
  const importers = { private: importPrivateKey, public: importPublicKey };
  const expectKey = (expected: KeyObject, input: unknown) =>
    expect(importers[expected.type as 'private'](input, [algorithm], 'key').equals(expected)).toBe(
      true,
    );

  it.each(privateStructures(privateKey))('are read from a private %s (R17)', (_, structure) => {
    expectKey(privateKey, structure);
    if (typeof structure !== 'string') return;
    for (const [, text] of textForms(structure)) {
      expectKey(privateKey, text);
      expectKey(privateKey, Buffer.from(text));
    }
  });

  it.each(publicStructures(publicKey))('are read from a public %s (R17)', (_, structure) => {
    expectKey(publicKey, structure);
    if (typeof structure !== 'string') return;
    for (const [, text] of textForms(structure)) {
      expectKey(publicKey, text);
      expectKey(publicKey, Buffer.from(text));
    }
  });

  it('are taken as KeyObjects (R17)', () => {
    expect(importPrivateKey(privateKey, [algorithm], 'privateKey')).toBe(privateKey);
    expect(importPublicKey(publicKey, [algorithm], 'publicKey')).toBe(publicKey);
  });
});

describe('A certificate', () => {
  const { publicKey } = new X509Certificate(CERTIFICATE);

  it.each(textForms(CERTIFICATE))('%s stands for the public key it certifies (R17)', (_, text) => {
    expect(importPublicKey(text, ['ES256'], 'publicKey').equals(publicKey)).toBe(true);
  });

  it('may be DER, and the first of a chain (R17)', () => {
    const { raw } = new X509Certificate(CERTIFICATE);

    expect(importPublicKey(raw, ['ES256'], 'publicKey').equals(publicKey)).toBe(true);
    expect(
      importPublicKey(CERTIFICATE + CERTIFICATE, ['ES256'], 'publicKey').equals(publicKey),
    ).toBe(true);
  });

  it('may stand beside the private key, which is then the key (R17)', () => {
    const bundle = CERTIFICATE + pem(rsa.privateKey);

    expect(importPrivateKey(bundle, ['RS256'], 'privateKey').equals(rsa.privateKey)).toBe(true);
    expect(mistakeOf(() => importPublicKey(bundle, ['RS256'], 'publicKey'), bundle)).toContain(
      'publicKey',
    );
  });
});

describe('A PEM text', () => {
  it('may open with the EC PARAMETERS that openssl writes (R17)', () => {
    const { privateKey } = ecPair();
    const sec1 = privateKey.export({ format: 'pem', type: 'sec1' }) as string;
    const text = `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${sec1}`;

    expect(importPrivateKey(text, ['ES256'], 'privateKey').equals(privateKey)).toBe(true);
  });

  it('may be UTF-16, as PowerShell writes it (R17)', () => {
    const text = Buffer.from(`\uFEFF${pem(rsa.publicKey)}`, 'utf16le');

    expect(importPublicKey(text, ['RS256'], 'publicKey').equals(rsa.publicKey)).toBe(true);
  });

  it('with two keys is refused: neither is the one (R18)', () => {
    const text = pem(rsa.publicKey) + pem(rsaPair('second').publicKey);

    expect(mistakeOf(() => importPublicKey(text, ['RS256'], 'publicKey'), text)).toContain(
      'publicKey looks like',
    );
  });
});

const wrongPublic: readonly (readonly [string, unknown, string])[] = [
  ['a private PEM', pem(rsa.privateKey), 'a private key in PEM form'],
  [
    'a private DER',
    rsa.privateKey.export({ format: 'der', type: 'pkcs8' }),
    'a key or certificate in DER form',
  ],
  ['a private JWK', jwkOf(rsa.privateKey), 'a private RSA key in JWK form'],
  ['a private KeyObject', rsa.privateKey, 'a private KeyObject'],
  ['a secret KeyObject', strongSecretKey(), 'a secret KeyObject'],
  ['an oct JWK', { kty: 'oct', k: strongSecret() }, 'an oct JWK, which is a secret'],
  ['a set of JWKs', { keys: [jwkOf(rsa.publicKey)] }, 'a set of JWKs'],
  ['the text of a set of JWKs', JSON.stringify({ keys: [jwkOf(rsa.publicKey)] }), 'a set of JWKs'],
  ['a JWK of unknown kty', { kty: 'rsa', n: 'AQAB' }, 'a JWK of unknown kty'],
  [
    'a JWK whose members are no text',
    { ...jwkOf(rsa.publicKey), n: 7 },
    'a public RSA key in JWK form',
  ],
  [
    'an EC JWK off its curve',
    { ...jwkOf(ecPair().publicKey), y: 'AQAB' },
    'a public EC key in JWK form',
  ],
  ['a PEM cut short', pem(rsa.publicKey).slice(0, 200), 'a public key in PEM form, cut short'],
  ['the first words of a PEM', '-----BEGIN PUBLIC KEY', 'a public key in PEM form, cut short'],
  ['the end of a PEM', pem(rsa.publicKey).slice(200), 'a piece of a PEM text'],
  [
    'a PEM of parameters',
    '-----BEGIN DH PARAMETERS-----\nMAYCAQ==\n-----END DH PARAMETERS-----',
    'without a key',
  ],
  [
    'a PEM body that is no base64',
    '-----BEGIN PUBLIC KEY-----\n$$$\n-----END PUBLIC KEY-----',
    'a public key in PEM',
  ],
  [
    'a PEM body that is no key',
    '-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----',
    'a public key in PEM',
  ],
  [
    'a PEM body that is no DER',
    '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
    'a public key in PEM',
  ],
  [
    'base64 around a PEM',
    Buffer.from(pem(rsa.publicKey)).toString('base64'),
    'PEM form, encoded as text',
  ],
  ['base64 text', strongSecret(), 'base64 text'],
  ['plain text', 'correct horse, battery staple', 'plain text'],
  ['text like JSON', '{ not json', 'plain text'],
  ['JSON that is no JWK', '{"a":1}', 'plain text'],
  ['a path', './keys/public.pem', 'the path of a file'],
  [
    'an OpenSSH key',
    'ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB user@host',
    'an OpenSSH public key (ssh-keygen',
  ],
  ['empty text', ' \n', 'empty text'],
  ['empty bytes', Buffer.alloc(0), 'empty bytes'],
  ['other bytes', Buffer.from([1, 2, 3]), 'bytes that hold no key'],
  ['an object', {}, 'an object that is no JWK'],
  ['an array', [], 'an array'],
  ['a promise', Promise.resolve('x'), 'a promise'],
  ['a number', 5, 'a number'],
  ['null', null, 'null'],
  ['nothing', undefined, 'undefined'],
];

describe('A public key', () => {
  it.each(wrongPublic)('is not %s (R17)', (_, input, looks) => {
    const message = mistakeOf(() => importPublicKey(input, ['RS256'], 'publicKey'), textOf(input));

    expect(message).toContain('publicKey looks like ');
    expect(message).toContain(looks);
    expect(message).toContain('expected the public half of a key pair for RS256');
  });

  it('is not a CryptoKey (R17)', async () => {
    const key = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);

    expect(mistakeOf(() => importPublicKey(key, ['RS256'], 'publicKey'))).toContain('a CryptoKey');
  });
});

describe('A private key', () => {
  const openSsh =
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----';

  it.each([
    ['a public PEM', pem(rsa.publicKey), 'a public key in PEM form'],
    ['a public JWK', jwkOf(rsa.publicKey), 'a public RSA key in JWK form'],
    ['a public OKP JWK', { kty: 'OKP', crv: 'Ed25519', x: 'AQAB' }, 'a public OKP key in JWK form'],
    ['a public KeyObject', rsa.publicKey, 'a public KeyObject'],
    ['a certificate', CERTIFICATE, 'a certificate in PEM form'],
    ['an OpenSSH key', openSsh, 'an OpenSSH private key (ssh-keygen'],
  ])('is not %s (R17)', (_, input, looks) => {
    const message = mistakeOf(
      () => importPrivateKey(input, ['RS256'], 'privateKey'),
      textOf(input),
    );

    expect(message).toContain(`privateKey looks like ${looks}`);
    expect(message).toContain('expected the private half of a key pair for RS256');
  });
});

/** Everything in the input that a message might leak. */
function textOf(input: unknown): string {
  if (typeof input === 'string') return input;
  return Buffer.isBuffer(input) ? input.toString('base64') : (JSON.stringify(input) ?? '');
}
