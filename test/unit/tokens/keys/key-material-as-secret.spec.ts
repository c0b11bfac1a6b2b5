import { describe, expect, it } from '@jest/globals';
import { createSecretKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { importSecret } from '../../../../src/keys/secret.js';
import { CERTIFICATE, ecPair, ed25519Pair, rsaPair, shortRsaPair } from '../../../support/keys.js';
import { privateStructures, publicStructures, textForms } from './key-forms.js';
import { mistakeOf } from './mistake.js';

const take = (input: unknown) => importSecret(input, ['HS256'], 'secret');

/** Everything that is known of these pairs, in every structure; each also in each shape below. */
const pairs = [
  ['RSA', rsaPair()],
  ['short RSA', shortRsaPair()],
  ['P-256', ecPair('P-256')],
  ['P-384', ecPair('P-384')],
  ['P-521', ecPair('P-521')],
  ['Ed25519', ed25519Pair()],
] as const;
const material = pairs.flatMap(([name, { privateKey, publicKey }]) => [
  ...publicStructures(publicKey).map(
    ([form, key]) => [`public ${name}, ${form}`, bytesOf(key)] as const,
  ),
  ...privateStructures(privateKey).map(
    ([form, key]) => [`private ${name}, ${form}`, bytesOf(key)] as const,
  ),
]);
const otherKinds = [
  ...(['ed448', 'x25519'] as const).map(
    (kind) => [kind, generateKeyPairSync(kind as 'ed448')] as const,
  ),
  ['DSA', generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })] as const,
].flatMap(([name, { publicKey, privateKey }]) => [
  [`public ${name}`, publicKey.export({ format: 'der', type: 'spki' })] as const,
  [`private ${name}`, privateKey.export({ format: 'der', type: 'pkcs8' })] as const,
]);
const encrypted = rsaPair().privateKey.export({
  format: 'der',
  type: 'pkcs8',
  cipher: 'aes-256-cbc',
  passphrase: 'open sesame',
});
const jwk = rsaPair().publicKey.export({ format: 'jwk' });
const sshWire = Buffer.concat([
  Buffer.from('\0\0\0\u0007ssh-rsa\0\0\0\u0003\u0001\0\u0001\0\0\u0001\u0001'),
  Buffer.alloc(257, 7),
]);
const others: readonly (readonly [string, Buffer])[] = [
  ['a certificate, PEM', Buffer.from(CERTIFICATE)],
  ['a certificate, DER', new X509Certificate(CERTIFICATE).raw],
  ['an encrypted private key', encrypted],
  ['a JWK set', Buffer.from(JSON.stringify({ keys: [jwk] }))],
  ['a JWK in Python spelling', Buffer.from(JSON.stringify(jwk).replaceAll('"', "'"))],
  ['a JWK cut short', Buffer.from(JSON.stringify({ kty: 'RSA', ...jwk }).slice(0, -20))],
  ['an OpenSSH public key', Buffer.from(`ssh-rsa ${sshWire.toString('base64')} user@host`)],
  ['an OpenSSH public key, its body', sshWire],
  ['an OpenSSH ECDSA key', Buffer.from('ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI')],
  ['an OpenSSH private key, its body', Buffer.from('openssh-key-v1\0and so on')],
  [
    'an RFC 4716 public key',
    Buffer.from(`---- BEGIN SSH2 PUBLIC KEY ----\n${sshWire.toString('base64')}`),
  ],
];

describe('The material of a key pair', () => {
  it.each([...material, ...otherKinds, ...others])('is no secret: %s (R3)', (_, bytes) => {
    const text = bytes.toString('utf8');
    for (const input of shapesOf(bytes)) {
      expect(mistakeOf(() => take(input), text)).toMatch(
        /^secret looks like .*; expected a secret for HS256/,
      );
    }
  });

  it.each(textForms(rsaPair().publicKey.export({ format: 'pem', type: 'spki' }) as string))(
    'is no secret: a PEM %s (R3)',
    (_, text) => {
      for (const input of shapesOf(Buffer.from(text))) mistakeOf(() => take(input), text);
    },
  );

  it.each(pairs)('is no secret when cut short: %s (R3)', (_, { publicKey }) => {
    const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
    const body = pem.replace(/-----.*?-----|\n/g, '');
    const cuts = [
      pem.slice(0, 90),
      pem.slice(5),
      pem.slice(60),
      body.slice(0, 70),
      pem.split('\n').slice(1).join('\n'),
    ];
    for (const cut of cuts) expect(mistakeOf(() => take(cut), body)).toContain('secret looks like');
  });
});

function bytesOf(key: string | Buffer | object): Buffer {
  if (Buffer.isBuffer(key)) return key;
  return Buffer.from(typeof key === 'string' ? key : JSON.stringify(key));
}

/** The same bytes as people paste them. */
function shapesOf(bytes: Buffer): readonly unknown[] {
  const base64 = bytes.toString('base64');
  return [
    bytes,
    new Uint8Array(bytes),
    createSecretKey(bytes),
    base64,
    `"${base64}"`,
    base64.replace(/.{64}/g, '$&\n'),
    base64.replace(/.{64}/g, '$&\\n'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    Buffer.from(base64).toString('base64'),
    { kty: 'oct', k: bytes.toString('base64url') },
  ];
}
