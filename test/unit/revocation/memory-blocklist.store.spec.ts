import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { JwtExtendedConfigError, MemoryBlocklistStore } from '../../../src/index.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How long after its expiry an entry is kept, for clocks that are set back (R74). */
const MARGIN = 5 * MINUTE;

/** A moment that lies ahead by the clock of the tests. */
function ahead(milliseconds: number): Date {
  return new Date(Date.now() + milliseconds);
}

/** Lets time pass without visiting every second of it: only the sweep after it counts. */
function pass(milliseconds: number): void {
  jest.advanceTimersByTime(milliseconds);
}

/** A clock that can be set, beside the one that nobody sets. */
function adjustable() {
  const clock = { offset: 0, now: () => new Date(Date.now() + clock.offset) };
  return clock;
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('MemoryBlocklistStore', () => {
  it('keeps what it is given, in the order in which it is asked', () => {
    const store = new MemoryBlocklistStore();
    expect(store.add('jti:one', 'first', ahead(HOUR))).toBe(true);
    expect(store.add('jti:two', '', null)).toBe(true);
    expect(store.get(['jti:two', 'jti:none', 'jti:one', 'jti:one'])).toEqual([
      '',
      null,
      'first',
      'first',
    ]);
    expect(store.get([])).toEqual([]);
    expect(store.size).toBe(2);
  });

  it('adds only what is not there, and says which', () => {
    const store = new MemoryBlocklistStore();
    store.add('jti:one', 'first', ahead(HOUR));
    expect(store.add('jti:one', 'second', ahead(DAY))).toBe(false);
    expect(store.get(['jti:one'])).toEqual(['first']);
  });

  it('forgets what it is told to, and does not mind what was never there', () => {
    const store = new MemoryBlocklistStore();
    store.add('jti:one', '1', null);
    store.delete('jti:one');
    store.delete('jti:none');
    expect(store.get(['jti:one'])).toEqual([null]);
    expect(store.add('jti:one', '1', null)).toBe(true);
  });

  it.each(['__proto__', 'constructor', 'toString', '', ' jti ', 'JTI'])(
    'takes %j for a key like any other, by case and blanks (R58)',
    (key) => {
      const store = new MemoryBlocklistStore();
      expect(store.get([key])).toEqual([null]);
      store.add(key, '1', null);
      expect(store.get([key, `${key} `, `x${key}`])).toEqual(['1', null, null]);
    },
  );

  describe('over time', () => {
    it.each([30, 25, 365])('an entry of %i days survives its first seconds (R58, F10)', (days) => {
      const store = new MemoryBlocklistStore();
      store.add('jti:long', '1', ahead(days * DAY));
      pass(10 * SECOND);
      expect(store.get(['jti:long'])).toEqual(['1']);
    });

    it('an entry lives until its expiry and some minutes after it, and no longer (R58, R74)', () => {
      const store = new MemoryBlocklistStore();
      store.add('jti:one', '1', ahead(HOUR));
      pass(HOUR + MARGIN - SECOND);
      expect(store.get(['jti:one'])).toEqual(['1']);
      pass(5 * SECOND);
      expect(store.get(['jti:one'])).toEqual([null]);
      expect(store.size).toBe(0);
    });

    it('an entry without an expiry lives for ever', () => {
      const store = new MemoryBlocklistStore();
      store.add('jti:mortal', '1', ahead(MINUTE));
      store.add('jti:immortal', '1', null);
      jest.setSystemTime(ahead(100 * 365 * DAY));
      pass(HOUR);
      expect(store.get(['jti:mortal', 'jti:immortal'])).toEqual([null, '1']);
    });

    it('what had expired already is kept for the same minutes (R58)', () => {
      const store = new MemoryBlocklistStore();
      store.add('jti:late', '1', ahead(-DAY));
      pass(MARGIN - SECOND);
      expect(store.get(['jti:late'])).toEqual(['1']);
      pass(5 * SECOND);
      expect(store.get(['jti:late'])).toEqual([null]);
    });

    it('a clock that is set forward and back again forgets nothing (R74)', () => {
      const clock = adjustable();
      const store = new MemoryBlocklistStore({ clock: clock.now });
      store.add('jti:one', '1', ahead(DAY));
      clock.offset = 365 * DAY;
      pass(HOUR);
      clock.offset = 0;
      expect(store.get(['jti:one'])).toEqual(['1']);
      pass(DAY + MARGIN);
      expect(store.get(['jti:one'])).toEqual([null]);
    });

    it('a clock that is set back forgets nothing either (R74)', () => {
      const clock = adjustable();
      const store = new MemoryBlocklistStore({ clock: clock.now });
      store.add('jti:one', '1', ahead(MINUTE));
      clock.offset = -HOUR;
      pass(MINUTE + MARGIN + 10 * SECOND);
      expect(store.get(['jti:one'])).toEqual(['1']);
      pass(HOUR);
      expect(store.get(['jti:one'])).toEqual([null]);
    });

    it('what was added under a clock too early outlives its correction (R74)', () => {
      const clock = adjustable();
      clock.offset = HOUR;
      const store = new MemoryBlocklistStore({ clock: clock.now });
      const expiry = ahead(HOUR + 30 * MINUTE);
      store.add('jti:one', '1', expiry);
      clock.offset = 0;
      pass(HOUR + 30 * MINUTE);
      expect(store.get(['jti:one'])).toEqual(['1']);
    });
  });

  describe('sweeping', () => {
    it('takes one timer for all entries, which keeps no process alive (F10)', () => {
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

    it('frees much in portions, so that no tick is a long one (R72)', () => {
      const count = 25_000;
      const store = new MemoryBlocklistStore();
      for (let index = 0; index < count; index += 1) store.add(`jti:${index}`, '1', ahead(-DAY));
      const sizes = [store.size];
      jest.setSystemTime(ahead(HOUR));
      pass(MARGIN);
      while (store.size > 0 && sizes.length < 100) {
        pass(SECOND);
        sizes.push(store.size);
      }
      const freed = sizes.slice(1).map((size, index) => (sizes[index] ?? 0) - size);
      expect(Math.max(...freed)).toBeLessThanOrEqual(10_000);
      expect(store.size).toBe(0);
    });

    it('goes on over what is added and deleted meanwhile', () => {
      const store = new MemoryBlocklistStore();
      for (let index = 0; index < 15_000; index += 1) store.add(`jti:${index}`, '1', ahead(MINUTE));
      pass(MINUTE + MARGIN + SECOND);
      store.delete('jti:14999');
      store.add('jti:new', '1', ahead(DAY));
      pass(10 * SECOND);
      expect(store.size).toBe(1);
      expect(store.get(['jti:new'])).toEqual(['1']);
    });

    it('stops when nothing is left, and begins again with the next entry', () => {
      const store = new MemoryBlocklistStore();
      store.add('jti:one', '1', ahead(MINUTE));
      expect(jest.getTimerCount()).toBe(1);
      pass(MINUTE + MARGIN + 5 * SECOND);
      expect(jest.getTimerCount()).toBe(0);
      store.add('jti:two', '1', ahead(MINUTE));
      expect(jest.getTimerCount()).toBe(1);
      pass(MINUTE + MARGIN + 5 * SECOND);
      expect(store.size).toBe(0);
    });

    it('stops when the module is destroyed; nothing is forgotten by that', () => {
      const store = new MemoryBlocklistStore();
      store.onModuleDestroy();
      store.add('jti:one', '1', ahead(MINUTE));
      store.onModuleDestroy();
      expect(jest.getTimerCount()).toBe(0);
      store.onModuleDestroy();
      expect(store.get(['jti:one'])).toEqual(['1']);
    });
  });

  describe('when it is full', () => {
    it('refuses another entry, and drops none for it (R61)', () => {
      const store = new MemoryBlocklistStore({ maxEntries: 2 });
      store.add('jti:one', '1', ahead(HOUR));
      store.add('jti:two', '1', null);
      expect(() => store.add('jti:three', '1', ahead(HOUR))).toThrow(
        'MemoryBlocklistStore is full: it holds 2 entries',
      );
      expect(store.get(['jti:one', 'jti:two', 'jti:three'])).toEqual(['1', '1', null]);
      expect(store.add('jti:one', '1', ahead(HOUR))).toBe(false);
    });

    it('has room again once an entry has expired or was deleted (R61)', () => {
      const store = new MemoryBlocklistStore({ maxEntries: 1 });
      store.add('jti:one', '1', ahead(MINUTE));
      pass(MINUTE + MARGIN + 5 * SECOND);
      expect(store.add('jti:two', '1', null)).toBe(true);
      store.delete('jti:two');
      expect(store.add('jti:three', '1', null)).toBe(true);
    });
  });

  it.each([[0], [-1], [1.5], [NaN], [Infinity], ['100'], [null], [2 ** 53]])(
    'is not made with maxEntries: %p',
    (maxEntries) => {
      expect(() => new MemoryBlocklistStore({ maxEntries: maxEntries as number })).toThrow(
        /^MemoryBlocklistStore\.maxEntries was given .*; give a whole number from 1 to \d+$/,
      );
    },
  );

  it.each([
    [{ maxEntry: 5 }, /MemoryBlocklistStore\.maxEntry/],
    [{ clock: 5 }, /^MemoryBlocklistStore\.clock was given a number; give a function$/],
    [null, /^MemoryBlocklistStore was given null; give an object of options$/],
  ])('is not made with %j', (options, message) => {
    expect(() => new MemoryBlocklistStore(options as object)).toThrow(JwtExtendedConfigError);
    expect(() => new MemoryBlocklistStore(options as object)).toThrow(message);
  });

  it.each([[-1], [0.5], [NaN], [2 ** 53]])('does not raise to %p', (number) => {
    const store = new MemoryBlocklistStore();

    expect(() => {
      store.raise('sub:alice', number, null);
    }).toThrow(TypeError);
    expect(store.get(['sub:alice'])).toEqual([null]);
  });
});
