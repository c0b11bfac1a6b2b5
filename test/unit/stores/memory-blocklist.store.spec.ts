import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { JwtExtendedConfigError, MemoryBlocklistStore } from '../../../src/index.js';
import { ShardedMap } from '../../../src/stores/expiring-map.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How long after its expiry an entry is kept, because clocks get set back (R74). */
const MARGIN = 5 * MINUTE;
/** Enough for a sweep to have met every entry of a small store. */
const SWEPT = 5 * SECOND;
const FULL = 'MemoryBlocklistStore is full: it holds';

const ahead = (milliseconds: number) => new Date(Date.now() + milliseconds);
const pass = (milliseconds: number) => jest.advanceTimersByTime(milliseconds);

/** Lets time pass without a sweep. */
function passUnswept(store: MemoryBlocklistStore, milliseconds: number): void {
  store.onModuleDestroy();
  pass(milliseconds);
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('Options of a MemoryBlocklistStore', () => {
  it.each([
    ...[0, -1, 1.5, NaN, Infinity, '100', null, 2 ** 53].map(
      (maxEntries) =>
        [
          { maxEntries },
          /^MemoryBlocklistStore\.maxEntries was given .*; give a whole number from 1 to \d+$/,
        ] as const,
    ),
    [{ maxEntry: 5 }, /MemoryBlocklistStore\.maxEntry/],
    [{ clock: 5 }, /^MemoryBlocklistStore\.clock was given a number; give a function$/],
    [null, /^MemoryBlocklistStore was given null; give an object of options$/],
  ])('reject %p', (options, message) => {
    expect(() => new MemoryBlocklistStore(options as object)).toThrow(JwtExtendedConfigError);
    expect(() => new MemoryBlocklistStore(options as object)).toThrow(message);
  });
});

describe('Entries of a MemoryBlocklistStore', () => {
  it('are counted by its size', () => {
    const store = new MemoryBlocklistStore();
    expect(store.add('jti:one', 'first', ahead(HOUR))).toBe(true);
    expect(store.add('jti:one', 'again', ahead(HOUR))).toBe(false);
    expect(store.add('sub:two', '1', null)).toBe(true);
    expect(store.replace('sub:two', '1', '2', null)).toBe(true);
    expect(store.replace('sub:three', '1', '2', null)).toBe(false);
    expect(store.size).toBe(2);
    store.delete('jti:one');
    store.delete('jti:none');
    expect(store.size).toBe(1);
  });

  it('are replaced as long as they are returned, even after their expiry', () => {
    const store = new MemoryBlocklistStore();
    store.add('jti:one', '1', ahead(MINUTE));
    store.add('jti:two', '1', ahead(MINUTE));
    passUnswept(store, HOUR);
    expect(store.get(['jti:one'])).toEqual(['1']);
    expect(store.replace('jti:one', '1', '2', null)).toBe(true);
    expect(store.add('jti:three', '1', null)).toBe(true);
    pass(SWEPT);
    expect(store.replace('jti:two', '1', '2', null)).toBe(false);
    expect(store.get(['jti:one', 'jti:two'])).toEqual(['2', null]);
  });

  it.each([
    ['in an hour', HOUR, HOUR + MARGIN],
    ['a day ago, and were added nevertheless', -DAY, 0],
    ['a minute ago', -MINUTE, MARGIN - MINUTE],
  ])('that expire %s are kept for five more minutes, and no longer (R58, R74)', (_, life, kept) => {
    const store = new MemoryBlocklistStore();
    store.add('jti:one', '1', ahead(life));
    if (kept > 0) pass(kept - SECOND);
    expect(store.get(['jti:one'])).toEqual(['1']);
    pass(SWEPT);
    expect(store.get(['jti:one'])).toEqual([null]);
    expect(store.size).toBe(0);
  });

  it.each([
    ['no expiry', null],
    ['the last date there is', new Date(8.64e15)],
    ['an invalid date', new Date(NaN)],
  ])('with %s are kept for ever', (_, expiresAt) => {
    const store = new MemoryBlocklistStore();
    store.add('jti:mortal', '1', ahead(MINUTE));
    store.add('jti:immortal', '1', expiresAt);
    store.add('jti:replaced', '0', ahead(MINUTE));
    store.replace('jti:replaced', '0', '1', expiresAt);
    jest.setSystemTime(ahead(100 * 365 * DAY));
    pass(HOUR);
    expect(store.get(['jti:mortal', 'jti:immortal', 'jti:replaced'])).toEqual([null, '1', '1']);
  });

  it('outlive a clock that is set back (R74)', () => {
    let offset = 0;
    const store = new MemoryBlocklistStore({ clock: () => ahead(offset) });
    store.add('jti:one', '1', ahead(MINUTE));
    offset = -HOUR;
    pass(HOUR);
    expect(store.get(['jti:one'])).toEqual(['1']);
    pass(MINUTE + MARGIN + SWEPT);
    expect(store.get(['jti:one'])).toEqual([null]);
  });

  it('that are replaced live as long as the last replacement was given (R58)', () => {
    const store = new MemoryBlocklistStore();
    for (const key of ['longer', 'shorter', 'left']) store.add(key, '1', ahead(HOUR));
    store.replace('longer', '1', '2', ahead(2 * HOUR));
    store.replace('shorter', '1', '2', ahead(MINUTE));
    store.replace('left', '2', '3', ahead(MINUTE));
    store.replace('left', '2', '3', null);
    pass(MINUTE + MARGIN + SWEPT);
    expect(store.get(['longer', 'shorter', 'left'])).toEqual(['2', null, '1']);
    pass(HOUR);
    expect(store.get(['longer', 'shorter', 'left'])).toEqual(['2', null, null]);
    pass(HOUR);
    expect(store.get(['longer'])).toEqual([null]);
  });
});

describe('Sessions of a MemoryBlocklistStore', () => {
  it('are listed until five minutes after the expiry that was written last (R74)', async () => {
    const { sessions } = new MemoryBlocklistStore();
    await sessions.put('alice', 'phone', 'short', ahead(MINUTE));
    await sessions.put('alice', 'desk', 'first', ahead(MINUTE));
    await sessions.put('alice', 'desk', 'second', ahead(HOUR));
    await sessions.put('alice', 'car', 'forever', null);

    pass(MINUTE + MARGIN - SECOND);
    expect(await sessions.list('alice')).toEqual(['short', 'second', 'forever']);
    expect(await sessions.get('alice', 'phone')).toBe('short');
    pass(SWEPT);
    expect(await sessions.list('alice')).toEqual(['second', 'forever']);
    expect(await sessions.get('alice', 'phone')).toBeNull();
    expect(await sessions.get('alice', 'desk')).toBe('second');
    pass(HOUR);
    expect(await sessions.list('alice')).toEqual(['forever']);
  });

  it('stay as they are when a caller changes the list', async () => {
    const { sessions } = new MemoryBlocklistStore();
    await sessions.put('alice', 'phone', '1', null);
    ((await sessions.list('alice')) as string[]).length = 0;
    expect(await sessions.list('alice')).toEqual(['1']);
  });
});

describe('The sweep of a MemoryBlocklistStore', () => {
  it('uses one timer for all entries, which does not keep the process alive (F10)', () => {
    jest.useRealTimers();
    const timers = jest.spyOn(globalThis, 'setInterval');
    const others = jest.spyOn(globalThis, 'setTimeout');
    const store = new MemoryBlocklistStore();
    expect(timers).not.toHaveBeenCalled();
    for (let count = 0; count < 100; count += 1) store.add(`jti:${count}`, '1', ahead(DAY));
    expect(timers).toHaveBeenCalledTimes(1);
    expect(others).not.toHaveBeenCalled();
    const timer = timers.mock.results[0]?.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
    store.onModuleDestroy();
  });

  it('frees at most 5,000 entries a second, so that it never holds the event loop (R72)', () => {
    const store = new MemoryBlocklistStore();
    for (let index = 0; index < 25_000; index += 1) store.add(`jti:${index}`, '1', ahead(-DAY));
    const sizes = [store.size];
    while (store.size > 0 && sizes.length < 100) {
      pass(SECOND);
      sizes.push(store.size);
    }
    const freed = sizes.slice(1).map((size, index) => (sizes[index] ?? 0) - size);
    expect(Math.max(...freed)).toBeLessThanOrEqual(5_000);
    expect(store.size).toBe(0);
  });

  it('continues when entries are added and deleted meanwhile', () => {
    const store = new MemoryBlocklistStore();
    for (let index = 0; index < 15_000; index += 1) store.add(`jti:${index}`, '1', ahead(MINUTE));
    pass(MINUTE + MARGIN + SECOND);
    store.delete('jti:14999');
    store.add('jti:new', '1', ahead(DAY));
    pass(10 * SECOND);
    expect(store.size).toBe(1);
    expect(store.get(['jti:new'])).toEqual(['1']);
  });

  it('stops when neither entries nor sessions are left, and starts with the next one', async () => {
    const store = new MemoryBlocklistStore();
    expect(jest.getTimerCount()).toBe(0);
    await store.sessions.put('alice', 'phone', '1', ahead(HOUR));
    store.add('jti:one', '1', ahead(MINUTE));
    expect(jest.getTimerCount()).toBe(1);
    pass(MINUTE + MARGIN + SWEPT);
    expect(store.size).toBe(0);
    expect(jest.getTimerCount()).toBe(1);
    pass(HOUR);
    expect(await store.sessions.list('alice')).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
    store.add('jti:two', '1', ahead(MINUTE));
    expect(jest.getTimerCount()).toBe(1);
  });

  it('stops when the module is destroyed, and the entries stay', () => {
    const store = new MemoryBlocklistStore();
    store.onModuleDestroy();
    store.add('jti:one', '1', ahead(MINUTE));
    store.onModuleDestroy();
    store.onModuleDestroy();
    expect(jest.getTimerCount()).toBe(0);
    expect(store.get(['jti:one'])).toEqual(['1']);
  });
});

describe('A full MemoryBlocklistStore', () => {
  it('rejects a new entry, and drops none for it (R61)', () => {
    const store = new MemoryBlocklistStore({ maxEntries: 2 });
    store.add('jti:one', '1', ahead(HOUR));
    store.add('sub:bob', '1', null);
    expect(() => store.add('jti:three', '1', ahead(HOUR))).toThrow(`${FULL} 2 entries`);
    expect(store.add('jti:one', '1', ahead(HOUR))).toBe(false);
    expect(store.replace('jti:three', '1', '2', null)).toBe(false);
    expect(store.replace('sub:bob', '1', '2', ahead(HOUR))).toBe(true);
    const values = store.get(['jti:one', 'sub:bob', 'jti:three']);
    expect(values).toEqual(['1', '2', null]);
    expect(store.size).toBe(2);
  });

  it('has room again once an entry has been swept or deleted (R61)', () => {
    const store = new MemoryBlocklistStore({ maxEntries: 1 });
    store.add('jti:one', '1', ahead(MINUTE));
    pass(MINUTE + MARGIN + SWEPT);
    expect(store.add('jti:two', '1', null)).toBe(true);
    store.delete('jti:two');
    expect(store.add('jti:three', '1', null)).toBe(true);
  });

  it('replaces an expired entry by a new one without waiting for a sweep (R61)', () => {
    const store = new MemoryBlocklistStore({ maxEntries: 3 });
    store.add('jti:live', '1', ahead(2 * HOUR));
    store.add('jti:expired', '1', ahead(MINUTE));
    store.add('jti:forever', '1', null);
    passUnswept(store, HOUR);
    expect(store.add('jti:new', '1', ahead(HOUR))).toBe(true);
    const values = store.get(['jti:live', 'jti:expired', 'jti:forever', 'jti:new']);
    expect(values).toEqual(['1', null, '1', '1']);
    expect(() => store.add('jti:newer', '1', null)).toThrow(FULL);
  });

  it('keeps an entry for five minutes after its expiry even if it needs the room (R74)', () => {
    const store = new MemoryBlocklistStore({ maxEntries: 1 });
    store.add('jti:one', '1', ahead(MINUTE));
    passUnswept(store, 5 * MINUTE);
    expect(() => store.add('jti:two', '1', null)).toThrow(FULL);
    expect(store.get(['jti:one'])).toEqual(['1']);
  });

  it('looks at a thousand entries before each rejection, and at others the next time (R72)', () => {
    const store = new MemoryBlocklistStore({ maxEntries: 5_001 });
    store.add('jti:expired', '1', ahead(MINUTE));
    for (let index = 0; index < 5_000; index += 1) store.add(`jti:${index}`, '1', null);
    passUnswept(store, HOUR);

    let rejections = 0;
    const isRejected = () => {
      try {
        return !store.add('jti:new', '1', null);
      } catch {
        return true;
      }
    };
    while (isRejected() && rejections < 100) rejections += 1;
    expect(rejections).toBeLessThanOrEqual(5);
    expect(store.size).toBe(5_001);
    expect(store.get(['jti:new', 'jti:expired'])).toEqual(['1', null]);
  });

  it('counts sessions separately', async () => {
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

  it('replaces an expired session by a new one of the same identity', async () => {
    const store = new MemoryBlocklistStore({ maxEntries: 1 });
    await store.sessions.put('alice', 'phone', 'old', ahead(MINUTE));
    passUnswept(store, HOUR);
    await store.sessions.put('alice', 'desk', 'new', ahead(HOUR));
    expect(await store.sessions.list('alice')).toEqual(['new']);
  });
});

describe('ShardedMap', () => {
  it.each([
    ['random ids', () => `jti:${randomUUID()}`],
    ['counted ids', (index: number) => `jti:${index}`],
    ['ids that are alike at the end', (index: number) => `cut:user${index}@example.com`],
    ['ids that are alike at both ends', (index: number) => `user:${'x'.repeat(99)}${index}-abc`],
    ['ids in other letters', (index: number) => `漢字${index.toString(36)}😀`],
  ])('spreads %s over all its parts, so that none takes long to copy (R72)', (_, keyOf) => {
    const set = jest.spyOn(Map.prototype, 'set');
    const map = new ShardedMap<number>();
    for (let index = 0; index < 12_800; index += 1) map.set(keyOf(index), index);
    const parts = new Set(set.mock.contexts as Map<unknown, unknown>[]);

    expect(parts.size).toBe(256);
    expect(Math.max(...[...parts].map(({ size }) => size))).toBeLessThan(120);
  });
});
