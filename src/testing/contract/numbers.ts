import assert from 'node:assert/strict';
import {
  assertGives,
  freshKey,
  inAnHour,
  longAgo,
  parallel,
  type StoreCases,
  upTo,
} from './store-under-test.js';

const HIGHEST = Number.MAX_SAFE_INTEGER;

/** The promises of `raise`. */
export const raiseCases: StoreCases = {
  'raises an absent entry, even to 0': async (store) => {
    const [zero, many] = [freshKey(), freshKey()];
    await store.raise(zero, 0, inAnHour());
    await store.raise(many, 1_795_300_000, null);
    await assertGives(store, [zero, many], ['0', '1795300000']);
  },

  'raises to a higher number, even to one of more digits': async (store) => {
    const key = freshKey();
    for (const number of [0, 1, 9, 10, 99, 1_000]) {
      await store.raise(key, number, inAnHour());
      await assertGives(store, [key], [`${number}`]);
    }
  },

  'leaves a number that is as high or higher, even one of more digits': async (store) => {
    const key = freshKey();
    await store.raise(key, 1_000, inAnHour());
    for (const number of [1_000, 999, 9, 0]) {
      await store.raise(key, number, inAnHour());
      await assertGives(store, [key], ['1000']);
    }
  },

  'distinguishes the highest numbers, and returns their digits': async (store) => {
    const key = freshKey();
    for (const number of [10 ** 15, HIGHEST - 1, HIGHEST]) {
      await store.raise(key, number, null);
      await assertGives(store, [key], [`${number}`]);
    }
    await store.raise(key, HIGHEST - 1, null);
    await assertGives(store, [key], [`${HIGHEST}`]);
  },

  'raises each key separately, and again after it was deleted': async (store) => {
    const [one, two] = [freshKey(), freshKey()];
    await store.raise(one, 7, inAnHour());
    await store.raise(two, 3, inAnHour());
    await assertGives(store, [one, two], ['7', '3']);
    await store.delete(one);
    await store.raise(one, 2, inAnHour());
    await assertGives(store, [one, two], ['2', '3']);
  },

  'leaves the expiry of a number that it does not raise': async (store) => {
    const [mortal, immortal] = [freshKey(), freshKey()];
    await store.raise(mortal, 5, inAnHour());
    await store.raise(immortal, 5, null);
    for (const number of [5, 4]) {
      await store.raise(mortal, number, longAgo());
      await store.raise(immortal, number, longAgo());
    }
    await assertGives(store, [mortal, immortal], ['5', '5']);
  },

  'treats a number as an entry like any other': async (store) => {
    const [raised, added] = [freshKey(), freshKey()];
    await store.raise(raised, 5, inAnHour());
    assert.equal(await store.add(raised, 'late', inAnHour()), false);
    await store.add(added, '5', inAnHour());
    await store.raise(added, 6, inAnHour());
    await assertGives(store, [raised, added], ['5', '6']);
  },

  'rejects to raise an entry that is not a number, and leaves it': async (store) => {
    for (const value of ['revoked', '', '{"n":1}', '12abc']) {
      const key = freshKey();
      await store.add(key, value, inAnHour());
      await assert.rejects(
        async () => store.raise(key, 1_000, inAnHour()),
        `raise over the value ${JSON.stringify(value)} must reject`,
      );
      await assertGives(store, [key], [value]);
    }
  },
};

/** The promises of `raise` to many calls at once. */
export const parallelRaiseCases: StoreCases = {
  'ends at the highest of 200 numbers raised at once': async (store) => {
    const key = freshKey();
    const shuffled = upTo(200)
      .map((index) => ({ number: index + 1, place: Math.random() }))
      .sort((one, other) => one.place - other.place)
      .map(({ number }) => number);
    await parallel(shuffled, (number) => store.raise(key, number, inAnHour()));
    await assertGives(store, [key], ['200']);
  },

  'ends at the highest of 200 numbers raised at once, the highest first': async (store) => {
    const key = freshKey();
    await parallel(upTo(200), (index) => store.raise(key, 200 - index, null));
    await assertGives(store, [key], ['200']);
  },
};
