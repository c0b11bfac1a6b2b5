import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OverdueCalls } from '../../../src/revocation/store-circuit.js';
import { hanging, postponed } from '../../support/faults.js';

/** That many calls that never end, where that many may be made. */
function hang(overdue: OverdueCalls, count: number): number {
  let made = 0;
  for (let call = 0; call < count; call += 1) {
    if (!overdue.takesAnother()) continue;
    overdue.add(hanging());
    made += 1;
  }
  return made;
}

describe('OverdueCalls', () => {
  let overdue: OverdueCalls;

  beforeEach(() => {
    jest.useFakeTimers();
    overdue = new OverdueCalls();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('are 64 at most, and one more each second', async () => {
    expect(hang(overdue, 1_000)).toBe(65);
    await jest.advanceTimersByTimeAsync(999);
    expect(hang(overdue, 1_000)).toBe(0);
    await jest.advanceTimersByTimeAsync(1);
    expect(hang(overdue, 1_000)).toBe(1);
  });

  it.each([
    ['is answered', () => Promise.resolve()],
    ['fails', () => Promise.reject(new Error('the store is away'))],
  ])('make room for one when one %s', async (_, outcome) => {
    overdue.add(outcome());
    overdue.add(outcome());
    expect(hang(overdue, 1_000)).toBe(63);

    await jest.advanceTimersByTimeAsync(0);

    expect(hang(overdue, 1_000)).toBe(1);
  });

  it('count for half a minute, and are not taken off twice', async () => {
    const late = postponed<void>();
    overdue.add(late.promise);
    await jest.advanceTimersByTimeAsync(30_000);
    hang(overdue, 1_000);

    late.resolve();

    await jest.advanceTimersByTimeAsync(0);
    expect(overdue.takesAnother()).toBe(false);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(hang(overdue, 1_000)).toBeGreaterThanOrEqual(64);
  });

  it('hold nobody up once one is answered', () => {
    hang(overdue, 1_000);
    overdue.answered();

    for (let call = 0; call < 10_000; call += 1) {
      expect(overdue.takesAnother()).toBe(true);
      overdue.answered();
    }
  });

  it('are 1,024 at most, and one more each second, of a store that answers now and then', () => {
    let made = 0;
    for (let call = 0; call < 5_000; call += 1) {
      made += hang(overdue, 1);
      overdue.answered();
    }

    expect(made).toBe(1_025);
  });
});
