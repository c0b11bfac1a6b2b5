import { describe, expect, it } from '@jest/globals';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { KeyRing, publicJwk, RingContents, type RingRules } from '../../../src/keys/key-ring.js';
import type { RemoteKeys } from '../../../src/keys/remote-jwks.js';
import { importRing, RingKey, type RingKeyTraits } from '../../../src/keys/ring-key.js';
import type { Algorithm, KeyRingOptions } from '../../../src/options/key-options.js';
import { Clock, NOW } from '../../support/forge.js';
import {
  ecPair,
  ed25519Pair,
  rsaPair,
  rsaPssPair,
  strongSecret,
  strongSecretKey,
} from '../../support/keys.js';
import { rejectionOf } from '../../support/tokens.js';
import { mistakeOf } from './mistake.js';

describe('The imported keys of a ring', () => {
  const secret = strongSecret();
  const ec = { kid: 'ec', algorithm: 'ES256', ...ecPair() } as const;
  const hmac = { kid: 'hmac', algorithm: 'HS256', secret } as const;

  const ringOf = (given: unknown) => importRing(given as KeyRingOptions, {});

  it('are imported by their ids, each bound to one algorithm', () => {
    const retireAt = new Date(1000);
    const { current, others } = ringOf({ current: ec, others: [{ ...hmac, retireAt }] });

    expect(current).toMatchObject({ kid: 'ec', algorithm: 'ES256', algorithms: ['ES256'] });
    expect(current?.signingKey).toBe(ec.privateKey);
    expect(current?.verificationKey).toBe(ec.publicKey);
    expect(others).toHaveLength(1);
    expect(others[0]).toMatchObject({ kid: 'hmac', algorithm: 'HS256', isFormer: false });
    expect(others[0]?.isRetired(new Date(999))).toBe(false);
    expect(others[0]?.isRetired(new Date(1000))).toBe(true);
  });

  it('are one key if no others are given', () => {
    expect(ringOf({ current: hmac }).others).toEqual([]);
    expect(ringOf({ current: hmac, others: undefined }).others).toEqual([]);
    expect(ringOf({ current: hmac }).current?.isRetired(new Date(8.64e15))).toBe(false);
  });

  it('may all be keys of another issuer', () => {
    expect(ringOf({ jwksUri: 'https://issuer.example/' })).toEqual({
      current: undefined,
      others: [],
    });
  });

  it('use HS256 for a secret without an algorithm', () => {
    expect(ringOf({ current: { kid: 'k', secret } }).current?.algorithm).toBe('HS256');
  });

  it('may be weak under allowWeakSecret', () => {
    const current = { kid: 'weak', algorithm: 'HS256', secret: 'secret' } as const;

    expect(importRing({ current }, { allowWeakSecret: true }).current?.kid).toBe('weak');
  });
});

const clock = new Clock();
const RULES: RingRules = { maxTokenLifetime: 60, clock: clock.now };
const URI = 'https://issuer.example/jwks.json';

const pairOf = (kid: string) => ({ kid, algorithm: 'ES256', ...ecPair('P-256', kid) }) as const;
const open = (given: KeyRingOptions, rules: Partial<RingRules> = {}) =>
  KeyRing.from(given, { ...RULES, ...rules });

describe('A key ring', () => {
  it('retires a former key one token lifetime after its successor came', async () => {
    const ring = await open({ current: pairOf('a') });

    await ring.rotate({ current: pairOf('b') });

    const kidAt = (seconds: number) =>
      ring.contents.find('a', new Date((NOW + seconds) * 1000))?.kid;
    expect([kidAt(0), kidAt(59), kidAt(60)]).toEqual(['a', 'a', undefined]);
  });

  it('publishes public keys only, the current key first', async () => {
    const hmac = { kid: 'hmac', algorithm: 'HS256', secret: strongSecret() } as const;
    const gone = { ...pairOf('gone'), retireAt: clock.now() };
    const ring = await open({ current: pairOf('a'), others: [hmac, pairOf('b'), gone] });

    expect(ring.jwks().keys.map(({ kid }) => kid)).toEqual(['a', 'b']);
  });

  it('takes the algorithms of another issuer from the options, or else from its current key', async () => {
    const current = pairOf('a');
    const rsa = { kid: 'rsa', algorithm: 'PS256', ...rsaPair() } as const;
    const remoteOf = (ring: KeyRing) => ring.contents.remote?.algorithms;

    const named = await open({ current, jwksUri: URI }, { remoteAlgorithms: ['RS256', 'RS512'] });
    expect(remoteOf(named)).toEqual(['RS256', 'RS512']);
    expect(remoteOf(await open({ current, jwksUri: URI }))).toEqual(['ES256']);
    expect(remoteOf(await open({ current: rsa, jwksUri: new URL(URI) }))).toEqual(['PS256']);
    expect(remoteOf(await open({ current }))).toBeUndefined();
  });

  it.each<[string, KeyRingOptions, Partial<RingRules>]>([
    ['no algorithm', { jwksUri: URI }, {}],
    ['an empty list of them', { current: pairOf('a'), jwksUri: URI }, { remoteAlgorithms: [] }],
    ['an algorithm of secrets', { jwksUri: URI }, { remoteAlgorithms: ['ES256', 'HS256'] }],
  ])('refuses keys of another issuer with %s (R3)', async (_, given, rules) => {
    expect(await rejectionOf(open(given, rules))).toMatchObject({
      name: 'JwtExtendedConfigError',
      message:
        "keys.jwksUri needs decodeAlgorithms: the algorithms of the other issuer, such as ['RS256']",
    });
  });

  it('keeps the fetched keys of another issuer while address and algorithms stay the same', async () => {
    const ring = await open({ current: pairOf('a'), jwksUri: URI });
    const { remote } = ring.contents;
    const rotated = async (given: KeyRingOptions) => {
      await ring.rotate(given);
      return ring.contents.remote;
    };

    expect(remote).toBeDefined();
    expect(await rotated({ current: pairOf('b'), jwksUri: new URL(URI) })).toBe(remote);
    const elsewhere = await rotated({ current: pairOf('b'), jwksUri: `${URI}?v=2` });
    expect(elsewhere).not.toBe(remote);
    expect(elsewhere?.address.href).toBe(`${URI}?v=2`);
    const rsa = { kid: 'rsa', algorithm: 'RS256', ...rsaPair() } as const;
    const otherwise = await rotated({ current: rsa, jwksUri: `${URI}?v=2` });
    expect(otherwise).not.toBe(elsewhere);
    expect(await rotated({ current: rsa })).toBeUndefined();
  });

  it('with keys of another issuer only can be given a key that signs', async () => {
    const ring = await open({ jwksUri: URI }, { remoteAlgorithms: ['ES256'] });

    await ring.rotate({ current: pairOf('a') });

    expect(ring.contents.current?.kid).toBe('a');
  });
});

describe('RingContents', () => {
  const NOW = new Date(1_000_000);
  const LATER = new Date(2_000_000);

  function keyOf(
    name: string | undefined,
    traits: RingKeyTraits = {},
    algorithm: Algorithm = 'ES256',
  ) {
    const { privateKey: signingKey, publicKey: verificationKey } = ecPair('P-256', `ring ${name}`);
    const bound = { algorithm, algorithms: [algorithm], signingKey, verificationKey };
    return new RingKey(bound, { ...(name !== undefined && { kid: name }), ...traits });
  }

  const kids = (keys: readonly RingKey[]) => keys.map(({ kid }) => kid);

  describe('The contents of a ring', () => {
    it('find a key by its exact id only', () => {
      const [current, other] = [keyOf('a'), keyOf('b')];
      const ring = new RingContents(current, [other]);

      expect(ring.find('a', NOW)).toBe(current);
      expect(ring.find('b', NOW)).toBe(other);
      for (const kid of ['c', 'A', 'a ', '', '__proto__', 'constructor', 'size', 'toString']) {
        expect({ kid, found: ring.find(kid, NOW), has: ring.has(kid) }).toEqual({
          kid,
          found: undefined,
          has: false,
        });
      }
    });

    it('find only the current key without an id', () => {
      const current = keyOf('a');

      expect(new RingContents(current, [keyOf('b')]).find(undefined, NOW)).toBe(current);
      expect(new RingContents(undefined, [keyOf('b')]).find(undefined, NOW)).toBeUndefined();
    });

    it('find the only key by any id if it has none', () => {
      const only = keyOf(undefined);
      const ring = new RingContents(only);

      expect([ring.find('a', NOW), ring.find(undefined, NOW)]).toEqual([only, only]);
      expect(ring.has('a')).toBe(false);
    });

    it('do not find a retired key, but still have it', () => {
      const ring = new RingContents(keyOf('a'), [
        keyOf('gone', { retireAt: NOW }),
        keyOf('going', { retireAt: LATER }),
      ]);

      expect([ring.find('gone', NOW), ring.find('going', NOW)?.kid]).toEqual([undefined, 'going']);
      expect([ring.has('gone'), ring.has('going')]).toEqual([true, true]);
      expect(kids(ring.live(NOW))).toEqual(['a', 'going']);
      expect(kids(ring.live(LATER))).toEqual(['a']);
      expect(kids(new RingContents(undefined, [keyOf('b')]).live(NOW))).toEqual(['b']);
    });

    it('list each algorithm once, those of another issuer too, in a frozen array', () => {
      const remote = { algorithms: ['RS256', 'ES256'] } as unknown as RemoteKeys;
      const { algorithms } = new RingContents(
        keyOf('a'),
        [keyOf('b', {}, 'PS256'), keyOf('c')],
        remote,
      );

      expect(algorithms).toEqual(['ES256', 'PS256', 'RS256']);
      expect(Object.isFrozen(algorithms)).toBe(true);
      expect(new RingContents(undefined).algorithms).toEqual([]);
    });
  });

  describe('The contents after a rotation', () => {
    const former = new RingContents(keyOf('a'), [
      keyOf('listed'),
      keyOf('old', { isFormer: true }),
    ]);

    it('keep the former current key until it retires, and earlier ones that have signed', () => {
      const next = new RingContents(keyOf('b')).retaining(former, LATER, NOW);

      expect(kids([next.current as RingKey, ...next.others])).toEqual(['b', 'a', 'old']);
      expect(next.find('a', NOW)).toMatchObject({ kid: 'a', isFormer: true });
      expect(next.find('a', LATER)).toBeUndefined();
      expect(next.find('old', LATER)?.kid).toBe('old');
      expect(next.has('listed')).toBe(false);
    });

    it('drop retired keys', () => {
      const retired = new RingContents(keyOf('b'), [
        keyOf('old', { isFormer: true, retireAt: NOW }),
        keyOf('needed', { isFormer: true, retireAt: LATER }),
      ]);

      const next = new RingContents(keyOf('c')).retaining(retired, LATER, NOW);

      expect(kids(next.others)).toEqual(['b', 'needed']);
    });

    it('refuse another algorithm for the same id', () => {
      const next = new RingContents(keyOf('a', {}, 'ES384'));

      expect(mistakeOf(() => next.retaining(former, LATER, NOW))).toContain("the kid 'a'");
    });

    it('keep the former current key for ever if its tokens never expire', () => {
      const next = new RingContents(keyOf('b')).retaining(former, undefined, NOW);

      expect(next.find('a', new Date(8.64e15))?.kid).toBe('a');
    });

    it('use the listed retireAt of a key that is listed again', () => {
      const listing = new RingContents(keyOf('b'), [keyOf('a', { retireAt: NOW }), keyOf('old')]);

      const next = listing.retaining(former, LATER, NOW);

      expect(kids(next.others)).toEqual(['a', 'old']);
      expect([next.find('a', NOW), next.find('old', LATER)?.isFormer]).toEqual([undefined, false]);
    });

    it('keep no key without an id, and no key that never signed', () => {
      const next = (contents: RingContents) =>
        new RingContents(keyOf('b')).retaining(contents, LATER, NOW);

      expect(next(new RingContents(keyOf(undefined))).others).toEqual([]);
      expect(next(new RingContents(undefined, [keyOf('listed')])).others).toEqual([]);
    });

    it.each([
      ['the current key', 'a'],
      ['one of the others', 'listed'],
      ['one that has signed before', 'old'],
    ])('refuse the id of %s for another key', (_, kid) => {
      const impostor = keyOf('impostor', { kid });
      const message = `keys uses the kid '${kid}' for another key than before: use a new kid`;

      for (const next of [new RingContents(impostor), new RingContents(keyOf('b'), [impostor])]) {
        expect(mistakeOf(() => next.retaining(former, LATER, NOW))).toBe(message);
      }
    });

    it('refuse the id of a key for an entry without a key', () => {
      const empty = { algorithm: 'ES256', algorithms: ['ES256'] } as const;
      const without = (verificationKey?: KeyObject) =>
        new RingContents(
          new RingKey({ ...empty, signingKey: undefined, verificationKey }, { kid: 'a' }),
        );

      expect(mistakeOf(() => without().retaining(former, LATER, NOW))).toContain("the kid 'a'");
      expect(mistakeOf(() => former.retaining(without(), LATER, NOW))).toContain("the kid 'a'");
    });
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
