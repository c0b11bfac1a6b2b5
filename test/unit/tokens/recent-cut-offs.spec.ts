import { describe, expect, it } from '@jest/globals';
import { RecentCutOffs } from '../../../src/tokens/recent-cut-offs.js';

const SECOND = 1_800_000_000;
const at = (fraction: number) => new Date(SECOND * 1000 + fraction * 1000);

describe('RecentCutOffs', () => {
  it('leaves seconds whole where nothing was cut off in them', () => {
    const cutOffs = new RecentCutOffs();
    cutOffs.remember('alice', (SECOND - 1) * 1e6 + 500_000);

    expect(cutOffs.issuedAt('alice', SECOND, at(0.7))).toBe(SECOND);
  });

  it.each<[what: string, identity: unknown, same: unknown, other: unknown]>([
    ['a name', 'alice', 'alice', 'bob'],
    ['a number', 7, 7, 8],
    ['a composite', { org: 'acme', id: 7 }, { org: 'acme', id: 7 }, { org: 'acme', id: 8 }],
  ])(
    'tells the fraction of what it is cut off by %s, and of nothing else',
    (...[, id, same, other]) => {
      const cutOffs = new RecentCutOffs();
      cutOffs.remember(id, SECOND * 1e6 + 500_000);

      expect(cutOffs.issuedAt(same, SECOND, at(0.7))).toBe(SECOND + 0.7);
      expect(cutOffs.issuedAt(other, SECOND, at(0.7))).toBe(SECOND);
    },
  );

  it('tells no fraction before the cut-off, be it everybody or the clock that is behind', () => {
    const cutOffs = new RecentCutOffs();
    cutOffs.remember(undefined, SECOND * 1e6 + 500_000);
    cutOffs.remember('alice', SECOND * 1e6 + 600_000);
    cutOffs.remember('alice', SECOND * 1e6 + 100_000);

    expect(cutOffs.issuedAt('bob', SECOND, at(0.2))).toBe(SECOND + 0.5);
    expect(cutOffs.issuedAt('alice', SECOND, at(0.2))).toBe(SECOND + 0.6);
  });

  it('does not forget a second for one that is over', () => {
    const cutOffs = new RecentCutOffs();
    cutOffs.remember('alice', SECOND * 1e6 + 500_000);
    cutOffs.remember('alice', (SECOND - 5) * 1e6);

    expect(cutOffs.issuedAt('alice', SECOND, at(0.7))).toBe(SECOND + 0.7);
  });
});
