import { describe, expect, it } from '@jest/globals';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { KeyRing, publicJwk, RingContents } from '../../../src/keys/key-ring.js';
import { RingKey, type RingKeyTraits } from '../../../src/keys/ring-key.js';
import type { Algorithm } from '../../../src/options/key-options.js';
import { Clock } from '../../support/forge.js';
import {
  ecPair,
  ed25519Pair,
  rsaPair,
  rsaPssPair,
  strongSecret,
  strongSecretKey,
} from '../../support/keys.js';
import { mistakeOf } from './mistake.js';

const NOW = new Date(1_000_000);
const LATER = new Date(2_000_000);

function keyOf(kid: string | undefined, traits: RingKeyTraits = {}) {
  const { privateKey: signingKey, publicKey: verificationKey } = ecPair('P-256', `ring ${kid}`);
  const bound = { algorithm: 'ES256', algorithms: ['ES256'] as Algorithm[] } as const;
  return new RingKey({ ...bound, signingKey, verificationKey }, {
    kid,
    ...traits,
  } as RingKeyTraits);
}

describe('A key ring', () => {
  it('without keys, of a module that verifies tokens of other issuers, can be given one', async () => {
    const rules = { maxTokenLifetime: 60, clock: new Clock().now };
    const ring = new KeyRing(new RingContents(undefined), rules);
    expect(ring.contents.algorithms).toEqual([]);

    await ring.rotate({ current: { kid: 'a', algorithm: 'HS256', secret: strongSecret() } });

    expect(ring.contents.current?.kid).toBe('a');
    expect(ring.contents.algorithms).toEqual(['HS256']);
  });
});

describe('The contents of a ring', () => {
  const former = new RingContents(keyOf('a'));

  it('keep no retired key after a rotation', () => {
    const retired = new RingContents(keyOf('b'), [
      keyOf('old', { isFormer: true, retireAt: NOW }),
      keyOf('needed', { isFormer: true, retireAt: LATER }),
    ]);

    const { others } = new RingContents(keyOf('c')).retaining(retired, LATER, NOW);

    expect(others.map(({ kid }) => kid)).toEqual(['b', 'needed']);
  });

  it('keep no key without an id after a rotation', () => {
    const nameless = new RingContents(keyOf(undefined));

    expect(new RingContents(keyOf('b')).retaining(nameless, LATER, NOW).others).toEqual([]);
  });

  it('refuse the id of a key for an entry without a key', () => {
    const empty = { algorithm: 'ES256', algorithms: ['ES256'] } as const;
    const without = new RingContents(
      new RingKey({ ...empty, signingKey: undefined, verificationKey: undefined }, { kid: 'a' }),
    );

    expect(mistakeOf(() => without.retaining(former, LATER, NOW))).toContain("the kid 'a'");
    expect(mistakeOf(() => former.retaining(without, LATER, NOW))).toContain("the kid 'a'");
  });
});

function jwkOf(verificationKey: KeyObject | undefined, algorithm: Algorithm, kid?: string) {
  const keys = { algorithm, algorithms: [algorithm], signingKey: undefined, verificationKey };
  return publicJwk(new RingKey(keys, kid === undefined ? {} : { kid }));
}

describe('publicJwk', () => {
  it.each<[Algorithm, KeyObject, readonly string[]]>([
    ['RS256', rsaPair().publicKey, ['kty', 'n', 'e']],
    ['PS512', rsaPair().publicKey, ['kty', 'n', 'e']],
    ['ES256', ecPair('P-256').publicKey, ['kty', 'crv', 'x', 'y']],
    ['ES384', ecPair('P-384').publicKey, ['kty', 'crv', 'x', 'y']],
    ['ES512', ecPair('P-521').publicKey, ['kty', 'crv', 'x', 'y']],
    ['EdDSA', ed25519Pair().publicKey, ['kty', 'crv', 'x']],
  ])(
    'has the public members of its kind, its use and its algorithm: %s',
    (algorithm, key, members) => {
      const jwk = jwkOf(key, algorithm, 'k');

      expect(Object.keys(jwk ?? {})).toEqual([...members, 'use', 'alg', 'kid']);
      expect(jwk).toMatchObject({ use: 'sig', alg: algorithm, kid: 'k' });
      expect(createPublicKey({ key: { ...jwk }, format: 'jwk' }).equals(key)).toBe(true);
    },
  );

  it('has no kid if the key has none', () => {
    expect(Object.keys(jwkOf(ed25519Pair().publicKey, 'EdDSA') ?? {})).not.toContain('kid');
  });

  it.each<[string, KeyObject | undefined, Algorithm]>([
    ['a secret', strongSecretKey(), 'HS256'],
    ['a private key', rsaPair().privateKey, 'RS256'],
    ['no key', undefined, 'RS256'],
    ['a key that is bound to PSS, which has no JWK form', rsaPssPair('sha256').publicKey, 'PS256'],
  ])('is undefined for %s', (_, key, algorithm) => {
    expect(jwkOf(key, algorithm, 'k')).toBeUndefined();
  });

  it.each([
    ['of an unknown kind', { kty: 'NEW', d: 'private', x: 'public' }, { kty: 'NEW', x: 'public' }],
    ['without a kind', { d: 'private', x: 'public' }, { x: 'public' }],
  ])('has no private members of a key %s', (_, jwk, members) => {
    // A kind of key that this Node does not have yet.
    const strange = Object.defineProperties({} as KeyObject, {
      type: { value: 'public' },
      asymmetricKeyType: { value: 'new' },
      export: { value: () => jwk },
    });

    expect(jwkOf(strange, 'EdDSA', 'k')).toEqual({
      ...members,
      use: 'sig',
      alg: 'EdDSA',
      kid: 'k',
    });
  });
});
