import assert from 'node:assert/strict';
import { assertGives } from './assert-gives.js';
import { freshKey, freshKeys } from './fresh-key.js';
import { inAnHour } from './moments.js';
import { parallel } from './parallel.js';
import type { StoreCases } from './store-cases.js';

/** What `get` promises. */
export const getCases: StoreCases = {
  'gives null for what is not there': async (store) => {
    await assertGives(store, freshKeys(3), [null, null, null]);
  },

  'gives nothing to whom asks for nothing': async (store) => {
    await assertGives(store, [], []);
  },

  'gives values in the order of the keys, with null in the place of an absent one': async (
    store,
  ) => {
    const [one, two, three] = [freshKey(), freshKey(), freshKey()];
    const none = freshKey();
    await store.add(one, '1', inAnHour());
    await store.add(two, '2', null);
    await store.add(three, '3', inAnHour());
    await assertGives(store, [three, none, one, two], ['3', null, '1', '2']);
    await assertGives(store, [two, one, none, three], ['2', '1', null, '3']);
  },

  'answers a key as often as it is asked': async (store) => {
    const [key, none] = [freshKey(), freshKey()];
    await store.add(key, '1', inAnHour());
    await assertGives(store, [key, none, key, none], ['1', null, '1', null]);
  },

  'answers 200 keys at once': async (store) => {
    const keys = freshKeys(200);
    const values = keys.map((_, index) => (index % 3 === 0 ? null : `${index}`));
    await parallel(keys, async (key, index) => {
      const value = values[index];
      if (value != null) await store.add(key, value, inAnHour());
    });
    await assertGives(store, keys, values);
  },

  'answers many who ask at once, each with what is theirs': async (store) => {
    const keys = freshKeys(50);
    await parallel(keys, (key, index) => store.add(key, `${index}`, inAnHour()));
    const answers = await parallel(keys, (key) => store.get([key]));
    assert.deepEqual(
      answers,
      keys.map((_, index) => [`${index}`]),
    );
  },
};
