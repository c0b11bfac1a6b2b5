import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { BlocklistStore } from '../contracts/blocklist-store.js';
import { assertGives } from './assert-gives.js';
import { freshKey } from './fresh-key.js';
import { ahead, inAMinute, inAnHour, inTwoSeconds, longAgo } from './moments.js';
import type { StoreCases } from './store-cases.js';

/** Beyond 32 bits of milliseconds and of seconds, the last day of ISO 8601's four digits, the last day there is. */
const FAR: readonly (() => Date)[] = [
  () => ahead(2 ** 31),
  () => ahead(2 ** 32 + 1),
  () => new Date(2 ** 31 * 1_000),
  () => new Date(2 ** 32 * 1_000),
  () => new Date(Date.UTC(9999, 11, 31, 23, 59, 59, 999)),
  () => new Date(8.64e15),
];

/** That an entry is kept until its expiry at least. */
export const expiryCases: StoreCases = {
  'keeps an entry whose expiry is far away': async (store) => {
    const keys: string[] = [];
    for (const moment of FAR) {
      const key = freshKey();
      assert.equal(await store.add(key, '1', moment()), true);
      keys.push(key);
    }
    await keeps(store, keys, '1');
  },

  'keeps a number whose expiry is far away': async (store) => {
    const keys: string[] = [];
    for (const moment of FAR) {
      const key = freshKey();
      await store.raise(key, 1, moment());
      keys.push(key);
    }
    await keeps(store, keys, '1');
  },

  'keeps what has no expiry': async (store) => {
    const [added, raised] = [freshKey(), freshKey()];
    await store.add(added, '1', null);
    await store.raise(raised, 1, null);
    await keeps(store, [added, raised], '1');
  },

  'keeps what has a minute or two seconds to live, and fractions of a second': async (store) => {
    const [minute, seconds, fraction] = [freshKey(), freshKey(), freshKey()];
    const [raisedMinute, raisedSeconds] = [freshKey(), freshKey()];
    await store.add(minute, '1', inAMinute());
    await store.add(seconds, '1', inTwoSeconds());
    await store.add(fraction, '1', ahead(1_999));
    await store.raise(raisedMinute, 1, inAMinute());
    await store.raise(raisedSeconds, 1, inTwoSeconds());
    await keeps(store, [minute, seconds, fraction, raisedMinute, raisedSeconds], '1');
  },

  'takes an entry that has expired already, whether or not it keeps it': async (store) => {
    for (const moment of [longAgo(), ahead(-1), new Date(), new Date(0), new Date(-1)]) {
      const key = freshKey();
      assert.equal(await store.add(key, '1', moment), true);
      await store.raise(freshKey(), 1, moment);
      const [value] = await store.get([key]);
      assert.ok(value === '1' || value === null, 'an expired entry reads as it was, or as absent');
    }
  },

  'never holds a new entry off with an expired one that it does not give': async (store) => {
    const key = freshKey();
    await store.add(key, 'expired', longAgo());
    await soon(async () => {
      const added = await store.add(key, 'new', inAnHour());
      const [value] = await store.get([key]);
      return value === (added ? 'new' : 'expired');
    }, 'where an expired entry is not given, another can be added');
  },

  'never holds a number off with an expired one that it does not give': async (store) => {
    const key = freshKey();
    await store.raise(key, 9, longAgo());
    await soon(async () => {
      await store.raise(key, 3, inAnHour());
      const [value] = await store.get([key]);
      return value === '3' || value === '9';
    }, 'where an expired number is not given, a lower one can be written');
  },

  'gives a number the expiry that came with it': async (store) => {
    const [hour, immortal] = [freshKey(), freshKey()];
    await store.raise(hour, 1, ahead(50));
    await store.raise(hour, 2, inAnHour());
    await store.raise(immortal, 1, ahead(50));
    await store.raise(immortal, 2, null);
    await keeps(store, [hour, immortal], '2');
  },
};

/** For a tenth of a second: seconds taken for milliseconds, and timers that overflow, do not last so long. */
async function keeps(store: BlocklistStore, keys: readonly string[], value: string): Promise<void> {
  const expected = keys.map(() => value);
  for (let look = 0; look <= 5; look += 1) {
    await assertGives(store, keys, expected);
    await pause(20);
  }
}

/** Looks again for a while: what has expired may go at any moment, between two calls, too. */
async function soon(holds: () => Promise<boolean>, promise: string): Promise<void> {
  for (let look = 0; look < 20; look += 1) {
    if (await holds()) return;
    await pause(10);
  }
  assert.fail(promise);
}
