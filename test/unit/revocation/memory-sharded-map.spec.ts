import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ShardedMap } from '../../../src/stores/expiring-map.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describe('ShardedMap', () => {
  it.each([
    ['random ids', () => `jti:${randomUUID()}`],
    ['counted ids', (index: number) => `jti:${index}`],
    ['ids that are alike at the end', (index: number) => `cut:user${index}@example.com`],
    ['ids that are alike at both ends', (index: number) => `user:${'x'.repeat(99)}${index}-abc`],
    ['ids in other letters', (index: number) => `漢字${index.toString(36)}😀`],
  ])('spreads %s over all its parts, so that none is long to copy (R72)', (_, keyOf) => {
    const set = jest.spyOn(Map.prototype, 'set');
    const map = new ShardedMap<number>();
    for (let index = 0; index < 12_800; index += 1) map.set(keyOf(index), index);
    const parts = new Set(set.mock.contexts as Map<unknown, unknown>[]);

    expect(parts.size).toBe(256);
    expect(Math.max(...[...parts].map(({ size }) => size))).toBeLessThan(120);
  });

  it('walks over all it holds, whatever is set and deleted meanwhile', () => {
    const map = new ShardedMap<number>();
    for (let index = 0; index < 10_000; index += 1) map.set(`${index}`, index);
    const walk = map.values();
    const seen = new Set([walk.next().value]);
    for (let index = 0; index < 10_000; index += 1) {
      if (index % 10 > 0) map.delete(`${index}`);
      map.set(`new ${index}`, -1);
    }
    for (const value of walk) seen.add(value);

    const kept = Array.from({ length: 1_000 }, (_, index) => index * 10);
    expect(kept.filter((value) => !seen.has(value))).toEqual([]);
  });
});
