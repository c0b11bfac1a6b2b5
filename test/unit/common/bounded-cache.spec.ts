import { describe, expect, it } from '@jest/globals';
import { BoundedCache } from '../../../src/common/bounded-cache.js';

/** Which of the keys the cache holds; reading them moves them. */
function held(cache: BoundedCache<string>, ...keys: readonly string[]): string[] {
  return keys.filter((key) => cache.get(key) !== undefined);
}

function filled(cache: BoundedCache<string>, ...keys: readonly string[]): BoundedCache<string> {
  for (const key of keys) cache.set(key, `value of ${key}`);
  return cache;
}

describe('BoundedCache', () => {
  it('returns what was stored last under exactly this key', () => {
    const cache = filled(new BoundedCache({ entriesPerGeneration: 2 }), 'a', 'b');
    cache.set('a', 'new');

    expect(cache.get('a')).toBe('new');
    expect(held(cache, 'A', 'ab', '', '__proto__')).toEqual([]);
  });

  it('always holds the entries of one generation, and never more than those of two', () => {
    const cache = filled(new BoundedCache({ entriesPerGeneration: 2 }), 'a', 'b', 'c', 'd', 'e');

    expect(held(cache, 'a', 'b')).toEqual([]);
    expect(held(cache, 'c', 'd', 'e')).toEqual(['c', 'd', 'e']);
  });

  it('keeps an entry that is read, whatever comes after it', () => {
    const cache = filled(new BoundedCache({ entriesPerGeneration: 2 }), 'a');
    for (const key of ['b', 'c', 'd', 'e', 'f', 'g']) {
      filled(cache, key);
      expect(cache.get('a')).toBe('value of a');
    }
  });

  it('does not count an entry twice that is stored again', () => {
    const limits = { entriesPerGeneration: 2, charactersPerGeneration: 4 };
    const cache = filled(new BoundedCache(limits), 'old', 'a', 'b', 'b', 'b');

    expect(held(cache, 'old', 'a', 'b')).toEqual(['old', 'a', 'b']);
  });

  it('holds fewer entries if their keys are long', () => {
    const limits = { entriesPerGeneration: 100, charactersPerGeneration: 10 };
    const cache = filled(new BoundedCache(limits), 'first', 'a'.repeat(10), 'b', 'c'.repeat(10));

    expect(held(cache, 'first')).toEqual(['first']);
    expect(held(filled(cache, 'd', 'e'.repeat(10), 'f'), 'a'.repeat(10))).toEqual([]);
  });
});
