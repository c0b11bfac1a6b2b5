import { describe, expect, it } from '@jest/globals';
import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { importSecret } from '../../../../src/keys/secret.js';
import { ecPair, rsaPair, strongSecret } from '../../../support/keys.js';
import { mistakeOf } from './mistake.js';

const take = (input: unknown) => importSecret(input, ['HS256'], 'secret');
const secret = strongSecret();
const k = Buffer.from(secret).toString('base64url');

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

  it('counts just as it stands, with its blanks, quotes and accents', () => {
    for (const text of ['"quoted, and it shall stay so"', ' blank \n', 'ключ – clé – 鍵']) {
      expect(take(text).export()).toEqual(Buffer.from(text));
    }
  });

  it('given as a KeyObject stays that object', () => {
    const key = createSecretKey(Buffer.from(secret));

    expect(take(key)).toBe(key);
  });

  it('of random bytes passes in whatever encoding (R3)', () => {
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
  ])('is never %s (R4)', (_, input) => {
    expect(mistakeOf(() => take(input))).toContain('secret is empty; expected a secret for HS256');
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an array', ['secret']],
    ['a number', 42],
    ['an object that is no JWK', { secret }],
    ['a public RSA key in JWK form', rsaPair().publicKey.export({ format: 'jwk' })],
    ['a private EC key in JWK form', ecPair().privateKey.export({ format: 'jwk' })],
    ['a set of JWKs', { keys: [{ kty: 'oct', k }] }],
    ['a public KeyObject', rsaPair().publicKey],
    ['a private KeyObject', rsaPair().privateKey],
  ])('is not %s (R3, R17)', (looks, input) => {
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
  ])('is refused whose %s (R24)', (_, members, said) => {
    const jwk = { kty: 'oct', k, ...members };

    expect(mistakeOf(() => take(jwk), k)).toContain(said);
    expect(mistakeOf(() => take(JSON.stringify(jwk)), k)).toContain(said);
  });

  it('only needs the operation that it is for (R24)', () => {
    const jwk = { kty: 'oct', k, key_ops: ['verify'], use: 'sig', alg: 'HS256' };

    expect(importSecret(jwk, ['HS256'], 'loaders.decodeKey', ['verify']).type).toBe('secret');
  });

  it('does not smuggle a public key in (R3)', () => {
    const pem = rsaPair().publicKey.export({ format: 'pem', type: 'spki' }) as string;

    expect(
      mistakeOf(() => take({ kty: 'oct', k: Buffer.from(pem).toString('base64url') }), pem),
    ).toContain('secret looks like a public key in PEM form');
  });
});
