import { describe, expect, it } from '@jest/globals';
import type { KeyObject } from 'node:crypto';
import type { Algorithm } from '../../../../src/options/key-options.js';
import type { RemoteKeys } from '../../../../src/keys/remote-jwks.js';
import { RingContents } from '../../../../src/keys/key-ring.js';
import { RingKey, type RingKeyTraits } from '../../../../src/keys/ring-key.js';
import { ecPair } from '../../../support/keys.js';
import { mistakeOf } from './mistake.js';

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
  it('find a key by its own id, and none by another', () => {
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

  it('find the current key where no id is named, and no other', () => {
    const current = keyOf('a');

    expect(new RingContents(current, [keyOf('b')]).find(undefined, NOW)).toBe(current);
    expect(new RingContents(undefined, [keyOf('b')]).find(undefined, NOW)).toBeUndefined();
  });

  it('find the one key without an id by any id', () => {
    const only = keyOf(undefined);
    const ring = new RingContents(only);

    expect([ring.find('a', NOW), ring.find(undefined, NOW)]).toEqual([only, only]);
    expect(ring.has('a')).toBe(false);
  });

  it('do not find a retired key, and still have it', () => {
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

  it('know each algorithm once, those of another issuer too, and nobody can add one', () => {
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

describe('The contents that succeed others', () => {
  const former = new RingContents(keyOf('a'), [keyOf('listed'), keyOf('old', { isFormer: true })]);

  it('keep the key that signed until its time, and those that had signed before it', () => {
    const next = new RingContents(keyOf('b')).succeeding(former, LATER, NOW);

    expect(kids([next.current as RingKey, ...next.others])).toEqual(['b', 'a', 'old']);
    expect(next.find('a', NOW)).toMatchObject({ kid: 'a', isFormer: true });
    expect(next.find('a', LATER)).toBeUndefined();
    expect(next.find('old', LATER)?.kid).toBe('old');
    expect(next.has('listed')).toBe(false);
  });

  it('drop what has retired by then', () => {
    const retired = new RingContents(keyOf('b'), [
      keyOf('old', { isFormer: true, retireAt: NOW }),
      keyOf('needed', { isFormer: true, retireAt: LATER }),
    ]);

    const next = new RingContents(keyOf('c')).succeeding(retired, LATER, NOW);

    expect(kids(next.others)).toEqual(['b', 'needed']);
  });

  it('give no key another algorithm under its id', () => {
    const next = new RingContents(keyOf('a', {}, 'ES384'));

    expect(mistakeOf(() => next.succeeding(former, LATER, NOW))).toContain("the kid 'a'");
  });

  it('keep it for ever where its tokens live for ever', () => {
    const next = new RingContents(keyOf('b')).succeeding(former, undefined, NOW);

    expect(next.find('a', new Date(8.64e15))?.kid).toBe('a');
  });

  it('have what they list as they list it', () => {
    const listing = new RingContents(keyOf('b'), [keyOf('a', { retireAt: NOW }), keyOf('old')]);

    const next = listing.succeeding(former, LATER, NOW);

    expect(kids(next.others)).toEqual(['a', 'old']);
    expect([next.find('a', NOW), next.find('old', LATER)?.isFormer]).toEqual([undefined, false]);
  });

  it('keep nothing that has no id, nor where nothing signed', () => {
    const next = (contents: RingContents) =>
      new RingContents(keyOf('b')).succeeding(contents, LATER, NOW);

    expect(next(new RingContents(keyOf(undefined))).others).toEqual([]);
    expect(next(new RingContents(undefined, [keyOf('listed')])).others).toEqual([]);
  });

  it.each([
    ['the current key', 'a'],
    ['one of the others', 'listed'],
    ['one that has signed before', 'old'],
  ])('give no id of %s to another key', (_, kid) => {
    const impostor = keyOf('impostor', { kid });
    const message = `keys gives the kid '${kid}' to another key: use a new kid`;

    for (const next of [new RingContents(impostor), new RingContents(keyOf('b'), [impostor])]) {
      expect(mistakeOf(() => next.succeeding(former, LATER, NOW))).toBe(message);
    }
  });

  it('give no id of a key to one that is none', () => {
    const empty = { algorithm: 'ES256', algorithms: ['ES256'] } as const;
    const without = (verificationKey?: KeyObject) =>
      new RingContents(
        new RingKey({ ...empty, signingKey: undefined, verificationKey }, { kid: 'a' }),
      );

    expect(mistakeOf(() => without().succeeding(former, LATER, NOW))).toContain("the kid 'a'");
    expect(mistakeOf(() => former.succeeding(without(), LATER, NOW))).toContain("the kid 'a'");
  });
});
