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

  'keeps a replaced value whose expiry is far away': async (store) => {
    const keys = await parallel(FAR, async (moment) => {
      const key = freshKey();
      await store.add(key, '0', inAMinute());
      assert.equal(await store.replace(key, '0', '1', moment()), true);
      return key;
    });
    await keeps(store, keys, '1');
  },

  'keeps entries and replaced values without an expiry': async (store) => {
    const [added, replaced] = [freshKey(), freshKey()];
    await store.add(added, '1', null);
    await store.add(replaced, '0', inTwoSeconds());
    await store.replace(replaced, '0', '1', null);
    await keeps(store, [added, replaced], '1');
  },

  'keeps what expires in a minute, in two seconds or in fractions of a second': async (store) => {
    const [minute, seconds, fraction] = [freshKey(), freshKey(), freshKey()];
    const replaced = freshKey();
    await store.add(minute, '1', inAMinute());
    await store.add(seconds, '1', inTwoSeconds());
    await store.add(fraction, '1', ahead(1_999));
    await store.add(replaced, '0', null);
    await store.replace(replaced, '0', '1', inTwoSeconds());
    await keeps(store, [minute, seconds, fraction, replaced], '1');
  },

  'accepts an entry that has expired already': async (store) => {
    for (const moment of [longAgo(), ahead(-1), new Date(), new Date(0), new Date(-1)]) {
      const key = freshKey();
      assert.equal(await store.add(key, '1', moment), true);
      await store.replace(key, '1', '1', moment);
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

  'replaces an expired value only if it still returns it': async (store) => {
    const key = freshKey();
    await store.add(key, 'expired', longAgo());
    const isReplaced = await store.replace(key, 'expired', 'new', inAnHour());
    const message =
      'if replace returns true, get must return the new value, otherwise the entry must be gone';
    await assertGives(store, [key], [isReplaced ? 'new' : null], message);
  },

  'keeps a replaced value until its own expiry': async (store) => {
    const former = ahead(600);
    const keys = await parallel([inAnHour(), null], async (expiresAt) => {
      const key = freshKey();
      await store.add(key, '1', former);
      assert.equal(await store.replace(key, '1', '2', expiresAt), true);
      return key;
    });
    await pause(Math.max(0, former.getTime() - Date.now()) + 20);
    await keeps(store, keys, '2');
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
  const written = { entry: freshKey(), replaced: freshKey(), identity: freshKey() };
  await store.add(written.replaced, '0', null);
  await Promise.all([
    store.add(written.entry, '1', expiresAt),
    store.replace(written.replaced, '0', '1', expiresAt),
    store.sessions?.put(written.identity, 'only', '1', expiresAt),
  ]);
  return written;
}

/** Which of them the store does not return. */
async function lost(
  store: BlocklistStore,
  { entry, replaced, identity }: Awaited<ReturnType<typeof write>>,
) {
  const [kept, replacement] = await store.get([entry, replaced]);
  const [record] = (await store.sessions?.list(identity)) ?? ['1'];
  return Object.entries({ entry: kept, replaced: replacement, record })
    .filter(([, value]) => value !== '1')
    .map(([what]) => what);
}
