import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { BlocklistStore } from '../../contracts/blocklist-store.js';
import {
  ahead,
  assertGives,
  freshKey,
  freshKeys,
  inAMinute,
  inAnHour,
  inTwoSeconds,
  longAgo,
  parallel,
  type StoreCases,
  upTo,
} from './store-under-test.js';

/** Beyond 32 bits of milliseconds and of seconds, the end of ISO 8601's years of four digits, the last date there is. */
const FAR: readonly (() => Date)[] = [
  () => ahead(2 ** 31),
  () => ahead(2 ** 32 + 1),
  () => new Date(2 ** 31 * 1_000),
  () => new Date(2 ** 32 * 1_000),
  () => new Date(Date.UTC(9999, 11, 31, 23, 59, 59, 999)),
  () => new Date(8.64e15),
];

/** A store keeps each entry at least until its expiry. It drops nothing to make room, or by a lifetime of its own. */
export const expiryCases: StoreCases = {
  'keeps an entry whose expiry is far away': async (store) => {
    const keys = await parallel(FAR, async (moment) => {
      const key = freshKey();
      assert.equal(await store.add(key, '1', moment()), true);
      return key;
    });
    await keeps(store, keys, '1');
  },

  'keeps a number whose expiry is far away': async (store) => {
    const keys = await parallel(FAR, async (moment) => {
      const key = freshKey();
      await store.raise(key, 1, moment());
      return key;
    });
    await keeps(store, keys, '1');
  },

  'keeps entries and numbers without an expiry': async (store) => {
    const [added, raised] = [freshKey(), freshKey()];
    await store.add(added, '1', null);
    await store.raise(raised, 1, null);
    await keeps(store, [added, raised], '1');
  },

  'keeps what expires in a minute, in two seconds or in fractions of a second': async (store) => {
    const [minute, seconds, fraction] = [freshKey(), freshKey(), freshKey()];
    const [raisedMinute, raisedSeconds] = [freshKey(), freshKey()];
    await store.add(minute, '1', inAMinute());
    await store.add(seconds, '1', inTwoSeconds());
    await store.add(fraction, '1', ahead(1_999));
    await store.raise(raisedMinute, 1, inAMinute());
    await store.raise(raisedSeconds, 1, inTwoSeconds());
    await keeps(store, [minute, seconds, fraction, raisedMinute, raisedSeconds], '1');
  },

  'accepts an entry that has expired already': async (store) => {
    for (const moment of [longAgo(), ahead(-1), new Date(), new Date(0), new Date(-1)]) {
      const key = freshKey();
      assert.equal(await store.add(key, '1', moment), true);
      await store.raise(freshKey(), 1, moment);
      const [value] = await store.get([key]);
      const isFit = value === '1' || value === null;
      assert.ok(isFit, 'get must return an expired entry unchanged, or null');
    }
  },

  'adds an entry in place of an expired one that it no longer returns': async (store) => {
    const key = freshKey();
    await store.add(key, 'expired', longAgo());
    await soon(async () => {
      const added = await store.add(key, 'new', inAnHour());
      const [value] = await store.get([key]);
      return value === (added ? 'new' : 'expired');
    }, 'if get does not return an expired entry, add must add another');
  },

  'writes a number in place of an expired one that it no longer returns': async (store) => {
    const key = freshKey();
    await store.raise(key, 9, longAgo());
    await soon(async () => {
      await store.raise(key, 3, inAnHour());
      const [value] = await store.get([key]);
      return value === '3' || value === '9';
    }, 'if get does not return an expired number, raise must write a lower one');
  },

  'keeps a raised number until its own expiry': async (store) => {
    const [hour, immortal] = [freshKey(), freshKey()];
    await store.raise(hour, 1, ahead(50));
    await store.raise(hour, 2, inAnHour());
    await store.raise(immortal, 1, ahead(50));
    await store.raise(immortal, 2, null);
    await keeps(store, [hour, immortal], '2');
  },

  'keeps each of 1,200 entries': async (store) => {
    const portions = upTo(6).map(() => freshKeys(200));
    for (const keys of portions) await parallel(keys, (key) => store.add(key, key, inAnHour()));
    for (const keys of portions)
      await assertGives(store, keys, keys, 'no entry may be dropped for another');
  },

  'keeps what has no expiry for more than a second, and the rest until its last millisecond':
    async (store) => {
      const second = Math.ceil(Date.now() / 1_000) * 1_000;
      await pause(second - Date.now());
      const expiresAt = new Date(second + 1_950);
      const [immortal, mortal] = await Promise.all([write(store, null), write(store, expiresAt)]);
      // By now a default lifetime of a second is over, and so are expiries and lifetimes that were cut by their 950 ms. The
      // remaining 800 ms allow for a slow answer, and for a backend whose clock is ahead.
      await pause(1_150);
      const [lostImmortal, lostMortal] = [await lost(store, immortal), await lost(store, mortal)];
      assert.deepEqual(lostImmortal, [], 'what has no expiry must be kept for ever');
      if (Date.now() < expiresAt.getTime())
        assert.deepEqual(lostMortal, [], 'what has an expiry must be kept until that very moment');
    },
};

/** Looks for a tenth of a second: long enough for a store that takes seconds for milliseconds, or whose timers overflow. */
async function keeps(store: BlocklistStore, keys: readonly string[], value: string): Promise<void> {
  const expected = keys.map(() => value);
  for (let look = 0; look <= 5; look += 1) {
    await assertGives(store, keys, expected);
    await pause(20);
  }
}

/** Tries for a while, because the store may drop what has expired at any moment, even between two calls. */
async function soon(holds: () => Promise<boolean>, promise: string): Promise<void> {
  for (let look = 0; look < 20; look += 1) {
    if (await holds()) return;
    await pause(10);
  }
  assert.fail(promise);
}

/** Writes one expiry under three names. */
async function write(store: BlocklistStore, expiresAt: Date | null) {
  const written = { entry: freshKey(), number: freshKey(), identity: freshKey() };
  await Promise.all([
    store.add(written.entry, '1', expiresAt),
    store.raise(written.number, 1, expiresAt),
    store.sessions?.put(written.identity, 'only', '1', expiresAt),
  ]);
  return written;
}

/** Which of them the store does not return. */
async function lost(
  store: BlocklistStore,
  { entry, number, identity }: Awaited<ReturnType<typeof write>>,
) {
  const [kept, raised] = await store.get([entry, number]);
  const [record] = (await store.sessions?.list(identity)) ?? ['1'];
  return Object.entries({ entry: kept, number: raised, record })
    .filter(([, value]) => value !== '1')
    .map(([what]) => what);
}
