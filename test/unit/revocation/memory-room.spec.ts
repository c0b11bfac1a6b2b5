import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryBlocklistStore } from '../../../src/index.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FULL = 'MemoryBlocklistStore is full: it holds';

const ahead = (milliseconds: number) => new Date(Date.now() + milliseconds);

/** Lets time pass in which nobody sweeps. */
function passUnswept(store: MemoryBlocklistStore, milliseconds: number): void {
  store.onModuleDestroy();
  jest.advanceTimersByTime(milliseconds);
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('A MemoryBlocklistStore that is full', () => {
  it('takes a new entry in the place of one that has expired, before any sweep has met it (R61)', () => {
    const store = new MemoryBlocklistStore({ maxEntries: 3 });
    store.add('jti:live', '1', ahead(2 * HOUR));
    store.add('jti:expired', '1', ahead(MINUTE));
    store.add('jti:forever', '1', null);
    passUnswept(store, HOUR);

    expect(store.add('jti:new', '1', ahead(HOUR))).toBe(true);
    expect(store.get(['jti:live', 'jti:expired', 'jti:forever', 'jti:new'])).toEqual([
      ...['1', null, '1', '1'],
    ]);
    expect(() => store.add('jti:newer', '1', null)).toThrow(FULL);
  });

  it('keeps an entry for the minutes after its expiry, even when it needs the room (R74)', () => {
    const store = new MemoryBlocklistStore({ maxEntries: 1 });
    store.add('jti:one', '1', ahead(MINUTE));
    passUnswept(store, 5 * MINUTE);

    expect(() => store.add('jti:two', '1', null)).toThrow(FULL);
    expect(store.get(['jti:one'])).toEqual(['1']);
  });

  it('looks at some entries for each refusal, and the next time at others (R72)', () => {
    const store = new MemoryBlocklistStore({ maxEntries: 5_001 });
    store.add('jti:expired', '1', ahead(MINUTE));
    for (let index = 0; index < 5_000; index += 1) store.add(`jti:${index}`, '1', null);
    passUnswept(store, HOUR);

    let refusals = 0;
    const isRefused = () => {
      try {
        return !store.add('jti:new', '1', null);
      } catch {
        return true;
      }
    };
    while (isRefused() && refusals < 100) refusals += 1;
    expect(refusals).toBeLessThanOrEqual(5);
    expect(store.size).toBe(5_001);
    expect(store.get(['jti:new', 'jti:expired'])).toEqual(['1', null]);
  });

  it('raises what is there, and refuses a number under a new key', () => {
    const store = new MemoryBlocklistStore({ maxEntries: 2 });
    store.raise('cut:alice', 1, ahead(HOUR));
    store.raise('cut:bob', 1, null);
    store.raise('cut:alice', 2, ahead(HOUR));

    expect(() => store.raise('cut:carol', 1, null)).toThrow(FULL);
    expect(store.get(['cut:alice', 'cut:bob', 'cut:carol'])).toEqual(['2', '1', null]);
    expect(store.size).toBe(2);
  });

  it('counts sessions by themselves', async () => {
    const store = new MemoryBlocklistStore({ maxEntries: 2 });
    store.add('jti:one', '1', null);
    store.add('jti:two', '1', null);
    await store.sessions.put('alice', 'phone', 'a', null);
    await store.sessions.put('bob', 'phone', 'b', null);

    expect(() => store.sessions.put('alice', 'desk', 'c', null)).toThrow(FULL);
    expect(store.size).toBe(2);
    await store.sessions.put('alice', 'phone', 'renewed', null);
    expect(await store.sessions.list('alice')).toEqual(['renewed']);
    await store.sessions.remove('bob', 'phone');
    await store.sessions.put('alice', 'desk', 'c', null);
    expect(await store.sessions.list('alice')).toEqual(['renewed', 'c']);
  });

  it('begins a session in the place of one that has expired, of the same identity too', async () => {
    const store = new MemoryBlocklistStore({ maxEntries: 1 });
    await store.sessions.put('alice', 'phone', 'old', ahead(MINUTE));
    passUnswept(store, HOUR);

    await store.sessions.put('alice', 'desk', 'new', ahead(HOUR));
    expect(await store.sessions.list('alice')).toEqual(['new']);
  });
});
