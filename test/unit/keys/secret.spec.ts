import { describe, expect, it } from '@jest/globals';
import {
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import { findSecretWeakness, WELL_KNOWN_SECRETS } from '../../../src/keys/secret-strength.js';
import { importSecret } from '../../../src/keys/secret.js';
import type { Algorithm } from '../../../src/options/key-options.js';
import {
  CERTIFICATE,
  ecPair,
  ed25519Pair,
  rsaPair,
  shortRsaPair,
  strongSecret,
} from '../../support/keys.js';
import { structuresOf, textForms } from './key-forms.js';
import { mistakeOf } from './mistake.js';
import fc from 'fast-check';

const take = (input: unknown) => importSecret(input, ['HS256'], 'secret');
const secret = strongSecret();
const k = Buffer.from(secret).toString('base64url');

const pemOf = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }) as string;

describe('A secret', () => {
  it.each([
    ['text', secret],
    ['a Buffer', Buffer.from(secret)],
    ['a Uint8Array', new Uint8Array(Buffer.from(secret))],
    ['a KeyObject', createSecretKey(Buffer.from(secret))],
    ['an oct JWK', { kty: 'oct', k }],
    ['the text of an oct JWK', JSON.stringify({ kty: 'oct', k })],
    ['the quoted text of an oct JWK', `'${JSON.stringify({ kty: 'oct', k })}'`],
    ['the bytes of an oct JWK', Buffer.from(JSON.stringify({ kty: 'oct', k }))],
  ])('may be given as %s (R17)', (_, input) => {
    expect(take(input).export()).toEqual(Buffer.from(secret));
  });

  it('counts unchanged, with its spaces, quotes and accents', () => {
    for (const text of ['"quoted, and it shall stay so"', ' blank \n', 'ключ – clé – 鍵']) {
      expect(take(text).export()).toEqual(Buffer.from(text));
    }
  });

  it('stays the same object if it is a KeyObject', () => {
    const key = createSecretKey(Buffer.from(secret));

    expect(take(key)).toBe(key);
  });

  it('of random bytes is accepted in every encoding (R3)', () => {
    fc.assert(
      fc.property(
        fc
          .uint8Array({ minLength: 32, maxLength: 96 })
          .filter((bytes) => bytes.some((byte) => byte > 32)),
        (bytes) => {
          const buffer = Buffer.from(bytes);
          take(buffer);
          for (const encoding of ['hex', 'base64', 'base64url'] as const)
            take(buffer.toString(encoding));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['empty text', ''],
    ['blanks', ' \t\n'],
    ['empty quotes', '""'],
    ['an empty Buffer', Buffer.alloc(0)],
    ['an empty Uint8Array', new Uint8Array()],
    ['a Buffer of blanks', Buffer.from('   ')],
    ['a Buffer of zeros', Buffer.alloc(64)],
    ['an empty KeyObject', createSecretKey(Buffer.alloc(0))],
    ['a KeyObject of blanks', createSecretKey(Buffer.from('    '))],
    ['an empty oct JWK', { kty: 'oct', k: '' }],
    ['the text of an empty oct JWK', '{"kty":"oct","k":""}'],
  ])('is refused as empty: %s (R4)', (_, input) => {
    expect(mistakeOf(() => take(input))).toContain('secret is empty; expected a secret for HS256');
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an array', ['secret']],
    ['a number', 42],
    ['an object that is not a JWK', { secret }],
    ['a public RSA key in JWK form', rsaPair().publicKey.export({ format: 'jwk' })],
    ['a private EC key in JWK form', ecPair().privateKey.export({ format: 'jwk' })],
    ['a set of JWKs', { keys: [{ kty: 'oct', k }] }],
    ['a public KeyObject', rsaPair().publicKey],
    ['a private KeyObject', rsaPair().privateKey],
  ])('is refused if it is %s (R3, R17)', (looks, input) => {
    expect(mistakeOf(() => take(input), JSON.stringify(input) ?? '')).toContain(
      `secret looks like ${looks}`,
    );
  });
});

describe('An oct JWK', () => {
  it.each([
    ['"use" is "enc"', { use: 'enc' }, '"use"'],
    ['"alg" is another', { alg: 'A128KW' }, '"alg" is not HS256'],
    ['"key_ops" lack "verify"', { key_ops: ['sign'] }, 'do not allow to sign and verify'],
    ['"k" is missing', { k: undefined }, '"k" is not base64url text'],
    ['"k" is padded', { k: `${k}=` }, '"k" is not base64url text'],
    ['"k" is no text', { k: 5 }, '"k" is not base64url text'],
  ])('is refused if %s (R24)', (_, members, said) => {
    const jwk = { kty: 'oct', k, ...members };

    expect(mistakeOf(() => take(jwk), k)).toContain(said);
    expect(mistakeOf(() => take(JSON.stringify(jwk)), k)).toContain(said);
  });

  it('needs only the operation that it is used for (R24)', () => {
    const jwk = { kty: 'oct', k, key_ops: ['verify'], use: 'sig', alg: 'HS256' };

    expect(importSecret(jwk, ['HS256'], 'loaders.decodeKey', ['verify']).type).toBe('secret');
  });

  it('is refused if its "k" is a public key (R3)', () => {
    const pem = pemOf(rsaPair().publicKey);
    const jwk = { kty: 'oct', k: Buffer.from(pem).toString('base64url') };

    expect(mistakeOf(() => take(jwk), pem)).toContain('secret looks like a public key in PEM form');
  });
});

describe('Key pairs as secrets', () => {
  /** Every structure of these pairs; shapesOf gives each of them in more forms. */
  const pairs = {
    RSA: rsaPair(),
    'short RSA': shortRsaPair(),
    'P-256': ecPair('P-256'),
    'P-384': ecPair('P-384'),
    'P-521': ecPair('P-521'),
    Ed25519: ed25519Pair(),
  };
  const structures = Object.entries(pairs).flatMap(([name, { privateKey, publicKey }]) =>
    [publicKey, privateKey].flatMap((key) =>
      structuresOf(key).map(
        ([form, material]) => [`${key.type} ${name}, ${form}`, material] as const,
      ),
    ),
  );
  const otherKinds = Object.entries({
    ed448: generateKeyPairSync('ed448'),
    x25519: generateKeyPairSync('x25519'),
    DSA: generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }),
  }).flatMap(([name, { publicKey, privateKey }]) => [
    [`public ${name}`, publicKey.export({ format: 'der', type: 'spki' })] as const,
    [`private ${name}`, privateKey.export({ format: 'der', type: 'pkcs8' })] as const,
  ]);
  const lock = { cipher: 'aes-256-cbc', passphrase: 'open sesame' };
  const jwk = rsaPair().publicKey.export({ format: 'jwk' });
  const sshWire = Buffer.concat([
    Buffer.from('\0\0\0\u0007ssh-rsa\0\0\0\u0003\u0001\0\u0001\0\0\u0001\u0001'),
    Buffer.alloc(257, 7),
  ]);
  const ssh = sshWire.toString('base64');
  const others = {
    'a certificate, PEM': CERTIFICATE,
    'a certificate, DER': new X509Certificate(CERTIFICATE).raw,
    'an encrypted private key': rsaPair().privateKey.export({
      format: 'der',
      type: 'pkcs8',
      ...lock,
    }),
    'a JWK set': { keys: [jwk] },
    'a JWK in Python spelling': JSON.stringify(jwk).replaceAll('"', "'"),
    'a JWK cut short': JSON.stringify({ kty: 'RSA', ...jwk }).slice(0, -20),
    'an OpenSSH public key': `ssh-rsa ${ssh} user@host`,
    'an OpenSSH public key, its body': sshWire,
    'an OpenSSH ECDSA key': 'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAI',
    'an OpenSSH private key, its body': 'openssh-key-v1\0and so on',
    'an RFC 4716 public key': `---- BEGIN SSH2 PUBLIC KEY ----\n${ssh}`,
  };

  it.each<readonly [string, string | Buffer | object]>([
    ...structures,
    ...otherKinds,
    ...Object.entries(others),
    ...textForms(pemOf(rsaPair().publicKey)).map(
      ([form, text]) => [`a PEM ${form}`, text] as const,
    ),
  ])('are refused as a secret: %s (R3)', (_, key) => {
    const bytes = bytesOf(key);
    for (const input of shapesOf(bytes)) {
      expect(mistakeOf(() => take(input), bytes.toString('utf8'))).toMatch(
        /^secret looks like .*; expected a secret for HS256/,
      );
    }
  });

  it.each(Object.entries(pairs))('are refused if they are cut short: %s (R3)', (_, pair) => {
    const pem = pemOf(pair.publicKey);
    const body = pem.replace(/-----.*?-----|\n/g, '');
    const withoutFirstLine = pem.split('\n').slice(1).join('\n');
    const cuts = [pem.slice(0, 90), pem.slice(5), pem.slice(60), body.slice(0, 70)];
    for (const cut of [...cuts, withoutFirstLine]) {
      expect(mistakeOf(() => take(cut), body)).toContain('secret looks like');
    }
  });

  function bytesOf(key: string | Buffer | object): Buffer {
    if (Buffer.isBuffer(key)) return key;
    return Buffer.from(typeof key === 'string' ? key : JSON.stringify(key));
  }

  /** The same bytes as users paste them. */
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
});

const weaknessOf = (secret: string | Buffer, ...algorithms: Algorithm[]) =>
  findSecretWeakness(createSecretKey(Buffer.from(secret as string)), algorithms);
const EASY = 'easy to guess: well-known words, repetition or filler';

describe('The length of a secret', () => {
  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const)('must be for %s at least %i bytes (R15)', (algorithm, bytes) => {
    expect(weaknessOf(randomBytes(bytes), algorithm)).toBeUndefined();
    expect(weaknessOf(randomBytes(bytes - 1), algorithm)).toBe(
      `too short: ${bytes - 1} bytes, and ${algorithm} needs at least ${bytes}`,
    );
  });

  it('is measured by the strongest algorithm allowed (R15)', () => {
    expect(weaknessOf(randomBytes(40), 'HS256', 'HS384', 'HS512')).toContain(
      'HS384 needs at least 48',
    );
    expect(weaknessOf(randomBytes(63), 'HS256', 'HS512')).toContain('HS512 needs at least 64');
  });

  it('does not matter to algorithms without a secret', () => {
    expect(weaknessOf('dhq3vmx!Zk0p7wTbR9ueL', 'RS256')).toBeUndefined();
  });

  it('counts bytes and not characters (R15)', () => {
    expect(weaknessOf('ключотквартирыгдеденьгилежат', 'HS256')).toBeUndefined();
    expect(weaknessOf('klyuchotkvartirygdedengi', 'HS256')).toContain('too short');
  });
});

const paddings: readonly (readonly [string, (text: string) => string])[] = [
  ['repeated', (text) => text.repeat(70)],
  ['repeated with dashes', (text) => `${text}-`.repeat(20)],
  ['with digits in order', (text) => text + '1234567890'.repeat(7)],
  ['with zeros before it', (text) => '0'.repeat(64) + text],
  ['with one letter', (text) => text + 'x'.repeat(64)],
  ['with signs', (text) => text + '!?'.repeat(32)],
  [
    'with its neighbours',
    (text) => `my-super-${text}_token_key-${text.toUpperCase()}-`.padEnd(64, 'abc'),
  ],
  ['in capitals', (text) => text.toUpperCase().padEnd(64, '*')],
];

describe('A secret that is easy to guess', () => {
  it.each(paddings)('stays easy to guess if it is padded: %s (R15)', (_, pad) => {
    const notCaught = WELL_KNOWN_SECRETS.filter((text) => weaknessOf(pad(text), 'HS256') !== EASY);

    expect(notCaught).toEqual([]);
  });

  it.each([
    'your-256-bit-secret-your-256-bit-secret',
    'keyboard cat keyboard cat keyboard cat',
    'this-is-a-very-long-secret-key-for-jwt',
    'my super secret key that should be changed in production',
    'please_change_this_secret_key_in_production_2026',
    'a-string-secret-at-least-256-bits-long',
    'replace-this-with-your-own-secret-key-32-characters',
    '0123456789abcdef0123456789abcdef',
    'abcdefghijklmnopqrstuvwxyz123456',
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345',
    'zyxwvutsrqponmlkjihgfedcba987654',
    'qwertyuiopasdfghjklzxcvbnm123456',
    '12345678901234567890123456789012',
    'x'.repeat(64),
    'ab'.repeat(32),
    'Xk9#'.repeat(16),
    '00000000-0000-0000-0000-000000000000',
  ])('is %s (R15)', (text) => {
    expect(weaknessOf(text, 'HS256')).toBe(EASY);
  });

  it('may be bytes (R15)', () => {
    expect(weaknessOf(Buffer.alloc(64, 7), 'HS256')).toBe(EASY);
    expect(weaknessOf(Buffer.from(Array.from({ length: 64 }, (_, index) => index)), 'HS256')).toBe(
      EASY,
    );
  });
});

describe('A random secret', () => {
  const random = (length: number) => fc.constant(length).map((bytes) => randomBytes(bytes));

  it('is never called weak, in hexadecimal or base64 or as bytes (R15)', () => {
    fc.assert(
      fc.property(random(32), (bytes) => {
        const texts = (['hex', 'base64', 'base64url'] as const).map((form) => bytes.toString(form));
        for (const secret of [bytes, ...texts]) {
          expect(weaknessOf(secret, 'HS256')).toBeUndefined();
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is never called weak, even if its 32 characters are only hexadecimal (R15)', () => {
    fc.assert(
      fc.property(random(16), (bytes) => {
        expect(weaknessOf(bytes.toString('hex'), 'HS256')).toBeUndefined();
      }),
      { numRuns: 1500 },
    );
  });

  it('of 24 random bytes in base64 passes, and so do UUIDs and passphrases (R15)', () => {
    expect(weaknessOf(randomBytes(24).toString('base64'), 'HS256')).toBeUndefined();
    expect(weaknessOf('7c9e6679-7425-40de-944b-e07fc1f90ae7', 'HS256')).toBeUndefined();
    expect(weaknessOf('tundra gazebo umpire violet wrench oxygen', 'HS256')).toBeUndefined();
  });

  it('of any size is estimated without delay (R72)', () => {
    const started = performance.now();
    weaknessOf(Buffer.alloc(1_000_000, 'a'), 'HS256');

    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
