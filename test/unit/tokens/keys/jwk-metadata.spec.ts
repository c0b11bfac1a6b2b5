import { describe, expect, it } from '@jest/globals';
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { Algorithm } from '../../../../src/options/key-options.js';
import { importPrivateKey, importPublicKey } from '../../../../src/keys/key-pair.js';
import { ecPair, ed25519Pair, rsaPair } from '../../../support/keys.js';
import { mistakeOf } from './mistake.js';

const rsa = rsaPair();
const jwkOf = (key: typeof rsa.publicKey): JsonWebKey => key.export({ format: 'jwk' });

describe('A JWK', () => {
  const publicJwk = jwkOf(rsa.publicKey);
  const privateJwk = jwkOf(rsa.privateKey);
  const take = (jwk: JsonWebKey, algorithms: readonly Algorithm[] = ['RS256']) =>
    (jwk.d ? importPrivateKey : importPublicKey)(jwk, algorithms, 'key');

  it.each([
    ['"use" is "sig"', { use: 'sig' }],
    ['"alg" is among the algorithms', { alg: 'RS256' }],
    ['"key_ops" allow what is needed', { key_ops: ['sign', 'verify'] }],
  ])('is taken whose %s (R24)', (_, members) => {
    expect(
      take({ ...publicJwk, ...members }).equals(
        createPublicKey(rsa.publicKey.export({ format: 'pem', type: 'spki' })),
      ),
    ).toBe(true);
    expect(take({ ...privateJwk, ...members }).type).toBe('private');
  });

  it.each([
    ['"use" is "enc"', { ...publicJwk, use: 'enc' }, '"use"'],
    ['"use" is no text', { ...publicJwk, use: null }, '"use"'],
    ['"key_ops" lack "verify"', { ...publicJwk, key_ops: ['encrypt'] }, 'do not allow to verify'],
    ['"key_ops" lack "sign"', { ...privateJwk, key_ops: ['verify'] }, 'do not allow to sign'],
    ['"key_ops" are no array', { ...publicJwk, key_ops: 'verify' }, '"key_ops"'],
    ['"alg" is another', { ...publicJwk, alg: 'RSA-OAEP' }, '"alg" is not RS256'],
    ['"alg" is of the same family only', { ...publicJwk, alg: 'PS256' }, '"alg" is not RS256'],
  ])('is refused whose %s (R24)', (_, jwk, said) => {
    expect(mistakeOf(() => take(jwk), JSON.stringify(jwk))).toContain(said);
  });

  it('is refused whose "kty" or "crv" does not fit the algorithm (R24)', () => {
    expect(mistakeOf(() => take(publicJwk, ['ES256']))).toBe(
      'key is an RSA key; ES256 needs an EC key on prime256v1',
    );
    expect(mistakeOf(() => take(jwkOf(ecPair('P-384').publicKey), ['ES256']))).toBe(
      'key is an EC key on secp384r1; ES256 needs one on prime256v1',
    );
  });

  it('is refused whose public half is of another pair, though Node would take it (R17, R24)', () => {
    const { x } = jwkOf(ed25519Pair('second').publicKey);
    const mixed = { ...jwkOf(ed25519Pair().privateKey), x };

    expect(mistakeOf(() => take(mixed, ['EdDSA']), JSON.stringify(mixed))).toBe(
      'key is damaged, its halves are no pair: what the one signs, the other does not verify',
    );
  });

  it('is not changed by its import', () => {
    const jwk = Object.freeze({ ...publicJwk });

    expect(take(jwk).type).toBe('public');
  });
});
