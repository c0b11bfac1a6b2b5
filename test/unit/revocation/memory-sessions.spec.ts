import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryBlocklistStore } from '../../../src/index.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const MARGIN = 5 * MINUTE;

const ahead = (milliseconds: number) => new Date(Date.now() + milliseconds);
const pass = (milliseconds: number) => jest.advanceTimersByTime(milliseconds);

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('The sessions of a MemoryBlocklistStore', () => {
  it('are listed until their expiry and some minutes after it, and no longer (R74)', async () => {
    const { sessions } = new MemoryBlocklistStore();
    await sessions.put('alice', 'phone', 'short', ahead(MINUTE));
    await sessions.put('alice', 'desk', 'long', ahead(HOUR));
    await sessions.put('alice', 'car', 'forever', null);

    pass(MINUTE + MARGIN - SECOND);
    expect(await sessions.list('alice')).toEqual(['short', 'long', 'forever']);
    pass(5 * SECOND);
    expect(await sessions.list('alice')).toEqual(['long', 'forever']);
    pass(HOUR);
    expect(await sessions.list('alice')).toEqual(['forever']);
  });

  it('live as long as the record that was written last', async () => {
    const { sessions } = new MemoryBlocklistStore();
    await sessions.put('alice', 'phone', 'first', ahead(MINUTE));
    await sessions.put('alice', 'phone', 'second', ahead(HOUR));

    pass(30 * MINUTE);
    expect(await sessions.list('alice')).toEqual(['second']);
    pass(40 * MINUTE);
    expect(await sessions.list('alice')).toEqual([]);
  });

  it('share one timer with the entries, which stops when neither is left', async () => {
    const store = new MemoryBlocklistStore();
    expect(jest.getTimerCount()).toBe(0);
    await store.sessions.put('alice', 'phone', '1', ahead(HOUR));
    expect(jest.getTimerCount()).toBe(1);
    store.raise('cut:alice', 1, ahead(MINUTE));
    expect(jest.getTimerCount()).toBe(1);

    pass(MINUTE + MARGIN + 5 * SECOND);
    expect(store.size).toBe(0);
    expect(jest.getTimerCount()).toBe(1);
    pass(HOUR);
    expect(await store.sessions.list('alice')).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('are kept whole when a list is changed by whoever asked for it', async () => {
    const { sessions } = new MemoryBlocklistStore();
    await sessions.put('alice', 'phone', '1', null);
    ((await sessions.list('alice')) as string[]).length = 0;

    expect(await sessions.list('alice')).toEqual(['1']);
  });
});

describe('A number in a MemoryBlocklistStore', () => {
  it('lives as long as it was given, not as long as a lower one before or after it (R58)', () => {
    const store = new MemoryBlocklistStore();
    store.raise('cut:risen', 1, ahead(MINUTE));
    store.raise('cut:risen', 2, ahead(HOUR));
    store.raise('cut:left', 2, ahead(HOUR));
    store.raise('cut:left', 2, ahead(MINUTE));
    store.raise('cut:left', 1, null);

    pass(HOUR);
    expect(store.get(['cut:risen', 'cut:left'])).toEqual(['2', '2']);
    pass(MARGIN + 5 * SECOND);
    expect(store.get(['cut:risen', 'cut:left'])).toEqual([null, null]);
    expect(store.size).toBe(0);
  });

  it.each([
    ['of 68 years and more', () => new Date(Date.now() + 2 ** 31 * SECOND)],
    ['on the last day there is', () => new Date(8.64e15)],
    ['that is no date', () => new Date(NaN)],
  ])('is kept when it has an expiry %s', (_, expiresAt) => {
    const store = new MemoryBlocklistStore();
    store.raise('cut:far', 1, expiresAt());
    jest.setSystemTime(ahead(10 * 365 * 24 * HOUR));
    pass(HOUR);

    expect(store.get(['cut:far'])).toEqual(['1']);
  });
});
