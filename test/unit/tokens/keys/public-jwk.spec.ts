import { describe, expect, it } from '@jest/globals';
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Algorithm } from '../../../../src/options/key-options.js';
import { publicJwk } from '../../../../src/keys/key-ring.js';
import { RingKey } from '../../../../src/keys/ring-key.js';
import {
  ecPair,
  ed25519Pair,
  rsaPair,
  rsaPssPair,
  strongSecretKey,
} from '../../../support/keys.js';

function jwkOf(verificationKey: KeyObject | undefined, algorithm: Algorithm, kid?: string) {
  const keys = { algorithm, algorithms: [algorithm], signingKey: undefined, verificationKey };
  return publicJwk(new RingKey(keys, kid === undefined ? {} : { kid }));
}

describe('A key as others may have it', () => {
  it.each<[Algorithm, KeyObject, readonly string[]]>([
    ['RS256', rsaPair().publicKey, ['kty', 'n', 'e']],
    ['PS512', rsaPair().publicKey, ['kty', 'n', 'e']],
    ['ES256', ecPair('P-256').publicKey, ['kty', 'crv', 'x', 'y']],
    ['ES384', ecPair('P-384').publicKey, ['kty', 'crv', 'x', 'y']],
    ['ES512', ecPair('P-521').publicKey, ['kty', 'crv', 'x', 'y']],
    ['EdDSA', ed25519Pair().publicKey, ['kty', 'crv', 'x']],
  ])(
    'has the public members of its kind and says what it is for: %s',
    (algorithm, key, members) => {
      const jwk = jwkOf(key, algorithm, 'k');

      expect(Object.keys(jwk ?? {})).toEqual([...members, 'use', 'alg', 'kid']);
      expect(jwk).toMatchObject({ use: 'sig', alg: algorithm, kid: 'k' });
      expect(createPublicKey({ key: { ...jwk }, format: 'jwk' }).equals(key)).toBe(true);
    },
  );

  it('has no id where there is none', () => {
    expect(Object.keys(jwkOf(ed25519Pair().publicKey, 'EdDSA') ?? {})).not.toContain('kid');
  });

  it.each<[string, KeyObject | undefined, Algorithm]>([
    ['a secret', strongSecretKey(), 'HS256'],
    ['a private key, which nothing verifies with', rsaPair().privateKey, 'RS256'],
    ['no key, as where loaders give them', undefined, 'RS256'],
    ['a key that is bound to PSS, which has no JWK', rsaPssPair('sha256').publicKey, 'PS256'],
  ])('is nothing for %s', (_, key, algorithm) => {
    expect(jwkOf(key, algorithm, 'k')).toBeUndefined();
  });

  it.each([
    ['of a kind that it does not know', { kty: 'NEW', d: 'private', x: 'public' }, 'NEW'],
    ['without a kind', { d: 'private', x: 'public' }, ''],
  ])('has no members where they are %s', (_, jwk, kty) => {
    // A kind of key that this Node does not have yet.
    const strange = Object.defineProperties({} as KeyObject, {
      type: { value: 'public' },
      asymmetricKeyType: { value: 'new' },
      export: { value: () => jwk },
    });

    expect(jwkOf(strange, 'EdDSA', 'k')).toEqual({ kty, use: 'sig', alg: 'EdDSA', kid: 'k' });
  });
});
