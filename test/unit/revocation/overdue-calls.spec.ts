import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OverdueCalls } from '../../../src/revocation/overdue-calls.js';
import { hanging, postponed } from '../../support/faults.js';

describe('OverdueCalls', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('are too many from 64 on', () => {
    const overdue = new OverdueCalls();
    for (let call = 0; call < 63; call += 1) overdue.add(hanging());

    expect(overdue.areTooMany).toBe(false);
    overdue.add(hanging());
    expect(overdue.areTooMany).toBe(true);
  });

  it.each([
    ['is answered', () => Promise.resolve()],
    ['fails', () => Promise.reject(new Error('the store is away'))],
  ])('make room for one when one %s', async (_, outcome) => {
    const overdue = new OverdueCalls();
    for (let call = 0; call < 63; call += 1) overdue.add(hanging());

    overdue.add(outcome());

    await jest.advanceTimersByTimeAsync(0);
    expect(overdue.areTooMany).toBe(false);
  });

  it('count for half a minute, and are not taken off twice', async () => {
    const overdue = new OverdueCalls();
    const late = postponed<void>();
    overdue.add(late.promise);
    await jest.advanceTimersByTimeAsync(30_000);
    for (let call = 0; call < 64; call += 1) overdue.add(hanging());

    late.resolve();

    await jest.advanceTimersByTimeAsync(0);
    expect(overdue.areTooMany).toBe(true);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(overdue.areTooMany).toBe(false);
  });
});
