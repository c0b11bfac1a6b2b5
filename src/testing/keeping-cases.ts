import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { BlocklistStore } from '../contracts/blocklist-store.js';
import { assertGives } from './assert-gives.js';
import { freshKey, freshKeys } from './fresh-key.js';
import { inAnHour } from './moments.js';
import { parallel, upTo } from './parallel.js';
import type { StoreCases } from './store-cases.js';

/** That nothing is dropped for want of room, or by a lifetime that nobody has asked for. */
export const keepingCases: StoreCases = {
  'keeps each of 1,200 entries': async (store) => {
    const portions = upTo(6).map(() => freshKeys(200));
    for (const keys of portions) {
      await parallel(keys, (key) => store.add(key, key, inAnHour()));
    }
    for (const keys of portions) {
      await assertGives(store, keys, keys, 'no entry may be dropped for another');
    }
  },

  'keeps what has no expiry for more than a second, and the rest for its last fraction': async (
    store,
  ) => {
    const expiresAt = new Date((await beginningOfASecond()) + 1_950);
    const [immortal, mortal] = await Promise.all([write(store, null), write(store, expiresAt)]);
    // Long enough for a second's default lifetime, and for expiries and lifetimes without their 950 ms, to be over. The
    // 800 ms that are left are for a slow answer, and for a backend whose clock is ahead.
    await pause(1_150);
    const [lostImmortal, lostMortal] = [await lost(store, immortal), await lost(store, mortal)];
    assert.deepEqual(lostImmortal, [], 'what has no expiry must be kept for ever');
    if (Date.now() < expiresAt.getTime()) {
      assert.deepEqual(lostMortal, [], 'what has an expiry must be kept until that very moment');
    }
  },
};

async function beginningOfASecond(): Promise<number> {
  const second = Math.ceil(Date.now() / 1_000) * 1_000;
  await pause(second - Date.now());
  return second;
}

/** What was written with one expiry, by its names. */
interface Written {
  readonly entry: string;
  readonly number: string;
  readonly identity: string;
}

async function write(store: BlocklistStore, expiresAt: Date | null): Promise<Written> {
  const written = { entry: freshKey(), number: freshKey(), identity: freshKey() };
  await Promise.all([
    store.add(written.entry, '1', expiresAt),
    store.raise(written.number, 1, expiresAt),
    store.sessions?.put(written.identity, 'only', '1', expiresAt),
  ]);
  return written;
}

/** Which of it a store does not give. */
async function lost(store: BlocklistStore, { entry, number, identity }: Written) {
  const [kept, raised] = await store.get([entry, number]);
  const [record] = (await store.sessions?.list(identity)) ?? ['1'];
  return Object.entries({ entry: kept, number: raised, record })
    .filter(([, value]) => value !== '1')
    .map(([what]) => what);
}
