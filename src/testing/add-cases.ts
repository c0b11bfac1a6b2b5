import assert from 'node:assert/strict';
import { assertGives } from './assert-gives.js';
import { freshKey } from './fresh-key.js';
import { HOSTILE_TEXTS, LONG_VALUES } from './hostile-texts.js';
import { inAnHour, longAgo } from './moments.js';
import { parallel, upTo } from './parallel.js';
import type { StoreCases } from './store-cases.js';

/** What `add` and `delete` promise. */
export const addCases: StoreCases = {
  'adds an entry where there is none, and says so': async (store) => {
    const key = freshKey();
    assert.equal(await store.add(key, 'value', inAnHour()), true);
    await assertGives(store, [key], ['value']);
  },

  'adds nothing where an entry is, and says so': async (store) => {
    const key = freshKey();
    await store.add(key, 'first', inAnHour());
    assert.equal(await store.add(key, 'second', inAnHour()), false);
    await assertGives(store, [key], ['first']);
  },

  'leaves the expiry of an entry alone when it is added again': async (store) => {
    const [mortal, immortal] = [freshKey(), freshKey()];
    await store.add(mortal, 'kept', inAnHour());
    await store.add(immortal, 'kept', null);
    assert.equal(await store.add(mortal, 'late', longAgo()), false);
    assert.equal(await store.add(immortal, 'late', longAgo()), false);
    await assertGives(store, [mortal, immortal], ['kept', 'kept']);
  },

  'deletes an entry, and no other': async (store) => {
    const [gone, kept] = [freshKey(), freshKey()];
    await store.add(gone, '1', inAnHour());
    await store.add(kept, '2', null);
    await store.delete(gone);
    await assertGives(store, [gone, kept], [null, '2']);
  },

  'does not mind deleting what is not there': async (store) => {
    const key = freshKey();
    await store.delete(key);
    await store.delete(key);
    await assertGives(store, [key], [null]);
  },

  'adds an entry again once it was deleted': async (store) => {
    const key = freshKey();
    await store.add(key, 'before', null);
    await store.delete(key);
    assert.equal(await store.add(key, 'after', inAnHour()), true);
    await assertGives(store, [key], ['after']);
  },

  'gives a value back as it was, whatever is in it': async (store) => {
    for (const value of ['', '1', ...HOSTILE_TEXTS, ...LONG_VALUES]) {
      const key = freshKey();
      await store.add(key, value, inAnHour());
      await assertGives(store, [key], [value]);
    }
  },
};

/** What `add` promises to many who call at once. */
export const parallelAddCases: StoreCases = {
  'lets one of 1,000 add an entry, and gives the value of that one': async (store) => {
    const key = freshKey();
    const answers = await parallel(upTo(1_000), (index) => store.add(key, `${index}`, inAnHour()));
    const winners = answers.flatMap((added, index) => (added ? [`${index}`] : []));
    assert.equal(winners.length, 1, 'exactly one of the calls must say that it added the entry');
    await assertGives(store, [key], winners);
  },

  'lets one of 100 add an entry without an expiry': async (store) => {
    const key = freshKey();
    const answers = await parallel(upTo(100), (index) => store.add(key, `${index}`, null));
    const winners = answers.flatMap((added, index) => (added ? [`${index}`] : []));
    assert.equal(winners.length, 1, 'exactly one of the calls must say that it added the entry');
    await assertGives(store, [key], winners);
  },
};
