import { describe, expect, it } from '@jest/globals';
import { mistakeOf, resolve } from './mistake-of.js';

/** A store of which only the shape matters. */
class Store {
  add = () => true;
  raise = () => undefined;
  get = (keys: readonly string[]) => keys.map(() => null);
  delete = () => undefined;
}

describe('rotation', () => {
  it('takes a grace, a lifetime of sessions and their number', () => {
    const given = { grace: '30s', sessionLifetime: '90d', maxSessions: 5 };
    expect(resolve({ rotation: given }).rotation).toEqual({
      graceMs: 30_000,
      sessionLifetime: 90 * 86_400,
      maxSessions: 5,
    });
  });

  it('may be strict', () => {
    expect(resolve({ rotation: { grace: 0 } }).rotation.graceMs).toBe(0);
  });

  it.each([
    [null, 'rotation was given null; give an object of options'],
    [{ grace: '61s' }, "rotation.grace was given '61s'; give 60 seconds at most"],
    [{ grace: '10' }, "rotation.grace was given '10'; a string needs a number and a unit"],
    [{ grace: -1 }, 'rotation.grace was given -1; give a duration that is not negative'],
    [{ grace: false }, 'rotation.grace was given false; give a number of seconds'],
    [{ sessionLifetime: 0 }, 'rotation.sessionLifetime was given 0; give more than 0 seconds'],
    [{ maxSessions: 0 }, 'rotation.maxSessions was given 0; give a whole number from 1'],
    [{ maxSessions: '5' }, "rotation.maxSessions was given '5'; give a whole number"],
    [{ gracee: 1 }, 'did you mean rotation.grace?'],
  ])('is not %j', (rotation, message) => {
    expect(mistakeOf({ rotation })).toContain(message);
  });

  it('is refused beside a store that cannot claim a token, or count sessions', () => {
    const fix = 'use Redis, SQL or the memory store as blocklist.store';
    const loose = Object.assign(new Store(), { isAtomic: false });
    expect(mistakeOf({ blocklist: { store: loose }, rotation: {} })).toBe(
      `rotation was given beside a store whose add is not atomic; ${fix}`,
    );
    expect(mistakeOf({ blocklist: { store: new Store() }, rotation: { maxSessions: 1 } })).toBe(
      `rotation.maxSessions was given beside a store that keeps no sessions; ${fix}`,
    );
    expect(resolve({ blocklist: { store: loose } }).blocklist.store).toBe(loose);
  });
});
